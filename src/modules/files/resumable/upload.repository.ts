import { Injectable } from '@nestjs/common';
import { Database, isForeignKeyViolation, SystemDatabase } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';

/** An upload that goes on over several requests. */
export interface ResumableUpload {
  readonly id: string;
  /** Null for what a module of this server lets grow: it is nobody's but the module's. */
  readonly owner_id: string | null;
  /** As the client gave it, encoded. */
  readonly metadata: string | null;
  readonly size: number;
  readonly received: number;
  /** The keys of its parts, in order. */
  readonly segments: string[];
  readonly finished_at: Date | null;
  readonly expires_at: Date;
}

/** How long an upload is kept after its last byte, in seconds. */
export const UPLOAD_LIFE_S = 24 * 3_600;

const COLUMNS = 'id, owner_id, metadata, size, received, segments, finished_at, expires_at';
const LIFE = `make_interval(secs => ${UPLOAD_LIFE_S})`;

/** The uploads of the tenant in scope. Their rows' end condemns their parts. */
@Injectable()
export class UploadRepository {
  constructor(
    private readonly database: Database,
    private readonly system: SystemDatabase,
  ) {}

  /** Adds an upload; false where its owner is gone. */
  async add(upload: Pick<ResumableUpload, 'id' | 'owner_id' | 'metadata' | 'size'>): Promise<boolean> {
    try {
      await this.database.sql(
        `insert into uploads (client_id, id, owner_id, metadata, size, expires_at) values ($1, $2, $3, $4, $5, now() + ${LIFE})`,
        [Scope.clientId(), upload.id, upload.owner_id, upload.metadata, upload.size],
      );
      return true;
    } catch (error) {
      if (isForeignKeyViolation(error, 'uploads_client_id_owner_id_fkey')) return false;
      throw error;
    }
  }

  /** The upload, or null where there is none or its time is over. */
  async find(id: string): Promise<ResumableUpload | null> {
    const [upload] = await this.database.sql<ResumableUpload>(
      `select ${COLUMNS} from uploads where client_id = $1 and id = $2 and expires_at > now()`,
      [Scope.clientId(), id],
    );
    return upload ?? null;
  }

  /** How many uploads of a person are under way, and what all of the tenant's will have together once they are there. */
  async underWay(owner_id: string): Promise<{ count: number; bytes: number }> {
    const [row] = await this.database.sql<{ count: number; bytes: number }>(
      `select count(*) filter (where owner_id = $2)::int as count, coalesce(sum(size), 0)::bigint as bytes
         from uploads where client_id = $1 and finished_at is null and expires_at > now()`,
      [Scope.clientId(), owner_id],
    );
    return row ?? { count: 0, bytes: 0 };
  }

  /** Adds a part whose key was reserved, where the upload has come to `offset`; false where it has not, or is gone. */
  async append(id: string, offset: number, key: string, bytes: number): Promise<boolean> {
    const rows = await this.database.sql(
      `with added as (
         update uploads set received = received + $5, segments = array_append(segments, $4), expires_at = now() + ${LIFE}
          where client_id = $1 and id = $2 and received = $3 and received + $5 <= size and finished_at is null returning 1 as is_there)
       delete from storage_trash where client_id = $1 and key = $4 and not is_condemned and exists (select from added) returning 1 as is_there`,
      [Scope.clientId(), id, offset, key, bytes],
    );
    return rows.length > 0;
  }

  /** Notes that the upload is a file now, and condemns its parts. */
  async finish(id: string): Promise<void> {
    await this.database.sql(
      `with done as (
         select segments from uploads where client_id = $1 and id = $2 for update),
       noted as (
         update uploads set finished_at = coalesce(finished_at, now()), segments = '{}' where client_id = $1 and id = $2)
       insert into storage_trash (client_id, key, is_condemned, due_at)
       select $1, key, true, now() from done cross join unnest(done.segments) as key
       on conflict (client_id, key) do update set is_condemned = true, due_at = excluded.due_at`,
      [Scope.clientId(), id],
    );
  }

  /** Deletes an upload; false where there is none. */
  async delete(id: string): Promise<boolean> {
    const rows = await this.database.sql('delete from uploads where client_id = $1 and id = $2 returning 1 as gone', [
      Scope.clientId(),
      id,
    ]);
    return rows.length > 0;
  }

  /** Takes an upload for one writer, for `lease_s`; the writer itself may take it again. */
  async acquire(id: string, writer: string, lease_s: number): Promise<'held' | 'taken' | 'absent'> {
    const [row] = await this.database.sql<{ is_held: boolean; is_there: boolean }>(
      `with held as (
         update uploads set locked_by = $3, locked_until = now() + make_interval(secs => $4)
          where client_id = $1 and id = $2 and (locked_by is null or locked_by = $3 or locked_until <= now()) returning 1)
       select exists (select from held) as is_held, exists (select from uploads where client_id = $1 and id = $2) as is_there`,
      [Scope.clientId(), id, writer, lease_s],
    );
    if (row?.is_held) return 'held';
    return row?.is_there ? 'taken' : 'absent';
  }

  /** Who has taken the upload, or last had; null where nobody has it. */
  async holderOf(id: string): Promise<string | null> {
    const [row] = await this.database.sql<{ locked_by: string | null }>('select locked_by from uploads where client_id = $1 and id = $2', [
      Scope.clientId(),
      id,
    ]);
    return row?.locked_by ?? null;
  }

  /** Gives an upload back. */
  async release(id: string, writer: string): Promise<void> {
    await this.database.sql(
      'update uploads set locked_by = null, locked_until = null where client_id = $1 and id = $2 and locked_by = $3',
      [Scope.clientId(), id, writer],
    );
  }

  /** Deletes, in all tenants, uploads whose time is over; answers how many went. */
  async deleteExpired(limit: number): Promise<number> {
    const gone = await this.system.cross('sweep', (sql) =>
      sql(
        `delete from uploads where (client_id, id) in (
           select client_id, id from uploads where expires_at <= now() order by expires_at limit $1 for update skip locked)
         returning 1 as gone`,
        [limit],
      ),
    );
    return gone.length;
  }
}
