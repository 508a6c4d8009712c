import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '../src/platform/database/tenant-table.js';

/** Pages, who may read and edit them, their versions, and what they look like. */
export class CreatePages1763600800000 implements MigrationInterface {
  readonly name = 'CreatePages1763600800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await tenantTable(queryRunner, 'pages', {
      columns: `
        id uuid not null,
        creator_id uuid not null,
        title text not null,
        content text not null,
        access_type smallint not null check (access_type between 0 and 2),
        sealed_password text,
        rev bigint not null default 1,
        version integer not null default 1,
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now(),
        primary key (client_id, id),
        check (access_type <> 1 or sealed_password is not null),
        foreign key (client_id, creator_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`
      create index pages_creator on pages (client_id, creator_id, id);
      -- A delivered page is found by its id before its tenant is known.
      create index pages_id on pages (id);
    `);

    // A row each, so that an unknown user cannot be listed and one who goes is on no list.
    await tenantTable(queryRunner, 'page_users', {
      columns: `
        page_id uuid not null,
        user_id uuid not null,
        part text not null check (part in ('reader', 'editor')),
        place integer not null,
        primary key (client_id, page_id, part, user_id),
        foreign key (client_id, page_id) references pages (client_id, id) on delete cascade,
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`create index page_users_user on page_users (client_id, user_id, part, page_id)`);

    // created_by has no foreign key: a version outlives its author's account.
    await tenantTable(queryRunner, 'page_versions', {
      columns: `
        page_id uuid not null,
        version integer not null,
        title text not null,
        content text not null,
        created_by uuid,
        created_at timestamptz(3) not null default now(),
        primary key (client_id, page_id, version),
        foreign key (client_id, page_id) references pages (client_id, id) on delete cascade`,
    });

    // Apart from the pages, so that a page's row stays small and drawing one changes nothing of it.
    await tenantTable(queryRunner, 'page_thumbnails', {
      columns: `
        page_id uuid not null,
        rev bigint not null,
        image text,
        primary key (client_id, page_id),
        foreign key (client_id, page_id) references pages (client_id, id) on delete cascade`,
    });
    // A picture is compressed already.
    await queryRunner.query(`alter table page_thumbnails alter column image set storage external`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table page_thumbnails, page_versions, page_users, pages`);
  }
}
