import { Injectable } from '@nestjs/common';
import { Database, isUniqueViolation, type Page } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { type Actor, Scope } from '../../../platform/scope/index.js';
import { AuditService, phoneKey, TenantDirectory, type TenantFacts } from '../../tenancy/index.js';
import { assertAi } from '../ai.policy.js';
import type { CreateTaskDto, TaskQuery, UpdateTaskDto } from './task.dto.js';
import type { Task } from './task.entity.js';
import { TaskRepository } from './task.repository.js';
import { type TaskView, toTaskView } from './task.view.js';
import { wallClockBound, wallClockKey } from './wall-clock.js';

/** A new task as the assistant gives it: also with the call that it came from. */
export interface NewTask extends Omit<CreateTaskDto, 'status'> {
  status?: CreateTaskDto['status'];
  /** The call in which the assistant made it. */
  call_id?: string;
}

/** Tasks, each named by its name. */
@Injectable()
export class TaskService {
  constructor(
    private readonly database: Database,
    private readonly tasks: TaskRepository,
    private readonly tenants: TenantDirectory,
    private readonly audit: AuditService,
  ) {}

  /** A page of tasks, the latest start first. @throws FORBIDDEN, INVALID_CURSOR, VALIDATION_FAILED for a phone that is none */
  async list(actor: Actor, query: Partial<TaskQuery> & { call_id?: string }): Promise<Page<TaskView>> {
    assertAi(actor, 'tasks.manage');
    const { phone, from, to, status, call_id, limit, cursor } = query;
    const tenant = await this.tenant();
    const filter = {
      ...(phone === undefined ? {} : { phone_key: keyOf(phone, tenant, 'phone') }),
      ...(from === undefined ? {} : { from: boundOf(from, tenant, 'from') }),
      ...(to === undefined ? {} : { to: boundOf(to, tenant, 'to') }),
      status,
      call_id,
    };
    return (await this.tasks.page(filter, { limit, cursor })).map(toTaskView);
  }

  /** @throws FORBIDDEN, TASK_NOT_FOUND */
  async get(actor: Actor, name: string): Promise<TaskView> {
    assertAi(actor, 'tasks.manage');
    const task = await this.tasks.findOne({ name });
    if (!task) throw new AppError('TASK_NOT_FOUND');
    return toTaskView(task);
  }

  /** Makes a task. @throws FORBIDDEN, TASK_EXISTS, VALIDATION_FAILED for a phone number or a time that is none */
  async create(actor: Actor, input: NewTask): Promise<TaskView> {
    assertAi(actor, 'tasks.manage');
    const { name, phone_number, start_datetime, request } = input;
    const tenant = await this.tenant();
    const now = new Date();
    const row = {
      name,
      phone_number,
      phone_key: keyOf(phone_number, tenant, 'phone_number'),
      start_datetime,
      start_key: startOf(start_datetime),
      request,
      status: input.status ?? 'open',
      call_id: input.call_id ?? null,
      created_at: now,
      updated_at: now,
    };
    return this.named(() =>
      this.database.transaction(async () => {
        const task = await this.tasks.insert(row);
        await this.audit.record(actor, 'task.created', 'task', task.id, { name });
        return toTaskView(task);
      }),
    );
  }

  /** Changes the fields that are named. @throws FORBIDDEN, TASK_NOT_FOUND, TASK_EXISTS where another has the new name, VALIDATION_FAILED */
  async update(actor: Actor, name: string, change: UpdateTaskDto): Promise<TaskView> {
    assertAi(actor, 'tasks.manage');
    const tenant = await this.tenant();
    const given = {
      ...(change.name == null ? {} : { name: change.name }),
      ...(change.phone_number == null
        ? {}
        : { phone_number: change.phone_number, phone_key: keyOf(change.phone_number, tenant, 'phone_number') }),
      ...(change.start_datetime == null ? {} : { start_datetime: change.start_datetime, start_key: startOf(change.start_datetime) }),
      ...(change.request == null ? {} : { request: change.request }),
      ...(change.status == null ? {} : { status: change.status }),
      updated_at: new Date(),
    };
    return this.named(() =>
      this.database.transaction(async () => {
        const before = await this.tasks.findOne({ name }, { lock: { mode: 'pessimistic_write' } });
        if (!before) throw new AppError('TASK_NOT_FOUND');
        await this.tasks.update({ id: before.id }, given);
        const fields = Object.keys(change).filter((field) => change[field as keyof UpdateTaskDto] != null);
        const task: Task = { ...before, ...given };
        await this.audit.record(actor, 'task.changed', 'task', before.id, { name: task.name, fields });
        return toTaskView(task);
      }),
    );
  }

  /** @throws FORBIDDEN, TASK_NOT_FOUND */
  async remove(actor: Actor, name: string): Promise<void> {
    assertAi(actor, 'tasks.manage');
    await this.database.transaction(async () => {
      const task = await this.tasks.findOne({ name });
      if (!task || (await this.tasks.delete({ id: task.id })) === 0) throw new AppError('TASK_NOT_FOUND');
      await this.audit.record(actor, 'task.deleted', 'task', task.id, { name });
    });
  }

  private async tenant(): Promise<TenantFacts> {
    const tenant = await this.tenants.find(Scope.clientId());
    if (!tenant) throw new AppError('UNKNOWN_CLIENT');
    return tenant;
  }

  /** Says by TASK_EXISTS that another has the name. */
  private async named<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isUniqueViolation(error, 'tasks_name')) throw new AppError('TASK_EXISTS', { cause: error });
      throw error;
    }
  }
}

function keyOf(number: string, { phone_region }: TenantFacts, field: string): string {
  const key = phoneKey(number, phone_region);
  if (key === null) throw AppError.field(field, 'must be a phone number');
  return key;
}

function startOf(text: string): Date {
  const key = wallClockKey(text);
  if (key === null) throw AppError.field('start_datetime', 'must be a date and time without an offset, such as 2024-12-01T10:00:00');
  return key;
}

function boundOf(text: string, { timezone }: TenantFacts, field: string): Date {
  const bound = wallClockBound(text, timezone);
  if (bound === null) throw AppError.field(field, 'must be a time such as 2024-12-01T10:00:00, a date, or an RFC 3339 time');
  return bound;
}
