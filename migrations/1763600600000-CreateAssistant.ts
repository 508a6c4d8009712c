import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '../src/platform/database/tenant-table.js';

/** What the assistant did, and which calls it is answering now. */
export class CreateAssistant1763600600000 implements MigrationInterface {
  readonly name = 'CreateAssistant1763600600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // One row for each execution. It outlives its call, as a bill does.
    await tenantTable(queryRunner, 'chat_logs', {
      columns: `
        id uuid not null,
        ts timestamptz(3) not null default clock_timestamp(),
        call_id uuid not null,
        turn integer not null,
        phone_number text not null,
        phone_key text not null,
        provider text not null check (provider in ('openai', 'faq')),
        model text,
        status text not null check (status in ('done', 'pending', 'failed', 'aborted')),
        latency_ms integer not null,
        first_token_ms integer,
        prompt_tokens integer not null default 0,
        completion_tokens integer not null default 0,
        tool_calls jsonb not null default '[]',
        error text,
        primary key (client_id, id)`,
      grants: ['select', 'insert'],
    });
    await queryRunner.query(`
      create index chat_logs_ts on chat_logs (client_id, ts desc, id desc);
      create index chat_logs_phone on chat_logs (client_id, phone_key, ts desc, id desc);
    `);

    // Who is answering a call: one turn at a time, over all nodes. A node that dies leaves its lease to run out.
    await tenantTable(queryRunner, 'chat_leases', {
      columns: `
        call_id uuid not null,
        holder uuid not null,
        until timestamptz(3) not null,
        primary key (client_id, call_id),
        foreign key (client_id, call_id) references calls (client_id, id) on delete cascade`,
      isReferred: false,
    });
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table chat_leases, chat_logs`);
  }
}
