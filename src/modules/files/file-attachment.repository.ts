import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';

/** An object that has files. */
export interface AttachedTo {
  readonly kind: string;
  readonly id: string;
}

/** Objects of one kind that a file is attached to, newest first. */
export interface AttachedObjects {
  readonly object_kind: string;
  readonly object_ids: string[];
}

/** What files of the tenant in scope are attached to. */
@Injectable()
export class FileAttachmentRepository {
  constructor(private readonly database: Database) {}

  /** Attaches files; what is attached already stays. */
  async add(file_ids: readonly string[], to: AttachedTo): Promise<void> {
    await this.database.sql(
      `insert into file_attachments (client_id, file_id, object_kind, object_id)
       select $1, file_id, $3, $4 from unnest($2::uuid[]) as file_id on conflict do nothing`,
      [Scope.clientId(), file_ids, to.kind, to.id],
    );
  }

  /** How many of these files are attached to the object. */
  async count(file_ids: readonly string[], to: AttachedTo): Promise<number> {
    const [row] = await this.database.sql<{ count: number }>(
      `select count(*)::int as count from file_attachments
        where client_id = $1 and file_id = any($2::uuid[]) and object_kind = $3 and object_id = $4`,
      [Scope.clientId(), file_ids, to.kind, to.id],
    );
    return row?.count ?? 0;
  }

  /** Takes files off an object; all of them where null is given. */
  async remove(file_ids: readonly string[] | null, from: AttachedTo): Promise<void> {
    await this.database.sql(
      `delete from file_attachments
        where client_id = $1 and object_kind = $2 and object_id = $3 and ($4::uuid[] is null or file_id = any($4::uuid[]))`,
      [Scope.clientId(), from.kind, from.id, file_ids],
    );
  }

  /** The files of an object, in the order in which they were attached. */
  async filesOf(of: AttachedTo): Promise<string[]> {
    const rows = await this.database.sql<{ file_id: string }>(
      `select file_id from file_attachments where client_id = $1 and object_kind = $2 and object_id = $3 order by created_at, file_id`,
      [Scope.clientId(), of.kind, of.id],
    );
    return rows.map(({ file_id }) => file_id);
  }

  /** What a file is attached to, by kind, at most `limit` objects of each. */
  async objectsOf(file_id: string, limit: number): Promise<AttachedObjects[]> {
    return this.database.sql<AttachedObjects>(
      `select k.object_kind, array(
          select a.object_id from file_attachments a
           where a.client_id = $1 and a.file_id = $2 and a.object_kind = k.object_kind
           order by a.created_at desc, a.object_id limit $3) as object_ids
         from (select distinct object_kind from file_attachments where client_id = $1 and file_id = $2) k`,
      [Scope.clientId(), file_id, limit],
    );
  }

  /** True where a file is attached to an object of one of these kinds. */
  async isAttachedToAny(file_id: string, kinds: readonly string[]): Promise<boolean> {
    const rows = await this.database.sql(
      'select 1 as one from file_attachments where client_id = $1 and file_id = $2 and object_kind = any($3::text[]) limit 1',
      [Scope.clientId(), file_id, kinds],
    );
    return rows.length > 0;
  }
}
