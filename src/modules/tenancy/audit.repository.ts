import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/ids/index.js';
import { Database, decodeCursor, type Page, pageLimit, pageOf, type PageRequest } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';

/** One row of the audit log. */
export interface AuditEntry {
  id: string;
  at: Date;
  actor_kind: string;
  actor_id: string | null;
  action: string;
  object_type: string;
  object_id: string | null;
  address: string | null;
  request_id: string | null;
  details: Record<string, unknown>;
}

export interface AuditFilter {
  from?: string;
  to?: string;
  action?: string;
  actor_id?: string;
}

/** The audit log: the server's role may add to it and read it, nothing else. */
@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  async insert(entry: Omit<AuditEntry, 'id' | 'at'>): Promise<void> {
    await this.database.sql(
      `insert into audit_log (client_id, id, actor_kind, actor_id, action, object_type, object_id, address, request_id, details)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        Scope.clientId(),
        newId(),
        entry.actor_kind,
        entry.actor_id,
        entry.action,
        entry.object_type,
        entry.object_id,
        entry.address,
        entry.request_id,
        JSON.stringify(entry.details),
      ],
    );
  }

  /** A page, newest first. */
  async list(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>> {
    const limit = pageLimit(page.limit);
    const [before = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, ['uuid']);
    const rows = await this.database.sql<AuditEntry>(
      `select id, at, actor_kind, actor_id, action, object_type, object_id, address, request_id, details
         from audit_log
        where client_id = $1
          and ($2::uuid is null or id < $2)
          and ($3::timestamptz is null or at >= $3)
          and ($4::timestamptz is null or at < $4)
          and ($5::text is null or action = $5)
          and ($6::text is null or actor_id = $6)
        order by id desc
        limit $7`,
      [Scope.clientId(), before, filter.from ?? null, filter.to ?? null, filter.action ?? null, filter.actor_id ?? null, limit + 1],
    );
    return pageOf(rows, limit, (row) => [row.id]);
  }
}
