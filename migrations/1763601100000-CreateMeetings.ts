import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '../src/platform/database/tenant-table.js';

/** The meetings of matchings: who is there, and what their browsers record. */
export class CreateMeetings1763601100000 implements MigrationInterface {
  readonly name = 'CreateMeetings1763601100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // When it begins and ends the matching says, so that a talk that is moved keeps its links.
    await tenantTable(queryRunner, 'meetings', {
      columns: `
        id uuid not null,
        matching_id uuid not null,
        provider text not null default 'local' check (provider in ('local', 'chime')),
        provider_meeting jsonb,
        met_at timestamptz(3),
        ended_at timestamptz(3),
        recorded_at timestamptz(3),
        created_at timestamptz(3) not null default now(),
        primary key (client_id, id),
        constraint meetings_matching_unique unique (client_id, matching_id),
        foreign key (client_id, matching_id) references matchings (client_id, id) on delete cascade`,
    });

    await tenantTable(queryRunner, 'meeting_parties', {
      columns: `
        meeting_id uuid not null,
        user_id uuid not null,
        tab_id text not null,
        connection_id text not null,
        can_record boolean not null default false,
        is_recording boolean not null default false,
        has_left boolean not null default false,
        provider_attendee jsonb,
        seen_at timestamptz(3) not null default now(),
        created_at timestamptz(3) not null default now(),
        primary key (client_id, meeting_id, user_id),
        foreign key (client_id, meeting_id) references meetings (client_id, id) on delete cascade,
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`create index meeting_parties_user on meeting_parties (client_id, user_id)`);

    // A take is an upload that grows while it is recorded, under the same id.
    await tenantTable(queryRunner, 'meeting_takes', {
      columns: `
        id uuid not null,
        meeting_id uuid not null,
        user_id uuid not null,
        content_type text not null,
        started_at timestamptz(3) not null default now(),
        finished_at timestamptz(3),
        primary key (client_id, id),
        foreign key (client_id, meeting_id) references meetings (client_id, id) on delete cascade,
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`
      create index meeting_takes_meeting on meeting_takes (client_id, meeting_id, started_at);
      create index meeting_takes_user on meeting_takes (client_id, user_id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table meeting_takes, meeting_parties, meetings`);
  }
}
