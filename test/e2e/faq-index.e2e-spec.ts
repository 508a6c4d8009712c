import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, type TestUser } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* How many FAQs a tenant has, and the index that they are found by when a release makes other terms than the one before. */

const MOST = 20_000;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.stop();
});

const make = (who: TestUser, question: string): Promise<Answer> => who.api('/faq', { method: 'POST', json: { question, answer: 'a' } });
const send = (who: TestUser, body: string): Promise<Answer> =>
  who.api('/faqs/import', { method: 'POST', body, headers: { 'content-type': 'text/csv' } });
const found = async (who: TestUser, words: string): Promise<string[]> =>
  (await who.api<Array<{ question: string }>>(`/faqs?q=${encodeURIComponent(words)}`)).body.map(({ question }) => question);
const count = async ({ client_id }: TestUser): Promise<number | undefined> =>
  (await sql<{ count: number }>(server.database_url, 'select count(*)::integer as count from faqs where client_id = $1', [client_id]))[0]
    ?.count;

describe('a tenant', () => {
  it('has so many FAQs and not one more, however they come, and nothing by halves', async () => {
    const [who, other] = await Promise.all([makeTenant(server.api), makeTenant(server.api)]);
    await sql(
      server.database_url,
      `insert into faqs (client_id, id, question, answer, terms_version)
       select $1, uuidv7(), 'many ' || n, 'a', 1000 from generate_series(1, $2::integer) as n`,
      [who.client_id, MOST - 2],
    );
    const full = { status: 409, body: { code: 'TOO_MANY_FAQS', message: 'A tenant has 20,000 FAQs at most' } };
    expect(await send(who, 'question,answer\nq1,a\nq2,a\nq3,a\n')).toMatchObject(full);
    expect(await count(who)).toBe(MOST - 2);
    expect(await make(who, 'first')).toMatchObject({ status: 201 });
    // One place is left, and five want it: two ways, at the same time.
    const wanting = await Promise.all([
      make(who, 'a1'),
      make(who, 'a2'),
      make(who, 'a3'),
      send(who, 'question,answer\na4,a\n'),
      send(who, 'question,answer\na5,a\n'),
    ]);
    expect(wanting.filter(({ status }) => status < 300)).toHaveLength(1);
    expect(wanting.filter(({ status }) => status === 409)).toHaveLength(4);
    expect(await count(who)).toBe(MOST);
    // What is there is changed as ever, and a place that is left is another's.
    expect(await send(who, 'question,answer\nfirst,b\n')).toMatchObject({ status: 200, body: { updated: 1 } });
    expect(await who.api('/faq/first', { method: 'PUT', json: { answer: 'c' } })).toMatchObject({ status: 200 });
    expect(await make(who, 'many 1')).toMatchObject({ status: 409, body: { code: 'FAQ_EXISTS' } });
    expect(await make(who, 'last')).toMatchObject(full);
    expect(await make(other, 'last')).toMatchObject({ status: 201 });
    await who.api('/faq/first', { method: 'DELETE' });
    expect(await make(who, 'last')).toMatchObject({ status: 201 });
  }, 120_000);
});

describe('FAQs that an earlier release has indexed', () => {
  it('are indexed anew behind everything else, and say of nothing else that it has changed', async () => {
    const who = await makeTenant(server.api);
    const rows = Array.from({ length: 120 }, (_, number) => `${number}号店に駐車場はありますか,はい。`);
    expect(await send(who, `question,answer\n${rows.join('\n')}\n`)).toMatchObject({ status: 200, body: { created: 120 } });
    const state = (): Promise<Array<{ question: string; terms_version: number; updated_at: Date; terms: number }>> =>
      sql(
        server.database_url,
        `select question, terms_version, updated_at, (select count(*)::integer from faq_terms t where t.faq_id = f.id) as terms
           from faqs f where client_id = $1 order by question`,
        [who.client_id],
      );
    const fresh = await state();
    // As a release before left them: of another version, with terms that nobody asks for.
    await sql(server.database_url, 'update faqs set terms_version = 1 where client_id = $1', [who.client_id]);
    await sql(server.database_url, 'delete from faq_terms where client_id = $1', [who.client_id]);
    await sql(
      server.database_url,
      'insert into faq_terms (client_id, term, faq_id, weight) select client_id, 7, id, 1 from faqs where client_id = $1',
      [who.client_id],
    );
    expect(await found(who, '車を停められますか')).toEqual([]);
    await sql(server.database_url, `select graphile_worker.add_job('faqs.find_outdated')`);
    await eventually(
      () => state(),
      (now) => now.every(({ terms_version }) => terms_version > 1),
      20_000,
    );
    expect(await state()).toEqual(fresh);
    expect(await found(who, '車を停められますか')).not.toEqual([]);
  }, 60_000);
});
