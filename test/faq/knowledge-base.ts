import pg from 'pg';
import { Config, readEnvironment } from '../../src/platform/config/index.js';
import { makeDataSource, START_SCOPE } from '../../src/platform/database/data-source.factory.js';
import { Database, SystemDatabase } from '../../src/platform/database/index.js';
import { newId } from '../../src/platform/ids/index.js';
import { Scope } from '../../src/platform/scope/index.js';
import { Faq } from '../../src/modules/ai/faq/faq.entity.js';
import { FaqRepository } from '../../src/modules/ai/faq/faq.repository.js';
import { FaqFinder, type FoundFaq } from '../../src/modules/ai/faq/faq-finder.js';
import { FaqTermsRepository } from '../../src/modules/ai/faq/faq-terms.repository.js';
import { type FaqText, termsOfFaq } from '../../src/modules/ai/faq/faq-terms.js';
import { createDatabase } from '../support/database.js';

/** FAQs on a real database, found by their words as the server finds them: by its role, past no lock. */
export interface KnowledgeBase {
  /** A superuser's connection. */
  readonly admin: pg.Client;
  /** Adds FAQs to a tenant, which is made where it is not there. */
  fill(client_id: string, faqs: readonly FaqText[]): Promise<void>;
  nearest(client_id: string, query: string, limit: number): Promise<FoundFaq[]>;
  close(): Promise<void>;
}

export async function openKnowledgeBase(): Promise<KnowledgeBase> {
  const made = await createDatabase();
  const env = readEnvironment({ DATABASE_URL: made.url, JWT_SECRET: 'j'.repeat(32), ENCRYPTION_KEY: 'e'.repeat(32) });
  const config = new Config(env, { url: made.url, migration_url: made.url }, ['j'.repeat(32)], ['e'.repeat(32)], 'test');
  const dataSource = makeDataSource(config, [Faq]);
  await Scope.runAs(START_SCOPE, () => dataSource.initialize());
  const log = { error: (message: string, error: unknown): boolean => process.stderr.write(`${message}: ${String(error)}\n`) };
  const database = new Database(dataSource, log);
  const repository = new FaqRepository(database, new FaqTermsRepository(database, new SystemDatabase(config, log)));
  const finder = new FaqFinder(repository);
  const admin = new pg.Client({ connectionString: made.url });
  await admin.connect();
  return {
    admin,
    async fill(client_id, faqs) {
      await admin.query(
        `insert into tenants (client_id, name, timezone, phone_region, registration)
         values ($1, $1, 'Asia/Tokyo', 'JP', 'open') on conflict do nothing`,
        [client_id],
      );
      for (let at = 0; at < faqs.length; at += 500) {
        const rows = faqs.slice(at, at + 500).map((faq) => ({ id: newId(), ...faq, terms: [...termsOfFaq(faq)] }));
        await admin.query(
          `insert into faqs (client_id, id, question, answer, tags)
           select $1, id, question, answer, tags from json_to_recordset($2) as r(id uuid, question text, answer text, tags text[])`,
          [client_id, JSON.stringify(rows.map(({ id, question, answer, tags }) => ({ id, question, answer, tags })))],
        );
        await admin.query(
          `insert into faq_terms (client_id, faq_id, term, weight)
           select $1, (e->>'id')::uuid, (t->>0)::integer, (t->>1)::real
             from json_array_elements($2) as e cross join json_array_elements(e->'terms') as t`,
          [client_id, JSON.stringify(rows.map(({ id, terms }) => ({ id, terms })))],
        );
      }
    },
    nearest: (client_id, query, limit) => Scope.runAs(client_id, () => finder.find(query, limit)),
    async close() {
      await database.close();
      await admin.end();
      await made.drop();
    },
  };
}
