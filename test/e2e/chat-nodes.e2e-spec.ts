import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { apiAs, eventually, makeTenant, type TestUser } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { openEvents } from '../support/events.js';
import { isReport, messagesOf, type OpenAiServer, startOpenAiServer, TEST_KEY } from '../support/openai-server.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* Conversations over two nodes, while a node goes, and while a model is slow. */

interface Chat {
  call_id: string;
  turn: number;
}

let database: TestDatabase;
let model: OpenAiServer;
let one: TestServer;
let two: TestServer;
let owner: TestUser;
let phone = 0;

beforeAll(async () => {
  [database, model] = await Promise.all([createDatabase(), startOpenAiServer()]);
  model.apart(isReport, { text: '{"summary":"a","outcome":"none"}' });
  const env = { OPENAI_API_KEY: TEST_KEY, OPENAI_BASE_URL: model.base_url, SOCKET_ADAPTER: 'postgres' };
  [one, two] = await Promise.all([startServer({ database, env }), startServer({ database, env })]);
  owner = await makeTenant(one.api);
}, 60_000);

afterEach(() => model.reset());

afterAll(async () => {
  await Promise.all([one.stop(), two.stop()]);
  await model.stop();
  await database.drop();
});

const aNumber = (): string => `0903333${String(phone++).padStart(4, '0')}`;
const body = (phone_number: string, user_text: string): { method: string; json: object } => ({
  method: 'POST',
  json: { phone_number, user_text },
});

describe('two nodes', () => {
  it('answer a call one turn at a time, and each knows what the other has said', async () => {
    const number = aNumber();
    const { call_id } = (await owner.api<Chat>('/chat', body(number, 'first'))).body;
    model.reply({ text: 'あ', delay_ms: 300 }, { text: 'い' });
    const answers = await Promise.all([one, two].map((node) => apiAs(node, owner)<Chat>('/chat', body(number, 'more'))));
    expect(answers.map(({ status, body: { call_id: id } }) => [status, id])).toEqual([
      [200, call_id],
      [200, call_id],
    ]);
    expect(answers.map(({ body: { turn } }) => turn).sort()).toEqual([2, 3]);
    expect(messagesOf(model.requests.at(-1)!).map(({ content }) => content)).toContain('あ');
  });
});

describe('while a model is slow', () => {
  it('no transaction is open, and what was said is there already', async () => {
    const number = aNumber();
    model.reply({ hangs: true });
    const leaving = new AbortController();
    const asking = owner.api('/chat', { ...body(number, '大事な用件'), signal: leaving.signal }).catch(() => null);
    await eventually(
      async () => model.requests.length,
      (count) => count === 1,
    );
    const open = await sql<{ state: string }>(
      one.database_url,
      `select state from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
    );
    expect(open).toEqual([]);
    const turns = await sql(
      one.database_url,
      `select user_text, ai_text from call_turns t join calls c on c.id = t.call_id where c.phone_number = $1`,
      [number],
    );
    expect(turns).toEqual([{ user_text: '大事な用件', ai_text: null }]);
    leaving.abort();
    await asking;
  });
});

describe('a tenant with a key of its own', () => {
  it('is answered by its own model, which its settings name', async () => {
    const other = await makeTenant(one.api);
    const api_key = 'sk-tenant-0123456789abcdefghij';
    expect((await other.api('/tenant', { method: 'PATCH', json: { openai: { api_key, model: 'their-model' } } })).status).toBe(200);
    const answer = await other.api<Chat>('/chat', body(aNumber(), 'a'));
    expect(answer.status).toBe(200);
    expect(model.requests[0]?.headers.authorization).toBe(`Bearer ${api_key}`);
    expect(model.requests[0]?.body['model']).toBe('their-model');
    for (const node of [one, two]) expect(node.logs()).not.toContain(api_key);
  });
});

describe('a node that goes', () => {
  it('lets what it says come to its end', async () => {
    const node = await startServer({
      database,
      env: { OPENAI_API_KEY: TEST_KEY, OPENAI_BASE_URL: model.base_url, SOCKET_ADAPTER: 'postgres' },
    });
    model.reply({ text: 'あいうえおかきくけこ', piece_delay_ms: 80 });
    const events = await openEvents(
      `${node.url}/chat`,
      { authorization: `Bearer ${owner.access_token}` },
      { phone_number: aNumber(), user_text: 'a' },
    );
    await events.next();
    const stopped = node.stop();
    expect((await events.rest()).at(-1)).toMatchObject({ event: 'done', data: { reply: 'あいうえおかきくけこ' } });
    expect(await stopped).toBe(0);
  });

  it('breaks off what would never end, and leaves the call free', async () => {
    const node = await startServer({
      database,
      env: { OPENAI_API_KEY: TEST_KEY, OPENAI_BASE_URL: model.base_url, SOCKET_ADAPTER: 'postgres' },
    });
    model.reply({ hangs: true });
    const number = aNumber();
    const asking = apiAs(node, owner)('/chat', body(number, 'a')).catch(() => null);
    await eventually(
      async () => model.requests.length,
      (count) => count === 1,
    );
    expect(await node.stop()).toBe(0);
    await asking;
    expect(model.requests[0]?.is_gone).toBe(true);
    model.reply({ text: 'はい' });
    expect((await owner.api<Chat>('/chat', body(number, 'b'))).body.turn).toBe(2);
    const [log] = (await owner.api<Array<{ status: string }>>(`/chat-logs?phone=${number}&status=aborted`)).body;
    expect(log?.status).toBe('aborted');
  }, 40_000);
});
