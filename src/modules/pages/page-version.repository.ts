import { Injectable } from '@nestjs/common';
import { Database, decodeCursor, type Page, pageLimit, pageOf, type PageRequest, TenantRepository } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';
import { PageVersion } from './page-version.entity.js';

/** A version without its words. */
export type VersionHead = Pick<PageVersion, 'version' | 'title' | 'created_by' | 'created_at'>;

/** The versions of pages of the tenant in scope. */
@Injectable()
export class PageVersionRepository extends TenantRepository<PageVersion> {
  constructor(database: Database) {
    super(database, PageVersion, { columns: ['version'], direction: 'desc' });
  }

  /** Keeps what the page says now as its newest version, and lets go of versions that are older than the newest `most`. */
  async keep(page_id: string, created_by: string | null, most: number): Promise<void> {
    await this.database.sql(
      `insert into page_versions (client_id, page_id, version, title, content, created_by, created_at)
       select client_id, id, version, title, content, $3, updated_at from pages where client_id = $1 and id = $2`,
      [Scope.clientId(), page_id, created_by],
    );
    await this.database.sql(
      `delete from page_versions v using pages p
        where v.client_id = $1 and v.page_id = $2 and p.client_id = $1 and p.id = $2 and v.version <= p.version - $3`,
      [Scope.clientId(), page_id, most],
    );
  }

  /** A page of the versions, newest first. */
  async heads(page_id: string, page: PageRequest): Promise<Page<VersionHead>> {
    const limit = pageLimit(page.limit);
    const before = page.cursor === undefined ? null : decodeCursor(page.cursor, ['integer'])[0];
    const rows = await this.database.sql<VersionHead>(
      `select version, title, created_by, created_at from page_versions
        where client_id = $1 and page_id = $2 and version < coalesce($3::bigint, 2147483648) order by version desc limit $4`,
      [Scope.clientId(), page_id, before, limit + 1],
    );
    return pageOf(rows, limit, (row) => [row.version]);
  }
}
