import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, type TestUser } from '../support/client.js';
import { type HttpPeer, startPeer } from '../support/http-peer.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* Where the tenant has a model of meanings, it puts the FAQs in order; the model is a server whose vectors are chosen here. */

const RETURNS = '届いた品物を返すことはできますか';
const SHIPPING = '返品するときの送料はいくらですか';
/** By its words it is about the shipping, by its vector about returns. */
const ASKED = '返品の送料を払えば戻せますか';

let server: TestServer;
let peer: HttpPeer;
let owner: TestUser;

const isAboutReturns = (text: string): boolean => text.startsWith(RETURNS) || text.startsWith('返品の送料を払えば');
const vectorOf = (text: string): number[] => (isAboutReturns(text) ? [1, 0.1, 0] : text.startsWith('あたらしい') ? [0, 0, 1] : [0, 1, 0.1]);
const embed: HttpPeer['answer'] = ({ body }, response) => {
  const inputs = [(JSON.parse(body) as { input: string | string[] }).input].flat();
  const data = inputs.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) }));
  response.writeHead(200, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      object: 'list',
      model: 'meanings',
      data,
      usage: { prompt_tokens: 5 * inputs.length, total_tokens: 5 * inputs.length },
    }),
  );
};

beforeAll(async () => {
  peer = await startPeer();
  peer.answer = embed;
  server = await startServer({
    env: { OPENAI_API_KEY: 'sk-test-0123456789abcdef', OPENAI_BASE_URL: `${peer.url}/v1`, OPENAI_EMBEDDING_MODEL: 'meanings' },
  });
});

afterAll(async () => {
  await server.stop();
  await peer.close();
});

beforeEach(async () => {
  peer.answer = embed;
  owner = await makeTenant(server.api);
  await owner.api('/faqs/import', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([
      { question: RETURNS, answer: '8日以内なら承ります。' },
      { question: SHIPPING, answer: '660円です。' },
    ]),
  });
  await vectors((rows) => rows.length === 2);
});

type Row = { question: string; bytes: number; model: string };

function vectors(satisfied: (rows: Row[]) => boolean): Promise<Row[]> {
  const ask = (): Promise<Row[]> =>
    sql<Row>(
      server.database_url,
      `select f.question, length(e.vector) as bytes, e.model from faq_embeddings e join faqs f on f.id = e.faq_id and f.client_id = e.client_id
        where e.client_id = $1 order by 1`,
      [owner.client_id],
    );
  return eventually(ask, satisfied, 10_000);
}

async function nearest(words: string): Promise<string[]> {
  const { body } = await owner.api<Array<{ question: string }>>(`/faqs?q=${encodeURIComponent(words)}`);
  return body.map(({ question }) => question);
}

describe('FAQs of a tenant with a model of meanings', () => {
  it('come in the order of their meaning, though their words say otherwise', async () => {
    expect(await nearest(ASKED)).toEqual([RETURNS, SHIPPING]);
    await sql(server.database_url, 'delete from faq_embeddings where client_id = $1', [owner.client_id]);
    expect(await nearest(ASKED)).toEqual([SHIPPING, RETURNS]);
    // What is missing is made again, unasked.
    expect(await vectors((rows) => rows.length === 2)).toMatchObject([{ bytes: 12, model: 'meanings' }, { bytes: 12 }]);
    expect(await nearest(ASKED)).toEqual([RETURNS, SHIPPING]);
  });

  it('get a new vector when they change, and lose it when they go', async () => {
    const path = `/faq/${encodeURIComponent(RETURNS)}`;
    await owner.api(path, { method: 'PUT', json: { question: 'あたらしい質問ですか' } });
    await vectors((rows) => rows.length === 2 && rows.some(({ question }) => question === 'あたらしい質問ですか'));
    await owner.api(`/faq/${encodeURIComponent('あたらしい質問ですか')}`, { method: 'DELETE' });
    expect(await vectors((rows) => rows.length === 1)).toMatchObject([{ question: SHIPPING }]);
  });

  it('ask the model once for the same words', async () => {
    await nearest(ASKED);
    const before = peer.requests.length;
    await nearest(ASKED);
    expect(peer.requests.length).toBe(before);
  });

  it('come by their words where the model hangs, fails or says nonsense, and it is left alone for a while', async () => {
    peer.answer = () => undefined;
    const began = performance.now();
    expect(await nearest(ASKED)).toEqual([SHIPPING, RETURNS]);
    const asked = peer.requests.length;
    expect(await nearest(`${ASKED}か`)).toEqual([SHIPPING, RETURNS]);
    expect(peer.requests.length).toBe(asked);
    expect(performance.now() - began).toBeLessThan(10_000);

    for (const data of [
      [],
      [{ object: 'embedding', index: 0, embedding: [0, 0, 0] }],
      [{ object: 'embedding', index: 0, embedding: [1] }],
    ]) {
      owner = await makeTenant(server.api);
      peer.answer = embed;
      await owner.api('/faq', { method: 'POST', json: { question: RETURNS, answer: '8日以内なら承ります。' } });
      await owner.api('/faq', { method: 'POST', json: { question: SHIPPING, answer: '660円です。' } });
      await vectors((rows) => rows.length === 2);
      peer.answer = (_request, response) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));
      expect(await nearest(ASKED)).toEqual([SHIPPING, RETURNS]);
    }
  });

  it('are counted in the tenant’s usage', async () => {
    const usage = await eventually(
      () => owner.api<unknown>('/tenant/usage'),
      ({ body }) => /"ai_tokens":[1-9]/.test(JSON.stringify(body)),
      15_000,
    );
    expect(usage.status).toBe(200);
  });
});
