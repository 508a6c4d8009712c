import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '../src/platform/database/tenant-table.js';

/** Which sockets there are, and calls between users: who is in one now, and since when it is answered. */
export class CreateRinging1763600900000 implements MigrationInterface {
  readonly name = 'CreateRinging1763600900000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await tenantTable(queryRunner, 'sockets', {
      columns: `
        connection_id text not null,
        user_id uuid not null,
        node_id text not null,
        connected_at timestamptz(3) not null default now(),
        primary key (client_id, connection_id),
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`
      create index sockets_user on sockets (client_id, user_id);
      create index sockets_node on sockets (node_id);
      alter table calls add column answered_at timestamptz(3);
    `);

    // The key is what makes a person busy: of two calls that would have the same person, the second one is refused.
    await tenantTable(queryRunner, 'call_parties', {
      columns: `
        user_id uuid not null,
        call_id uuid not null,
        primary key (client_id, user_id),
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade,
        foreign key (client_id, call_id) references calls (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`
      create index call_parties_call on call_parties (client_id, call_id);

      create function release_call_parties() returns trigger language plpgsql set search_path = public, pg_temp as $body$
      begin
        delete from call_parties where client_id = new.client_id and call_id = new.id;
        return null;
      end $body$;
      revoke all on function release_call_parties() from public;
      create trigger calls_release after update of status on calls for each row
        when (new.direction = 'internal' and new.status not in ('ringing', 'in_progress')) execute function release_call_parties();
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop trigger calls_release on calls;
      drop function release_call_parties();
      drop table call_parties, sockets;
      alter table calls drop column answered_at`);
  }
}
