import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '../src/platform/database/tenant-table.js';

/** What the phone assistant knows and is told: FAQs with their search index, tasks, and the settings in all their versions. */
export class CreateKnowledge1763600500000 implements MigrationInterface {
  readonly name = 'CreateKnowledge1763600500000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Names that callers choose sort by their bytes, whatever the database's own collation: keyset pages go by them.
    await tenantTable(queryRunner, 'faqs', {
      columns: `
        id uuid not null,
        question text collate "C" not null,
        answer text not null,
        tags text[] not null default '{}',
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now(),
        primary key (client_id, id),
        constraint faqs_question unique (client_id, question)`,
    });

    // One row for each term of a FAQ: a word, a pair of characters or a meaning, as a hash. Only equality is asked of it, which is
    // leakproof, so that row-level security leaves the index to the planner; the weight stands in the index, and the table is not read.
    await tenantTable(queryRunner, 'faq_terms', {
      columns: `
        term integer not null,
        faq_id uuid not null,
        weight real not null,
        primary key (client_id, term, faq_id) include (weight),
        foreign key (client_id, faq_id) references faqs (client_id, id) on delete cascade`,
      isReferred: false,
    });
    await queryRunner.query(`create index faq_terms_faq on faq_terms (client_id, faq_id)`);

    await tenantTable(queryRunner, 'faq_embeddings', {
      columns: `
        faq_id uuid not null,
        model text not null,
        vector bytea not null,
        created_at timestamptz(3) not null default now(),
        primary key (client_id, faq_id),
        foreign key (client_id, faq_id) references faqs (client_id, id) on delete cascade`,
      isReferred: false,
    });

    // start_key is the wall-clock time as if it were UTC, for order and filters; start_datetime is what the caller wrote. A task
    // outlives the log of the call that it was made in, so call_id refers to nothing.
    await tenantTable(queryRunner, 'tasks', {
      columns: `
        id uuid not null,
        name text collate "C" not null,
        phone_number text not null,
        phone_key text not null,
        start_datetime text not null,
        start_key timestamptz(3) not null,
        request text not null,
        status text not null default 'open' check (status in ('open', 'done', 'cancelled')),
        call_id uuid,
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now(),
        primary key (client_id, id),
        constraint tasks_name unique (client_id, name)`,
    });
    await queryRunner.query(`
      create index tasks_start on tasks (client_id, start_key, id);
      create index tasks_phone on tasks (client_id, phone_key, start_key, id);
      create index tasks_call on tasks (client_id, call_id) where call_id is not null;
    `);

    await tenantTable(queryRunner, 'settings_versions', {
      columns: `
        kind text not null check (kind in ('prompt', 'func_config', 'ext_tools')),
        version integer not null check (version > 0),
        value jsonb not null,
        created_at timestamptz(3) not null default now(),
        created_by text not null,
        primary key (client_id, kind, version)`,
    });
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table settings_versions, tasks, faq_embeddings, faq_terms, faqs`);
  }
}
