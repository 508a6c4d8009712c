import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '../src/platform/database/tenant-table.js';

/** How tenants reach the outside, the log of calls with what was said in them, and transcripts of recordings. */
export class CreateCalls1763600400000 implements MigrationInterface {
  readonly name = 'CreateCalls1763600400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table tenants add column openai jsonb, add column twilio jsonb, add column assistant jsonb`);

    // phone_key is the number as numbers are compared, phone_number as it came. Calls between users have neither, but a caller and a
    // callee; those refer to no user, since the log outlives accounts.
    await tenantTable(queryRunner, 'calls', {
      columns: `
        id uuid not null,
        call_sid text,
        phone_number text,
        phone_key text,
        direction text not null check (direction in ('inbound', 'outbound', 'internal', 'text')),
        status text not null check (status in ('ringing', 'in_progress', 'completed', 'missed', 'declined', 'failed')),
        started_at timestamptz(3) not null default now(),
        ended_at timestamptz(3),
        duration_seconds integer check (duration_seconds >= 0),
        active_at timestamptz(3) not null default now(),
        turn_count integer not null default 0,
        summary text,
        outcome text,
        recording_sid text,
        transcript text,
        metadata jsonb not null default '{}',
        is_signed boolean not null default false,
        caller_id uuid,
        callee_id uuid,
        media text check (media in ('audio', 'video')),
        created_at timestamptz(3) not null default now(),
        primary key (client_id, id),
        constraint calls_call_sid_unique unique (client_id, call_sid)`,
    });
    await queryRunner.query(`
      create index calls_started on calls (client_id, started_at desc, id desc);
      create index calls_phone on calls (client_id, phone_key, started_at desc, id desc) where phone_key is not null;
      create index calls_open on calls (client_id, phone_key) where status in ('ringing', 'in_progress') and phone_key is not null;
      create index calls_active on calls (active_at) where status in ('ringing', 'in_progress') and phone_key is not null;
      create index calls_recording on calls (client_id, recording_sid) where recording_sid is not null;
      create index calls_caller on calls (client_id, caller_id, started_at desc, id desc) where caller_id is not null;
      create index calls_callee on calls (client_id, callee_id, started_at desc, id desc) where callee_id is not null;
      alter table calls set (fillfactor = 80);
    `);

    // Whose a call is that the provider itself has told of: kept although the call goes, and gone with the tenant. A call that takes another
    // sid is no longer one that the provider has told of.
    await tenantTable(queryRunner, 'signed_call_sids', {
      columns: 'call_sid text not null, primary key (client_id, call_sid)',
      grants: ['select', 'insert'],
    });
    await queryRunner.query(`
      create index signed_call_sids_sid on signed_call_sids (call_sid);
      create function keep_signed_sid() returns trigger language plpgsql set search_path = public, pg_temp as $$
      begin
        if tg_op = 'UPDATE' and old.is_signed and new.call_sid is distinct from old.call_sid then
          new.is_signed := false;
        end if;
        if new.is_signed and new.call_sid is not null then
          insert into signed_call_sids (client_id, call_sid) values (new.client_id, new.call_sid) on conflict do nothing;
        end if;
        return new;
      end $$;
      revoke all on function keep_signed_sid() from public;
      create trigger calls_keep_signed_sid before insert or update of call_sid, is_signed on calls
        for each row execute function keep_signed_sid();
    `);

    await tenantTable(queryRunner, 'call_turns', {
      columns: `
        call_id uuid not null,
        turn integer not null check (turn > 0),
        ts timestamptz(3) not null default clock_timestamp(),
        user_text text,
        ai_text text,
        tool_calls jsonb not null default '[]',
        primary key (client_id, call_id, turn),
        foreign key (client_id, call_id) references calls (client_id, id) on delete cascade`,
    });

    await tenantTable(queryRunner, 'transcripts', {
      columns: `
        recording_sid text not null,
        status text not null default 'pending' check (status in ('pending', 'done', 'failed')),
        text text,
        segments jsonb,
        language text,
        failure text,
        requested_at timestamptz(3) not null default now(),
        made_at timestamptz(3),
        primary key (client_id, recording_sid)`,
    });
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop table transcripts, call_turns, calls, signed_call_sids;
      drop function keep_signed_sid();
      alter table tenants drop column openai, drop column twilio, drop column assistant`);
  }
}
