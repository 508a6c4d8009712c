import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which release's words a FAQ is found by, so that those of an earlier one are made anew. */
export class VersionFaqTerms1763601210000 implements MigrationInterface {
  readonly name = 'VersionFaqTerms1763601210000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // FAQs that are there already have the first version's terms; so have those that a server of the release before writes meanwhile.
    await queryRunner.query(`
      alter table faqs add column terms_version integer not null default 1;
      create index faqs_terms_version on faqs (client_id, terms_version);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table faqs drop column terms_version`);
  }
}
