import { Injectable } from '@nestjs/common';
import {
  Database,
  type KeysetOrder,
  type Page,
  pageLimit,
  pageOf,
  type PageRequest,
  TenantRepository,
} from '../../../platform/database/index.js';
import { Task, type TaskStatus } from './task.entity.js';

/** Which tasks; `phone_key` is E.164, times are as `start_key` has them. */
export interface TaskFilter {
  phone_key?: string;
  from?: Date;
  to?: Date;
  status?: TaskStatus;
  call_id?: string;
}

const LATEST_FIRST: KeysetOrder<Task> = { columns: ['start_key', 'id'], direction: 'desc' };

/** Tasks of the tenant in scope. */
@Injectable()
export class TaskRepository extends TenantRepository<Task> {
  constructor(database: Database) {
    super(database, Task, LATEST_FIRST);
  }

  /** A page, the latest start first. */
  async page(filter: TaskFilter, page: PageRequest): Promise<Page<Task>> {
    const limit = pageLimit(page.limit);
    const query = this.query('row');
    if (filter.phone_key !== undefined) query.andWhere('row.phone_key = :phone_key', { phone_key: filter.phone_key });
    if (filter.from) query.andWhere('row.start_key >= :from', { from: filter.from });
    if (filter.to) query.andWhere('row.start_key < :to', { to: filter.to });
    if (filter.status !== undefined) query.andWhere('row.status = :status', { status: filter.status });
    if (filter.call_id !== undefined) query.andWhere('row.call_id = :call_id', { call_id: filter.call_id });
    this.narrow(query, 'row', page.cursor, LATEST_FIRST);
    const rows = await query
      .orderBy('row.start_key', 'DESC')
      .addOrderBy('row.id', 'DESC')
      .limit(limit + 1)
      .getMany();
    return pageOf(rows, limit, (row) => [row.start_key, row.id]);
  }
}
