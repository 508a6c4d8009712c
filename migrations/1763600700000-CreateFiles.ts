import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '../src/platform/database/tenant-table.js';

/** Files, where they are attached, what tenants store, uploads that are under way, and the bytes that may go. */
export class CreateFiles1763600700000 implements MigrationInterface {
  readonly name = 'CreateFiles1763600700000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Null stands for the installation's own.
    await queryRunner.query(`alter table tenants add column storage_quota_bytes bigint check (storage_quota_bytes >= 0)`);

    await tenantTable(queryRunner, 'files', {
      columns: `
        id uuid not null,
        owner_id uuid not null,
        name text not null,
        size bigint not null check (size >= 0),
        content_type text not null,
        sha256 text not null,
        object_key text not null,
        variants integer[] not null default '{}',
        created_at timestamptz(3) not null default now(),
        primary key (client_id, id),
        foreign key (client_id, owner_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`create index files_owner on files (client_id, owner_id, created_at desc, id desc)`);
    await queryRunner.query(`create index files_created on files (client_id, created_at desc, id desc)`);

    await tenantTable(queryRunner, 'file_attachments', {
      columns: `
        file_id uuid not null,
        object_kind text not null check (object_kind ~ '^[a-z][a-z0-9_]{0,31}$'),
        object_id text not null check (length(object_id) between 1 and 200),
        created_at timestamptz(3) not null default now(),
        primary key (client_id, file_id, object_kind, object_id),
        foreign key (client_id, file_id) references files (client_id, id) on delete cascade`,
      grants: ['select', 'insert', 'delete'],
    });
    await queryRunner.query(`create index file_attachments_object on file_attachments (client_id, object_kind, object_id)`);

    await tenantTable(queryRunner, 'storage_usage', {
      columns: `
        bytes bigint not null default 0,
        primary key (client_id)`,
      grants: ['select', 'insert', 'update'],
    });

    // What nobody will ask for: an upload's bytes until their row is there (that takes this row away), and those of rows that are gone. It
    // outlives its tenant, since the bytes do.
    await tenantTable(queryRunner, 'storage_trash', {
      columns: `
        key text not null,
        is_condemned boolean not null default false,
        due_at timestamptz not null,
        primary key (client_id, key)`,
      isReferred: false,
    });
    await queryRunner.query(`create index storage_trash_due on storage_trash (due_at)`);

    await tenantTable(queryRunner, 'uploads', {
      columns: `
        id uuid not null,
        owner_id uuid not null,
        metadata text,
        size bigint not null check (size >= 0),
        received bigint not null default 0,
        segments text[] not null default '{}',
        finished_at timestamptz(3),
        locked_by text,
        locked_until timestamptz,
        expires_at timestamptz(3) not null,
        created_at timestamptz(3) not null default now(),
        primary key (client_id, id),
        foreign key (client_id, owner_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`
      create index uploads_owner on uploads (client_id, owner_id);
      create index uploads_expires on uploads (expires_at);
    `);

    await tenantTable(queryRunner, 'message_files', {
      columns: `
        room_id text not null,
        seq bigint not null,
        file_id uuid not null,
        primary key (client_id, room_id, seq, file_id),
        foreign key (client_id, room_id, seq) references messages (client_id, room_id, seq) on delete cascade,
        foreign key (client_id, file_id) references files (client_id, id) on delete cascade`,
      grants: ['select', 'insert', 'delete'],
    });
    await queryRunner.query(`create index message_files_file on message_files (client_id, file_id)`);

    await queryRunner.query(TRASH_FILES);
    await queryRunner.query(TRASH_UPLOADS);
    // Rows that go with their user or tenant are deleted as the tables' owner, whom row-level security shows nothing.
    await queryRunner.query(`
      grant create on schema public to kaiwa_system;
      alter function trash_files() owner to kaiwa_system;
      alter function trash_uploads() owner to kaiwa_system;
      revoke create on schema public from kaiwa_system;
      revoke all on function trash_files() from public;
      revoke all on function trash_uploads() from public;
      create trigger files_trash after delete on files referencing old table as gone
        for each statement execute function trash_files();
      create trigger uploads_trash after delete on uploads referencing old table as gone
        for each statement execute function trash_uploads();
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop table message_files, uploads, storage_trash, storage_usage, file_attachments, files;
      drop function trash_files();
      drop function trash_uploads();
      alter table tenants drop column storage_quota_bytes`);
  }
}

/** No row of a file goes, whoever deletes it and by whatever way, but its bytes are condemned and taken off the tenant's account. */
const TRASH_FILES = `
create function trash_files() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into storage_trash (client_id, key, is_condemned, due_at)
  select g.client_id, k.key, true, now()
  from gone g
  cross join lateral (
    select g.object_key as key
    union all
    select g.object_key || '.w' || width || '.webp' from unnest(g.variants) as width
  ) k
  on conflict (client_id, key) do update set is_condemned = true, due_at = excluded.due_at;
  update storage_usage u set bytes = greatest(u.bytes - g.bytes, 0)
  from (select client_id, sum(size)::bigint as bytes from gone group by client_id) g
  where u.client_id = g.client_id;
  return null;
end $$`;

/** The same for the parts of an upload that did not become a file. */
const TRASH_UPLOADS = `
create function trash_uploads() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into storage_trash (client_id, key, is_condemned, due_at)
  select g.client_id, key, true, now() from gone g cross join unnest(g.segments) as key
  on conflict (client_id, key) do update set is_condemned = true, due_at = excluded.due_at;
  return null;
end $$`;
