import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeTenant, type TestUser, uniqueName } from '../support/client.js';
import { isReport, type OpenAiServer, type Reply, type ScriptedCall, startOpenAiServer, TEST_KEY } from '../support/openai-server.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* A model that means harm: it calls every tool, with other tenants' names and ids, with huge and broken arguments, and without end. Nothing outside its
   own tenant may change or be told, and time and money are bounded. */

const TIMEOUT_MS = 3_000;

let model: OpenAiServer;
let server: TestServer;
let victim: TestUser;
let owner: TestUser;
let marks: string[];
let before: Map<string, string>;
let phone = 0;

beforeAll(async () => {
  model = await startOpenAiServer();
  model.apart(isReport, { text: '{"summary":"a","outcome":"none"}' });
  server = await startServer({
    env: { OPENAI_API_KEY: TEST_KEY, OPENAI_BASE_URL: model.base_url, ASSISTANT_TIMEOUT_MS: String(TIMEOUT_MS) },
  });
  [victim, owner] = await Promise.all([makeTenant(server.api, uniqueName('victim')), makeTenant(server.api, uniqueName('owner'))]);
  const [question, answer, task] = [uniqueName('合言葉は'), uniqueName('秘密'), uniqueName('task')];
  await victim.api('/faq', { method: 'POST', json: { question, answer } });
  await victim.api('/task', {
    method: 'POST',
    json: { name: task, phone_number: '09099998888', start_datetime: '2027-01-01T10:00:00', request: answer },
  });
  model.reply({ text: answer });
  const said = await victim.api<{ call_id: string }>('/chat', { method: 'POST', json: { phone_number: '09099998888', user_text: answer } });
  marks = [question, answer, task, victim.client_id, said.body.call_id];
  before = await stateOf(victim.client_id);
}, 60_000);

beforeEach(() => model.reset());

afterAll(async () => {
  await server.stop();
  await model.stop();
});

async function chat(text = 'hello'): Promise<{ status: number; body: Record<string, unknown> }> {
  const json = { phone_number: `0901111${String(phone++).padStart(4, '0')}`, user_text: text };
  const { status, body } = await owner.api('/chat', { method: 'POST', json });
  return { status, body };
}

/** A digest of a tenant's rows, by table; counters of use change by themselves. */
async function stateOf(client_id: string): Promise<Map<string, string>> {
  const tables = await sql<{ name: string }>(
    server.database_url,
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'client_id'
      where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and c.relname not in ('usage_daily', 'message_search', 'rooms')`,
  );
  const state = new Map<string, string>();
  for (const { name } of tables) {
    const [row] = await sql<{ digest: string }>(
      server.database_url,
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as digest from ${name} t where client_id = $1`,
      [client_id],
    );
    state.set(name, row?.digest ?? '');
  }
  return state;
}

/** Every tool, by every kind of argument. */
function attacks(): ScriptedCall[] {
  const [question, answer, task, client_id, call_id] = marks as [string, string, string, string, string];
  const huge = 'あ'.repeat(20_000);
  const values: unknown[] = [
    {},
    '{"broken":',
    'null',
    '[]',
    '"text"',
    `{"query":${'['.repeat(9_000)}`,
    { client_id, query: question },
    { query: question, tenant: client_id },
    { query: answer },
    { query: "'; drop table faqs; --" },
    { query: huge },
    { query: '\u0000\ud800' },
    { name: task, start_datetime: '2027-01-01T10:00:00', request: 'x', client_id },
    { name: '../../x', start_datetime: 'whenever', request: 'x' },
    { name: '..', start_datetime: '2027-01-01T10:00:00', request: 'x', phone_number: '09011112222' },
    { name: uniqueName('ok'), start_datetime: '2027-01-01T10:00:00', request: 'x', phone_number: 'not a number' },
    { name: huge, start_datetime: '2027-01-01T10:00:00', request: huge },
    { phone_number: '09099998888' },
    { phone_number: { $ne: null } },
    { call_id, reason: 'x' },
    { status: 'everything', from: '0000', to: huge },
    { __proto__: { polluted: true }, constructor: { prototype: { polluted: true } }, query: 'x' },
  ];
  const names = [
    'search_faq',
    'create_task',
    'list_tasks',
    'execute_sql',
    '__proto__',
    'constructor',
    'toString',
    '',
    huge.slice(0, 1_000),
  ];
  return names.flatMap((name) => values.map((given) => ({ name, arguments: given })));
}

describe('a hostile model', () => {
  it('that calls everything with everything reaches nothing of another tenant, and learns nothing of it', async () => {
    const calls = attacks();
    for (let from = 0; from < calls.length; from += 30) {
      const replies: Reply[] = [];
      for (let at = from; at < Math.min(from + 30, calls.length); at += 15)
        replies.push({ calls: calls.slice(at, at + 15).map((call, index) => ({ ...call, id: `a${at}_${index}` })) });
      model.reply(...replies, { text: 'done' });
      const { status, body } = await chat();
      expect([status, body['reply']]).toEqual([200, 'done']);
      model.reset();
    }
    expect(await stateOf(victim.client_id)).toEqual(before);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('is told nothing of another tenant', async () => {
    const [question, answer, task, , call_id] = marks as [string, string, string, string, string];
    model.reply(
      {
        calls: [
          { id: 'a', name: 'search_faq', arguments: { query: question } },
          { id: 'b', name: 'search_faq', arguments: { query: answer } },
          { id: 'c', name: 'list_tasks', arguments: { phone_number: '09099998888' } },
          { id: 'd', name: 'list_tasks', arguments: {} },
          { id: 'e', name: 'end_call', arguments: { reason: call_id } },
        ],
      },
      { text: 'done' },
    );
    const { body } = await chat();
    const results = JSON.stringify((body['tool_calls'] as Array<{ result: unknown }>).map(({ result }) => result));
    for (const mark of [answer, task, victim.client_id]) expect(results).not.toContain(mark);
    const [call] = await sql<{ status: string }>(server.database_url, 'select status from calls where id = $1', [call_id]);
    expect(call?.status).toBe('in_progress');
  });

  it('that makes tasks without end makes no more than a turn allows, all of them its own', async () => {
    let made = 0;
    model.otherwise(() => ({
      calls: Array.from({ length: 200 }, () => ({
        name: 'create_task',
        arguments: { name: `t${made++}`, start_datetime: '2027-01-01T10:00', request: 'x' },
      })),
    }));
    const { status, body } = await chat();
    expect(status).toBe(502);
    expect(body['code']).toBe('MODEL_FAILED');
    made = 0;
    model.otherwise(() => ({
      calls: Array.from({ length: 60 }, (_, index) => ({
        id: `c${made}${index}`,
        name: 'create_task',
        arguments: { name: `t${made++}`, start_datetime: '2027-01-01T10:00:00', request: 'x' },
      })),
    }));
    model.requests.length = 0;
    expect((await chat()).status).toBe(200);
    expect(model.requests.length).toBeLessThanOrEqual(8);
    const [tasks] = await sql<{ own: number; theirs: number }>(
      server.database_url,
      `select count(*) filter (where client_id = $1)::int as own, count(*) filter (where client_id = $2)::int as theirs from tasks`,
      [owner.client_id, victim.client_id],
    );
    expect(tasks).toEqual({ own: 40, theirs: 1 });
  });

  it('that loops for ever is asked eight times, and answers in the end', async () => {
    let asked = 0;
    model.otherwise(() => ({ calls: [{ id: 'same', name: 'search_faq', arguments: { query: `x${asked++}` } }] }));
    const { status, body } = await chat('どうですか');
    expect(status).toBe(200);
    expect(asked).toBe(8);
    expect(body['reply']).toMatch(/申し訳ありません/);
  });

  it.each<[string, Reply]>([
    ['talks for ever', { is_endless: true, piece_delay_ms: 2 }],
    ['hangs', { hangs: true }],
    ['stops within', { text: 'あいうえお', stalls_after: 2 }],
  ])('that %s is cut off in time', async (_name, reply) => {
    model.otherwise(reply);
    expect(await chat()).toMatchObject({ status: 504, body: { code: 'MODEL_TIMEOUT' } });
  });

  it.each<[string, Reply]>([
    ['pours out text', { is_endless: true }],
    ['writes arguments without end', { calls: [{ name: 'search_faq', arguments: `{"query":"${'x'.repeat(300_000)}"}` }] }],
    [
      'calls a thousand tools at once',
      { calls: Array.from({ length: 1_000 }, (_, index) => ({ id: `c${index}`, name: 'search_faq', arguments: {} })) },
    ],
    ['answers one endless line', { raw: `data: ${'x'.repeat(20 * 1024 * 1024)}` }],
    ['answers no JSON', { raw: 'data: {nothing\n\n' }],
    ['answers nonsense', { raw: 'data: {"choices":[{"delta":{"tool_calls":"what"}}]}\n\ndata: [DONE]\n\n' }],
    ['answers null', { raw: 'data: null\n\ndata: [DONE]\n\n' }],
  ])('that %s is not believed', async (_name, reply) => {
    model.otherwise(reply);
    const { status, body } = await chat();
    expect([status, body['code']]).toEqual([502, 'MODEL_FAILED']);
  });

  it('leaves the server well', async () => {
    model.reply({ text: 'はい' });
    expect((await chat()).body['reply']).toBe('はい');
    expect((await server.api('/health/ready')).status).toBe(200);
    expect(await stateOf(victim.client_id)).toEqual(before);
    expect(server.logs()).not.toContain(TEST_KEY.slice(0, 10));
  });
});
