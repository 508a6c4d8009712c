import { Injectable } from '@nestjs/common';
import { Database, isForeignKeyViolation, TenantRepository } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';
import { StoredFile } from './stored-file.entity.js';

/** A file whose bytes are in the storage already. */
export type NewFile = Pick<StoredFile, 'id' | 'owner_id' | 'name' | 'size' | 'content_type' | 'sha256' | 'object_key'>;

/** How a new file fared. */
export type AddOutcome = { readonly file: StoredFile } | { readonly refused: 'quota' | 'owner' | 'bytes' };

/**
 * The row, the tenant's account and the end of the reservation come together. Nothing of it stays where one of them fails, because the
 * transaction is then rolled back.
 */
const ADD = `
  with room as (
    insert into storage_usage as u (client_id, bytes) select $1, $5::bigint where $5::bigint <= $9::bigint
    on conflict (client_id) do update set bytes = u.bytes + excluded.bytes where u.bytes + excluded.bytes <= $9::bigint
    returning 1 as is_there),
  kept as (
    delete from storage_trash where client_id = $1 and key = $8 and not is_condemned and exists (select from room) returning 1 as is_there),
  added as (
    insert into files (client_id, id, owner_id, name, size, content_type, sha256, object_key)
    select $1, $2, $3, $4, $5, $6, $7, $8 where exists (select from kept) returning created_at)
  select (select created_at from added) as created_at, exists (select from room) as has_room`;

class Refused extends Error {
  constructor(readonly why: 'quota' | 'bytes') {
    super(why);
  }
}

/** The files of the tenant in scope. */
@Injectable()
export class FileRepository extends TenantRepository<StoredFile> {
  constructor(database: Database) {
    super(database, StoredFile);
  }

  /** Adds a file whose key was reserved, within the tenant's quota in bytes. */
  async add(file: NewFile, quota_bytes: number): Promise<AddOutcome> {
    const { id, owner_id, name, size, content_type, sha256, object_key } = file;
    const client_id = Scope.clientId();
    try {
      const created_at = await this.database.transaction(async () => {
        const [row] = await this.database.sql<{ created_at: Date | null; has_room: boolean }>(ADD, [
          client_id,
          id,
          owner_id,
          name,
          size,
          content_type,
          sha256,
          object_key,
          quota_bytes,
        ]);
        if (!row?.created_at) throw new Refused(row?.has_room ? 'bytes' : 'quota');
        return row.created_at;
      });
      return { file: { client_id, ...file, variants: [], created_at } };
    } catch (error) {
      if (error instanceof Refused) return { refused: error.why };
      if (isForeignKeyViolation(error, 'files_client_id_owner_id_fkey')) return { refused: 'owner' };
      throw error;
    }
  }

  /** The files of these ids, which nobody deletes until the transaction ends. */
  async hold(ids: readonly string[]): Promise<Array<Pick<StoredFile, 'id' | 'owner_id'>>> {
    return this.database.sql('select id, owner_id from files where client_id = $1 and id = any($2::uuid[]) order by id for key share', [
      Scope.clientId(),
      ids,
    ]);
  }

  /** Notes that a variant of this width is kept under a key that was reserved; false where the file is gone. */
  async addVariant(id: string, width: number, key: string): Promise<boolean> {
    const rows = await this.database.sql(
      `with noted as (
         update files set variants = array_append(array_remove(variants, $3), $3) where client_id = $1 and id = $2 returning 1 as is_there)
       delete from storage_trash where client_id = $1 and key = $4 and not is_condemned and exists (select from noted) returning 1 as is_there`,
      [Scope.clientId(), id, width, key],
    );
    return rows.length > 0;
  }

  /** Gives files of a user to others; one that is not the user's stays whose it is. */
  async passOn(owner_id: string, heirs: ReadonlyArray<{ readonly file_id: string; readonly user_id: string }>): Promise<void> {
    if (heirs.length === 0) return;
    await this.database.sql(
      `with heirs as (select * from unnest($3::uuid[], $4::uuid[]) as h (file_id, user_id)),
            own as (select id from files
                     where client_id = $1 and owner_id = $2 and id in (select file_id from heirs) order by id for update)
       update files f set owner_id = h.user_id from own, heirs h where f.client_id = $1 and f.id = own.id and h.file_id = own.id`,
      [Scope.clientId(), owner_id, heirs.map(({ file_id }) => file_id), heirs.map(({ user_id }) => user_id)],
    );
  }

  /** Deletes all that a user owns and answers how many bytes that were. */
  async deleteOf(owner_id: string): Promise<number> {
    const [gone] = await this.database.sql<{ bytes: number }>(
      // In the order in which whoever gives files holds them, so that the two cannot wait for each other.
      `with own as (select id from files where client_id = $1 and owner_id = $2 order by id for update),
            gone as (delete from files where client_id = $1 and id in (select id from own) returning size)
       select coalesce(sum(size), 0)::bigint as bytes from gone`,
      [Scope.clientId(), owner_id],
    );
    return gone?.bytes ?? 0;
  }
}
