import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DatabaseUnfitError } from '../src/platform/database/runtime-role.js';
import { tenantTable } from '../src/platform/database/tenant-table.js';

/** Profiles with their master data and certificates, matchings that cannot overlap, their payments, and notifications. */
export class CreateMatching1763601000000 implements MigrationInterface {
  readonly name = 'CreateMatching1763601000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await makeExtension(queryRunner);
    await queryRunner.query(`alter table tenants add column matching jsonb not null default '{}'`);

    for (const name of ['universities', 'companies', 'departments']) {
      await tenantTable(queryRunner, name, {
        columns: `
          id uuid not null,
          name text not null,
          name_key text not null,
          created_at timestamptz(3) not null default now(),
          primary key (client_id, id),
          constraint ${name}_name_unique unique (client_id, name_key)`,
      });
    }

    await tenantTable(queryRunner, 'certificates', {
      columns: `
        id uuid not null,
        user_id uuid not null,
        type_card_file_id uuid,
        identity_card_file_id uuid,
        status text not null default 'pending' check (status in ('pending', 'approved', 'rejected')),
        reason text,
        user_type text,
        affiliation_id uuid,
        decided_by uuid,
        decided_at timestamptz(3),
        created_at timestamptz(3) not null default now(),
        primary key (client_id, id),
        foreign key (client_id, type_card_file_id) references files (client_id, id) on delete set null (type_card_file_id),
        foreign key (client_id, identity_card_file_id) references files (client_id, id) on delete set null (identity_card_file_id),
        constraint certificates_decided check ((status = 'pending') = (decided_at is null)),
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`
      create unique index certificates_pending on certificates (client_id, user_id) where status = 'pending';
      create index certificates_user on certificates (client_id, user_id);
      create index certificates_queue on certificates (client_id, status, created_at, id);
      create index certificates_type_card on certificates (client_id, type_card_file_id);
      create index certificates_identity_card on certificates (client_id, identity_card_file_id);
      create index certificates_kept on certificates (decided_at) where type_card_file_id is not null or identity_card_file_id is not null;
    `);

    await queryRunner.query(`
      alter table users
        add column type text check (type in ('student', 'company')),
        add column university_id uuid,
        add column company_id uuid,
        add column job_id uuid check (job_id in (
          '019ac000-0000-7000-8000-000000000001', '019ac000-0000-7000-8000-000000000002', '019ac000-0000-7000-8000-000000000003')),
        add column department_id uuid,
        add column certificate_id uuid,
        add constraint users_type_complete check (type is null or (name is not null and date_of_birth is not null and phone_number is not null)),
        add constraint users_affiliation check (case type
          when 'student' then university_id is not null and company_id is null
          when 'company' then company_id is not null and university_id is null and job_id is not null
          else university_id is null and company_id is null end),
        add constraint users_type_unique unique (client_id, id, type),
        add constraint users_university_fkey foreign key (client_id, university_id) references universities (client_id, id),
        add constraint users_company_fkey foreign key (client_id, company_id) references companies (client_id, id),
        add constraint users_department_fkey foreign key (client_id, department_id) references departments (client_id, id),
        add constraint users_certificate_fkey foreign key (client_id, certificate_id) references certificates (client_id, id)
          on delete set null (certificate_id);
      create index users_by_type on users (client_id, type, username_key) where type is not null;
      create index users_by_university on users (client_id, university_id) where university_id is not null;
      create index users_by_company on users (client_id, company_id) where company_id is not null;
      create index users_by_department on users (client_id, department_id) where department_id is not null;
      update users set search_key = search_key || e'\\n' || lower(normalize(position, NFKC)) where position is not null;
    `);

    await this.makeMatchings(queryRunner);
    await this.makeNotifications(queryRunner);
    await this.makePayments(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop trigger users_release_matchings on users;
      drop table payment_events, payments, notifications, matchings;
      drop function release_matchings_of_type();
      alter table users drop constraint users_certificate_fkey;
      drop table certificates;
      alter table users
        drop constraint users_type_complete, drop constraint users_affiliation, drop constraint users_type_unique,
        drop column type, drop column university_id, drop column company_id, drop column job_id, drop column department_id,
        drop column certificate_id;
      drop table universities, companies, departments;
      alter table tenants drop column matching;
    `);
  }

  /**
   * The kinds of the two stand in the row, and the foreign keys hold them against the users' own: a speaker is a company user and a listener a
   * student, whoever writes. Somebody who becomes the other kind later (the student who is hired) lets go of what is over by a
   * trigger; what is booked holds them. An account that ends leaves its place empty.
   */
  private async makeMatchings(queryRunner: QueryRunner): Promise<void> {
    await tenantTable(queryRunner, 'matchings', {
      columns: `
        id uuid not null,
        speaker_id uuid,
        speaker_type text default 'company' check (speaker_type = 'company'),
        listener_id uuid,
        listener_type text default 'student' check (listener_type = 'student'),
        date timestamptz(3) not null,
        meeting_length integer not null check (meeting_length between 5 and 180),
        ends_at timestamptz(3) not null,
        status text not null default 'booked' check (status in ('booked', 'cancelled', 'done', 'no_show')),
        is_done_meeting boolean not null default false,
        is_done_payment boolean not null default false,
        audio_file_id uuid,
        room_id text not null,
        transcript text,
        summary text,
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now(),
        primary key (client_id, id),
        constraint matchings_room_unique unique (client_id, room_id),
        constraint matchings_ends_at check (ends_at = date + make_interval(mins => meeting_length)),
        constraint matchings_of_two check (status <> 'booked'
          or (speaker_id is not null and speaker_type is not null and listener_id is not null and listener_type is not null)),
        constraint matchings_speaker_fkey foreign key (client_id, speaker_id, speaker_type) references users (client_id, id, type)
          on delete set null (speaker_id),
        constraint matchings_listener_fkey foreign key (client_id, listener_id, listener_type) references users (client_id, id, type)
          on delete set null (listener_id),
        foreign key (client_id, audio_file_id) references files (client_id, id) on delete set null (audio_file_id),
        foreign key (client_id, room_id) references rooms (client_id, id),
        constraint matchings_speaker_free exclude using gist (client_id with =, speaker_id with =, tstzrange(date, ends_at) with &&)
          where (status = 'booked'),
        constraint matchings_listener_free exclude using gist (client_id with =, listener_id with =, tstzrange(date, ends_at) with &&)
          where (status = 'booked')`,
    });
    await queryRunner.query(`
      create index matchings_of_speaker on matchings (client_id, speaker_id, date desc, id desc);
      create index matchings_of_listener on matchings (client_id, listener_id, date desc, id desc);
      create index matchings_audio on matchings (client_id, audio_file_id) where audio_file_id is not null;
      create index matchings_by_date on matchings (client_id, date desc, id desc);

      create function release_matchings_of_type() returns trigger
      language plpgsql set search_path = public, pg_temp as $$
      begin
        update matchings set speaker_type = null
         where client_id = old.client_id and speaker_id = old.id and speaker_type is not null and status <> 'booked';
        update matchings set listener_type = null
         where client_id = old.client_id and listener_id = old.id and listener_type is not null and status <> 'booked';
        return new;
      end $$;
      revoke all on function release_matchings_of_type() from public;
      create trigger users_release_matchings before update of type on users
        for each row when (old.type is not null and old.type is distinct from new.type) execute function release_matchings_of_type();
    `);
  }

  private async makeNotifications(queryRunner: QueryRunner): Promise<void> {
    await tenantTable(queryRunner, 'notifications', {
      columns: `
        id uuid not null,
        user_id uuid not null,
        type text not null,
        object_id uuid not null,
        text text not null,
        created_at timestamptz(3) not null default now(),
        read_at timestamptz(3),
        primary key (client_id, id),
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`
      create index notifications_user on notifications (client_id, user_id, id desc);
      create index notifications_unread on notifications (client_id, user_id) where read_at is null;
      create index notifications_created on notifications (created_at);
    `);
  }

  private async makePayments(queryRunner: QueryRunner): Promise<void> {
    await tenantTable(queryRunner, 'payments', {
      columns: `
        id uuid not null,
        matching_id uuid not null,
        amount integer not null check (amount > 0),
        currency text not null check (currency ~ '^[a-z]{3}$'),
        intent_id text,
        status text not null default 'created',
        refund_amount integer check (refund_amount between 0 and amount),
        refunded_at timestamptz(3),
        created_at timestamptz(3) not null default now(),
        primary key (client_id, id),
        constraint payments_matching_unique unique (client_id, matching_id),
        foreign key (client_id, matching_id) references matchings (client_id, id) on delete cascade`,
    });
    await tenantTable(queryRunner, 'payment_events', {
      columns: `
        event_id text not null,
        created_at timestamptz(3) not null default now(),
        primary key (client_id, event_id)`,
    });
    await queryRunner.query(`create index payment_events_created on payment_events (created_at)`);
  }
}

/** What lets an exclusion constraint compare a tenant and a person besides a span of time. */
async function makeExtension(queryRunner: QueryRunner): Promise<void> {
  try {
    await queryRunner.query('create extension if not exists btree_gist');
  } catch (error) {
    throw new DatabaseUnfitError(
      `the extension btree_gist is needed, and the migration's login could not make it (${(error as Error).message}); ` +
        `have its administrator run: create extension btree_gist`,
    );
  }
}
