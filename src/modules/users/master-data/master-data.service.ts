import { Injectable } from '@nestjs/common';
import { Database, decodeCursor, type Page, pageLimit, pageOf, type PageRequest } from '../../../platform/database/index.js';
import { AppError, type ErrorCode } from '../../../platform/errors/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { AuditService } from '../../tenancy/index.js';
import { type Job, JOBS } from '../user-profile.js';
import { assertUsers } from '../user.policy.js';
import type { ListMasterDataQuery } from './master-data.dto.js';
import { type MasterEntry, type MasterKind, MasterDataRepository } from './master-data.repository.js';

const ABSENT: Record<MasterKind, ErrorCode> = {
  university: 'UNIVERSITY_NOT_FOUND',
  company: 'COMPANY_NOT_FOUND',
  department: 'DEPARTMENT_NOT_FOUND',
};

/** What profiles refer to: everybody reads it, admins keep it. */
@Injectable()
export class MasterDataService {
  constructor(
    private readonly database: Database,
    private readonly entries: MasterDataRepository,
    private readonly audit: AuditService,
  ) {}

  /** A page of a kind, by name. @throws FORBIDDEN, INVALID_CURSOR */
  async list(actor: Actor, kind: MasterKind, query: ListMasterDataQuery): Promise<Page<MasterEntry>> {
    assertUsers(actor, 'master_data.read');
    return this.entries.list(kind, query.q, query);
  }

  /** A page of the kinds of work, which are the same everywhere. @throws FORBIDDEN, VALIDATION_FAILED, INVALID_CURSOR */
  jobs(actor: Actor, page: PageRequest): Page<Job> {
    assertUsers(actor, 'master_data.read');
    const limit = pageLimit(page.limit);
    const [after = ''] = page.cursor === undefined ? [] : decodeCursor(page.cursor, ['uuid']);
    return pageOf(
      JOBS.filter(({ id }) => id > after),
      limit,
      ({ id }) => [id],
    );
  }

  /** @throws FORBIDDEN, NAME_TAKEN */
  async create(actor: Actor, kind: MasterKind, name: string): Promise<MasterEntry> {
    assertUsers(actor, 'master_data.manage');
    return this.database.transaction(async () => {
      const entry = await this.entries.insert(kind, name);
      await this.audit.record(actor, `${kind}.created`, kind, entry.id, { name });
      return entry;
    });
  }

  /** @throws FORBIDDEN, UNIVERSITY_NOT_FOUND, COMPANY_NOT_FOUND or DEPARTMENT_NOT_FOUND, NAME_TAKEN */
  async rename(actor: Actor, kind: MasterKind, id: string, name: string): Promise<MasterEntry> {
    assertUsers(actor, 'master_data.manage');
    return this.database.transaction(async () => {
      const entry = await this.entries.rename(kind, id, name);
      if (!entry) throw new AppError(ABSENT[kind]);
      await this.audit.record(actor, `${kind}.changed`, kind, id, { name });
      return entry;
    });
  }

  /** @throws FORBIDDEN, UNIVERSITY_NOT_FOUND, COMPANY_NOT_FOUND or DEPARTMENT_NOT_FOUND, ENTRY_IN_USE */
  async delete(actor: Actor, kind: MasterKind, id: string): Promise<void> {
    assertUsers(actor, 'master_data.manage');
    await this.database.transaction(async () => {
      if (!(await this.entries.delete(kind, id))) throw new AppError(ABSENT[kind]);
      await this.audit.record(actor, `${kind}.deleted`, kind, id);
    });
  }
}
