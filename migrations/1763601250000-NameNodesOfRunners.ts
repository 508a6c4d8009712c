import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The node that a job runner belongs to: what runs there is given back as soon as the node is gone. */
export class NameNodesOfRunners1763601250000 implements MigrationInterface {
  readonly name = 'NameNodesOfRunners1763601250000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table job_runners add column node_id text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table job_runners drop column node_id`);
  }
}
