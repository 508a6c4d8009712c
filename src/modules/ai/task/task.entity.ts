import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../../platform/database/index.js';

export const TASK_STATUSES = ['open', 'done', 'cancelled'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** Something that a caller asked for, at a time: an appointment, a call back. */
@Entity('tasks')
export class Task extends IdentifiedEntity {
  /** What names it: one of a kind in its tenant. */
  @Column('text')
  name: string;

  /** As it was given. */
  @Column('text')
  phone_number: string;

  /** As it is compared: E.164. */
  @Column('text')
  phone_key: string;

  /** A wall-clock time in the tenant's time zone, as it was written. */
  @Column('text')
  start_datetime: string;

  /** That time as if it were UTC: for order and filters. */
  @Column({ type: 'timestamptz', precision: 3 })
  start_key: Date;

  @Column('text')
  request: string;

  @Column('text')
  status: TaskStatus;

  /** The call that it was made in. */
  @Column('uuid', { nullable: true })
  call_id: string | null;

  @Column({ type: 'timestamptz', precision: 3 })
  updated_at: Date;
}
