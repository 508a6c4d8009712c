import { ApiProperty } from '@nestjs/swagger';
import { type Task, TASK_STATUSES, type TaskStatus } from './task.entity.js';

/** A task. */
export class TaskView {
  /**
   * What names it
   * @example 'タナカ_20241201_1000'
   */
  name: string;

  /**
   * The number of whoever asked, as it was given
   * @example '09012345678'
   */
  phone_number: string;

  /**
   * When, as a clock in the tenant's time zone shows it
   * @example '2024-12-01T10:00:00'
   */
  start_datetime: string;

  /**
   * What was asked for
   * @example 'カット'
   */
  request: string;

  /** How it stands */
  @ApiProperty({ enum: TASK_STATUSES, enumName: 'TaskStatus', example: 'open' })
  status: TaskStatus;

  /**
   * The call in which the assistant made it; null for one that was made otherwise
   * @example null
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  call_id: string | null;

  /**
   * When it was made
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /**
   * When it was last changed
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export function toTaskView(task: Task): TaskView {
  const { name, phone_number, start_datetime, request, status, call_id, created_at, updated_at } = task;
  return {
    name,
    phone_number,
    start_datetime,
    request,
    status,
    call_id,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}
