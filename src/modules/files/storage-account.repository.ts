import { Injectable } from '@nestjs/common';
import { Database, SystemDatabase } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';

/** A key whose bytes are to go. */
export interface CondemnedKey {
  readonly client_id: string;
  readonly key: string;
}

/** What tenants store, and what of it is to go. */
@Injectable()
export class StorageAccountRepository {
  constructor(
    private readonly database: Database,
    private readonly system: SystemDatabase,
  ) {}

  /**
   * Notes a key before anything is stored under it, so that it is cleared away where no row comes to speak for it in time. Answers how many
   * bytes the tenant's files have.
   */
  async reserve(key: string, due_in_s: number): Promise<number> {
    const [row] = await this.database.sql<{ bytes: number }>(
      `insert into storage_trash (client_id, key, due_at) values ($1, $2, now() + make_interval(secs => $3))
       on conflict (client_id, key) do update set due_at = excluded.due_at, is_condemned = false
       returning coalesce((select bytes from storage_usage where client_id = $1), 0)::bigint as bytes`,
      [Scope.clientId(), key, due_in_s],
    );
    return row?.bytes ?? 0;
  }

  /** Takes a reservation back, once nothing is under the key. */
  async release(key: string): Promise<void> {
    await this.database.sql('delete from storage_trash where client_id = $1 and key = $2', [Scope.clientId(), key]);
  }

  /** Has what lies under a key cleared away with the next sweep, where it is still reserved. */
  async giveUp(key: string): Promise<void> {
    await this.database.sql('update storage_trash set due_at = now() where client_id = $1 and key = $2', [Scope.clientId(), key]);
  }

  /** How many bytes the tenant's files have. */
  async usedBytes(): Promise<number> {
    const [row] = await this.database.sql<{ bytes: number }>('select bytes from storage_usage where client_id = $1', [Scope.clientId()]);
    return row?.bytes ?? 0;
  }

  /** Takes keys, of all tenants, whose time has come; whoever takes them has `for_s` to delete what is there and say so. */
  condemn(limit: number, for_s: number): Promise<CondemnedKey[]> {
    return this.system.cross('sweep', (sql) =>
      sql<CondemnedKey>(
        `update storage_trash t set is_condemned = true, due_at = now() + make_interval(secs => $2)
          where (t.client_id, t.key) in (
            select client_id, key from storage_trash where due_at <= now() order by due_at limit $1 for update skip locked)
          returning t.client_id, t.key`,
        [limit, for_s],
      ),
    );
  }

  /** Forgets keys under which there is nothing any more. */
  async forget(keys: readonly CondemnedKey[]): Promise<void> {
    await this.system.cross('sweep', (sql) =>
      sql(
        `delete from storage_trash t using unnest($1::text[], $2::text[]) as gone (client_id, key)
          where t.client_id = gone.client_id and t.key = gone.key and t.is_condemned`,
        [keys.map(({ client_id }) => client_id), keys.map(({ key }) => key)],
      ),
    );
  }
}
