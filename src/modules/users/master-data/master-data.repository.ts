import { Injectable } from '@nestjs/common';
import {
  Database,
  decodeCursor,
  isForeignKeyViolation,
  isUniqueViolation,
  type Page,
  pageLimit,
  pageOf,
  type PageRequest,
} from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { newId } from '../../../platform/ids/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { caseless } from '../../../platform/text/index.js';

/** What profiles refer to. */
export type MasterKind = 'university' | 'company' | 'department';

/** One row of the master data. */
export interface MasterEntry {
  readonly id: string;
  readonly name: string;
}

const TABLES: Record<MasterKind, string> = { university: 'universities', company: 'companies', department: 'departments' };

/** Universities, companies and departments of the tenant in scope: three tables of one shape. */
@Injectable()
export class MasterDataRepository {
  constructor(private readonly database: Database) {}

  /** A page by name; those alone whose name has `q` in it, where one is given. */
  async list(kind: MasterKind, q: string | undefined, page: PageRequest): Promise<Page<MasterEntry>> {
    const limit = pageLimit(page.limit);
    const [after = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, ['text']);
    const rows = await this.database.sql<MasterEntry & { name_key: string }>(
      `select id, name, name_key from ${TABLES[kind]}
        where client_id = $1 and ($2::text is null or name_key > $2) and ($3::text is null or position($3 in name_key) > 0)
        order by name_key limit $4`,
      [Scope.clientId(), after, q === undefined ? null : caseless(q), limit + 1],
    );
    return pageOf(rows, limit, (row) => [row.name_key]).map(({ id, name }) => ({ id, name }));
  }

  /** @throws NAME_TAKEN */
  async insert(kind: MasterKind, name: string): Promise<MasterEntry> {
    const id = newId();
    await this.unlessTaken(
      this.database.sql(`insert into ${TABLES[kind]} (client_id, id, name, name_key) values ($1, $2, $3, $4)`, [
        Scope.clientId(),
        id,
        name,
        caseless(name),
      ]),
    );
    return { id, name };
  }

  /** Null where there is none. @throws NAME_TAKEN */
  async rename(kind: MasterKind, id: string, name: string): Promise<MasterEntry | null> {
    const rows = await this.unlessTaken(
      this.database.sql<MasterEntry>(
        `update ${TABLES[kind]} set name = $3, name_key = $4 where client_id = $1 and id = $2 returning id, name`,
        [Scope.clientId(), id, name, caseless(name)],
      ),
    );
    return rows[0] ?? null;
  }

  /** False where there is none. @throws ENTRY_IN_USE where a profile refers to it */
  async delete(kind: MasterKind, id: string): Promise<boolean> {
    try {
      const rows = await this.database.sql(`delete from ${TABLES[kind]} where client_id = $1 and id = $2 returning 1`, [
        Scope.clientId(),
        id,
      ]);
      return rows.length > 0;
    } catch (error) {
      throw isForeignKeyViolation(error) ? new AppError('ENTRY_IN_USE', { cause: error }) : error;
    }
  }

  private async unlessTaken<T>(writing: Promise<T>): Promise<T> {
    try {
      return await writing;
    } catch (error) {
      throw isUniqueViolation(error) ? new AppError('NAME_TAKEN', { cause: error }) : error;
    }
  }
}
