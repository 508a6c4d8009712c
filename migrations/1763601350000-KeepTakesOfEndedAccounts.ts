import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What browsers record of a meeting is the meeting's: it outlives the account whose browser it was, and is nobody's upload. */
export class KeepTakesOfEndedAccounts1763601350000 implements MigrationInterface {
  readonly name = 'KeepTakesOfEndedAccounts1763601350000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Takes that are recorded meanwhile keep their owner; within a day they are joined, or expired.
    await queryRunner.query(`
      alter table uploads alter column owner_id drop not null;
      alter table meeting_takes
        alter column user_id drop not null,
        drop constraint meeting_takes_client_id_user_id_fkey,
        add constraint meeting_takes_user_fkey foreign key (client_id, user_id) references users (client_id, id) on delete set null (user_id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      delete from meeting_takes where user_id is null;
      delete from uploads where owner_id is null;
      alter table meeting_takes
        drop constraint meeting_takes_user_fkey,
        add constraint meeting_takes_client_id_user_id_fkey foreign key (client_id, user_id) references users (client_id, id) on delete cascade,
        alter column user_id set not null;
      alter table uploads alter column owner_id set not null;
    `);
  }
}
