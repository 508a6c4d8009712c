import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, makeUser, signIn, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import { openEvents } from '../support/events.js';
import { type HttpPeer, startPeer } from '../support/http-peer.js';
import { isReport, messagesOf, type OpenAiServer, startOpenAiServer, TEST_KEY } from '../support/openai-server.js';
import { type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

interface ToolCall {
  id: string;
  name: string;
  arguments: unknown;
  status: string;
  result?: unknown;
}

interface Chat {
  reply: string | null;
  call_id: string;
  turn: number;
  tool_calls: ToolCall[];
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
  provider: string;
}

interface Problem {
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

let model: OpenAiServer;
let peer: HttpPeer;
let server: TestServer;
let owner: TestUser;
let staff: TestUser;
let number = 0;

beforeAll(async () => {
  model = await startOpenAiServer();
  model.apart(isReport, { text: '{"summary":"a","outcome":"none"}' });
  peer = await startPeer('127.0.0.2');
  server = await startServer({
    env: {
      OPENAI_API_KEY: TEST_KEY,
      OPENAI_BASE_URL: model.base_url,
      OPENAI_MODEL: 'test-model',
      ASSISTANT_TIMEOUT_MS: '6000',
      OUTBOUND_PRIVATE_NETWORKS: '127.0.0.2/32',
    },
  });
  owner = await makeTenant(server.api, uniqueName('chat'));
  const person = await makeUser(server.api, { client_id: owner.client_id });
  await owner.api(`/users/${person.id}`, { method: 'PATCH', json: { role: 'staff' } });
  staff = await signIn(server.api, person);
}, 60_000);

afterEach(() => model.reset());

afterAll(async () => {
  await server.stop();
  await model.stop();
  await peer.close();
});

/** A number that no other test has. */
function aNumber(): string {
  return `0901234${String(number++).padStart(4, '0')}`;
}

function chat<T = Chat>(json: object, api: Api = staff.api): ReturnType<typeof api<T>> {
  return api<T>('/chat', { method: 'POST', json });
}

async function turnsOf(call_id: string): Promise<Array<{ user_text: string; ai_text: string | null; tool_calls: ToolCall[] }>> {
  return sql(server.database_url, 'select user_text, ai_text, tool_calls from call_turns where call_id = $1 order by turn', [call_id]);
}

async function logsOf(phone: string): Promise<Array<Record<string, unknown>>> {
  return (await staff.api<Array<Record<string, unknown>>>(`/chat-logs?phone=${phone}`)).body;
}

describe('a turn', () => {
  it('is answered by the model, which is told the prompt, what was said before, and the FAQs that are near', async () => {
    const phone_number = aNumber();
    await owner.api('/prompt', {
      method: 'PUT',
      json: { prompt: 'あなたは桜サロンです。', model: 'gpt-own', temperature: 0.3, max_tokens: 200 },
    });
    await staff.api('/faq', { method: 'POST', json: { question: '駐車場はありますか', answer: '店の裏に3台分あります。' } });
    model.reply({ text: 'ございます。', usage: { prompt_tokens: 30, completion_tokens: 5 } }, { text: '3台分です。' });
    const first = await chat({ phone_number, user_text: '駐車場はありますか？' });
    expect(first).toMatchObject({
      status: 200,
      body: {
        reply: 'ございます。',
        call_id: expect.any(String),
        turn: 1,
        tool_calls: [],
        usage: { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35 },
        provider: 'openai',
      },
    });
    const [asked] = model.requests;
    expect(asked?.body).toMatchObject({ model: 'gpt-own', temperature: 0.3, max_tokens: 200 });
    const [system, user] = messagesOf(asked!);
    expect(system?.content).toMatch(/^あなたは桜サロンです。/);
    expect(system?.content).toContain('店の裏に3台分あります。');
    expect(system?.content).toContain(phone_number);
    expect(user).toEqual({ role: 'user', content: '駐車場はありますか？' });
    expect((asked?.body['tools'] as Array<{ function: { name: string } }>).map((tool) => tool.function.name).sort()).toEqual([
      'create_task',
      'end_call',
      'list_tasks',
      'search_faq',
    ]);

    const second = await chat({ phone_number: `+81${phone_number.slice(1)}`, user_text: '何台ですか' });
    expect(second.body).toMatchObject({ call_id: first.body.call_id, turn: 2 });
    expect(messagesOf(model.requests[1]!).slice(1)).toEqual([
      { role: 'user', content: '駐車場はありますか？' },
      { role: 'assistant', content: 'ございます。' },
      { role: 'user', content: '何台ですか' },
    ]);
    expect(await turnsOf(first.body.call_id)).toMatchObject([
      { user_text: '駐車場はありますか？', ai_text: 'ございます。' },
      { user_text: '何台ですか', ai_text: '3台分です。' },
    ]);
    await owner.api('/prompt', { method: 'PUT', json: { prompt: 'あなたは桜サロンです。' } });
  });

  it('belongs to the call that is named', async () => {
    const sid = `CA${uniqueName('0')}`;
    const by_sid = await chat({ phone_number: aNumber(), user_text: 'もしもし', call_sid: sid });
    expect(by_sid.status).toBe(200);
    const again = await chat({ user_text: 'もしもし', call_sid: sid });
    expect(again.body).toMatchObject({ call_id: by_sid.body.call_id, turn: 2 });
    expect((await chat({ user_text: 'もしもし', call_id: by_sid.body.call_id })).body.turn).toBe(3);
  });

  it.each<[string, object, string[]]>([
    ['nothing', {}, ['phone_number', 'user_text']],
    ['no words, and a number that is none', { phone_number: 'zz', user_text: '' }, ['phone_number', 'user_text']],
    ['no number', { user_text: 'a' }, ['phone_number']],
    ['a number that is none', { phone_number: '12', user_text: 'a' }, ['phone_number']],
    ['no words', { phone_number: '09012345678', user_text: '' }, ['user_text']],
    ['too many words', { phone_number: '09012345678', user_text: 'あ'.repeat(8_001) }, ['user_text']],
    ['what it does not know', { phone_number: '09012345678', user_text: 'a', model: 'x' }, ['model']],
    [
      'results and words at once',
      { call_id: '019ac1f0-7b1e-7c3a-9d5e-0123456789ab', user_text: 'a', tool_results: [{ id: 'a', content: '' }] },
      ['user_text'],
    ],
    ['results of no call', { tool_results: [{ id: 'a', content: '' }] }, ['call_id']],
  ])('with %s is refused, and the model is not asked', async (_name, body, fields) => {
    const answer = await chat<Problem>(body);
    expect([answer.status, answer.body.details?.map(({ field }) => field)]).toEqual([400, fields]);
    expect(model.requests.length).toBe(0);
  });

  it('is for staff and keys of the phone', async () => {
    const body = { phone_number: '09012345678', user_text: 'a' };
    const member = await makeUser(server.api, { client_id: owner.client_id });
    expect((await chat(body, server.api)).status).toBe(401);
    expect((await chat(body, member.api)).status).toBe(403);
    const key = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'voice' } });
    const by_key = withHeaders(server.api, { authorization: `Bearer ${key.body.key}`, 'x-client-id': owner.client_id });
    expect((await chat({ ...body, phone_number: aNumber() }, by_key)).status).toBe(200);
  });

  it("of another tenant's call is of none", async () => {
    const { body } = await chat({ phone_number: aNumber(), user_text: 'a' });
    const other = await makeTenant(server.api);
    const theirs = await chat<Problem>({ call_id: body.call_id, user_text: 'a' }, other.api);
    expect(theirs).toMatchObject({ status: 404, body: { code: 'CALL_NOT_FOUND' } });
    expect((await turnsOf(body.call_id)).length).toBe(1);
  });

  it('that comes while another of its call is answered waits for it, and knows of it', async () => {
    const phone_number = aNumber();
    model.reply({ text: 'いち', delay_ms: 300 }, { text: 'に' });
    const [first, second] = await Promise.all([chat({ phone_number, user_text: 'a' }), chat({ phone_number, user_text: 'b' })]);
    expect([first.body.turn, second.body.turn].sort()).toEqual([1, 2]);
    expect(
      messagesOf(model.requests[1]!)
        .slice(1)
        .map(({ content }) => content),
    ).toContain('いち');
  });

  it('that finds too many waiting is refused, and nothing of it is kept', async () => {
    const phone_number = aNumber();
    const { call_id } = (await chat({ phone_number, user_text: 'a' })).body;
    model.otherwise({ text: 'はい', delay_ms: 100 });
    const answers = await Promise.all(Array.from({ length: 9 }, () => chat<Problem>({ phone_number, user_text: 'b' })));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, body, headers } of refused) {
      expect([status, body.code, headers.get('retry-after')]).toEqual([409, 'CALL_BUSY', '1']);
    }
    expect((await turnsOf(call_id)).length).toBe(10 - refused.length);
  });
});

describe('tools', () => {
  it('are done here, and what they did is told', async () => {
    const phone_number = aNumber();
    const name = uniqueName('タナカ');
    model.reply(
      {
        text: '少々お待ちください。',
        calls: [{ id: 'call_a', name: 'create_task', arguments: { name, start_datetime: '2026-12-01T10:00:00', request: 'カット' } }],
      },
      { text: 'ご予約を承りました。' },
    );
    const { body } = await chat({ phone_number, user_text: '12月1日10時にカットをお願いします' });
    expect(body.reply).toBe('少々お待ちください。\nご予約を承りました。');
    expect(body.tool_calls).toMatchObject([
      { id: 'call_a', name: 'create_task', status: 'done', result: { name, phone_number, request: 'カット', call_id: body.call_id } },
    ]);
    expect((await staff.api(`/task/${encodeURIComponent(name)}`)).body).toMatchObject({
      phone_number,
      start_datetime: '2026-12-01T10:00:00',
      call_id: body.call_id,
    });
    expect(await turnsOf(body.call_id)).toMatchObject([{ tool_calls: [{ id: 'call_a', status: 'done' }] }]);
  });

  it('tell a caller of their own tasks, and of the others no more than when they are', async () => {
    const [mine, theirs] = [aNumber(), aNumber()];
    for (const [phone_number, name] of [
      [mine, uniqueName('mine')],
      [theirs, uniqueName('theirs')],
    ]) {
      await staff.api('/task', {
        method: 'POST',
        json: { name, phone_number, start_datetime: '2027-03-03T10:00:00', request: 'secret wish' },
      });
    }
    model.reply(
      {
        calls: [
          { id: 'a', name: 'list_tasks', arguments: { from: '2027-03-03T00:00:00', to: '2027-03-04T00:00:00' } },
          { id: 'b', name: 'list_tasks', arguments: { phone_number: theirs } },
        ],
      },
      { text: 'はい' },
    );
    const { body } = await chat({ phone_number: mine, user_text: '空いていますか' });
    const [all, foreign] = body.tool_calls.map(({ result }) => (result as { tasks: Array<Record<string, unknown>> }).tasks);
    expect(all?.length).toBe(2);
    expect(all?.filter(({ request }) => request === 'secret wish').map(({ phone_number }) => phone_number)).toEqual([mine]);
    expect(foreign).toEqual([{ start_datetime: '2027-03-03T10:00:00', status: 'open', of: 'another caller' }]);
  });

  it('search the FAQs, and end the call', async () => {
    await staff.api('/faq', { method: 'POST', json: { question: '定休日はいつですか', answer: '毎週火曜日です。' } });
    const phone_number = aNumber();
    model.reply(
      { calls: [{ name: 'search_faq', arguments: { query: '休みの日' } }] },
      { text: '火曜日です。', calls: [{ name: 'end_call', arguments: { reason: '用件が済んだ' } }] },
    );
    const { body } = await chat({ phone_number, user_text: '休みは？' });
    expect(body.tool_calls.map(({ name, status }) => [name, status])).toEqual([
      ['search_faq', 'done'],
      ['end_call', 'done'],
    ]);
    expect(JSON.stringify(body.tool_calls[0]?.result)).toContain('毎週火曜日');
    const [call] = await sql<{ status: string; ended_at: Date | null }>(
      server.database_url,
      'select status, ended_at from calls where id = $1',
      [body.call_id],
    );
    expect(call).toMatchObject({ status: 'completed', ended_at: expect.any(Date) });
    expect((await chat({ phone_number, user_text: 'もしもし' })).body.call_id).not.toBe(body.call_id);
  });

  it('of the func-config are the caller’s to run, and the conversation goes on with their results', async () => {
    const reserve = {
      type: 'function',
      function: {
        name: 'reserve',
        description: 'Reserves',
        parameters: { type: 'object', properties: { seats: { type: 'integer', minimum: 1 } }, required: ['seats'] },
        strict: true,
      },
    };
    expect((await owner.api('/func-config', { method: 'PUT', json: { tools: [reserve] } })).status).toBe(200);
    const phone_number = aNumber();
    model.reply({
      text: '確認します。',
      calls: [
        { id: 'r1', name: 'reserve', arguments: { seats: 2 } },
        { id: 'r2', name: 'reserve', arguments: { seats: 0 } },
      ],
    });
    const waiting = await chat({ phone_number, user_text: '2名です' });
    expect(waiting.body).toMatchObject({ reply: '確認します。', turn: 1 });
    expect(waiting.body.tool_calls).toMatchObject([
      { id: 'r1', status: 'pending', arguments: { seats: 2 } },
      { id: 'r2', status: 'failed', arguments: { seats: 0 } },
    ]);
    expect(await logsOf(phone_number)).toMatchObject([{ status: 'pending' }]);
    expect(model.requests[0]!.body['tools']).toContainEqual(reserve);
    const { call_id } = waiting.body;

    const wrong = await chat<Problem>({ call_id, tool_results: [{ id: 'r2', content: 'x' }] });
    expect([wrong.status, wrong.body.details?.map(({ field }) => field)]).toEqual([400, ['tool_results[0].id', 'tool_results']]);

    model.reply({ text: '2名様で承りました。' });
    const done = await chat({ call_id, tool_results: [{ id: 'r1', content: '{"table":7}' }] });
    expect(done.body).toMatchObject({ reply: '2名様で承りました。', turn: 1, call_id });
    expect(done.body.tool_calls).toMatchObject([{ id: 'r1', status: 'done', result: { table: 7 } }, { id: 'r2' }]);
    expect(messagesOf(model.requests[1]!).slice(-4)).toMatchObject([
      { role: 'user', content: '2名です' },
      { role: 'assistant', content: '確認します。' },
      { role: 'tool', tool_call_id: 'r1', content: '{"table":7}' },
      { role: 'tool', tool_call_id: 'r2' },
    ]);
    expect(await turnsOf(call_id)).toMatchObject([{ ai_text: '確認します。\n2名様で承りました。' }]);

    const again = await chat<Problem>({ call_id, tool_results: [{ id: 'r1', content: 'x' }] });
    expect([again.status, again.body.details?.[0]?.field]).toEqual([400, 'tool_results']);
    await owner.api('/func-config', { method: 'PUT', json: { tools: [] } });
  });

  it('take their results again where the model failed to answer them', async () => {
    const parameters = { type: 'object', properties: {} };
    await owner.api('/func-config', { method: 'PUT', json: { tools: [{ type: 'function', function: { name: 'reserve', parameters } }] } });
    model.reply({ calls: [{ id: 'f1', name: 'reserve', arguments: {} }] });
    const { call_id } = (await chat({ phone_number: aNumber(), user_text: '予約' })).body;
    const results = { call_id, tool_results: [{ id: 'f1', content: '{"table":7}' }] };
    model.reply({ status: 401 }, { text: '7番のお席です。' });
    expect((await chat(results)).status).toBe(502);
    expect(await turnsOf(call_id)).toMatchObject([{ ai_text: null, tool_calls: [{ status: 'done', result: { table: 7 } }] }]);
    const again = await chat(results);
    expect([again.status, again.body.reply, again.body.turn]).toEqual([200, '7番のお席です。', 1]);
    expect((await chat(results)).status).toBe(400);
    await owner.api('/func-config', { method: 'PUT', json: { tools: [] } });
  });
});

describe("the tenant's own tools", () => {
  const tool = {
    name: 'find_slots',
    description: '空きを調べる',
    parameters: { type: 'object', properties: { date: { type: 'string' } }, required: ['date'] },
  };

  beforeAll(async () => {
    const tools = [
      { ...tool, method: 'GET', url: `${peer.url}/slots`, headers: { authorization: 'Bearer tool-secret' }, timeout_ms: 1_000 },
      { ...tool, name: 'broken', method: 'POST', url: `${peer.url}/broken`, headers: {}, timeout_ms: 500 },
      { ...tool, name: 'slow', method: 'POST', url: `${peer.url}/slow`, headers: {}, timeout_ms: 10_000 },
    ];
    expect((await owner.api('/ext-tools', { method: 'PUT', json: { tools } })).status).toBe(200);
    peer.answer = ({ url }, response) => {
      if (url.startsWith('/slots')) response.writeHead(200, { 'content-type': 'application/json' }).end('{"slots":["10:00"]}');
    };
  });

  afterAll(async () => {
    await owner.api('/ext-tools', { method: 'PUT', json: { tools: [] } });
  });

  it('are run here, and the model goes on with what they answer', async () => {
    model.reply(
      {
        calls: [
          { id: 'a', name: 'find_slots', arguments: { date: '2026-12-01' } },
          { id: 'b', name: 'broken', arguments: { date: '2026-12-01' } },
          { id: 'c', name: 'find_slots', arguments: { date: 7 } },
        ],
      },
      { text: '10時が空いています。' },
    );
    const { body } = await chat({ phone_number: aNumber(), user_text: '空いていますか' });
    expect(body.reply).toBe('10時が空いています。');
    expect(body.tool_calls).toMatchObject([
      { id: 'a', status: 'done', result: { slots: ['10:00'] } },
      { id: 'b', status: 'failed', result: { error: 'The tool failed', content: 'The tool did not answer within 500 ms' } },
      { id: 'c', status: 'failed', result: { details: [expect.any(String)] } },
    ]);
    expect(peer.requests.map(({ url }) => url)).toEqual(expect.arrayContaining(['/slots?date=2026-12-01', '/broken']));
    expect(peer.requests.length).toBe(2);
    expect(messagesOf(model.requests[1]!).find(({ tool_call_id }) => tool_call_id === 'a')?.content).toBe('{"slots":["10:00"]}');
    expect(JSON.stringify([body, model.requests.map((request) => request.body)])).not.toContain('tool-secret');
  });

  it('are left when their caller goes away', async () => {
    const phone_number = aNumber();
    peer.requests.length = 0;
    model.reply({ calls: [{ id: 'a', name: 'slow', arguments: { date: 'x' } }] });
    const events = await openEvents(
      `${server.url}/chat`,
      { authorization: `Bearer ${staff.access_token}` },
      { phone_number, user_text: 'a' },
    );
    expect((await events.next())?.event).toBe('tool_call');
    await eventually(
      async () => peer.requests.length,
      (count) => count === 1,
    );
    events.leave();
    await eventually(
      async () => peer.requests[0]?.aborted,
      (aborted) => aborted === true,
    );
    expect(
      (
        await eventually(
          () => logsOf(phone_number),
          (logs) => logs.length > 0,
        )
      )[0],
    ).toMatchObject({ status: 'aborted' });
  });
});

describe('as events', () => {
  const headers = (): Record<string, string> => ({ authorization: `Bearer ${staff.access_token}` });

  it('the text comes in pieces, the tools as they are called, and the whole at the end', async () => {
    const phone_number = aNumber();
    model.reply({ text: 'お調べ', calls: [{ id: 's', name: 'search_faq', arguments: { query: '料金' } }] }, { text: '千円' });
    const events = await openEvents(`${server.url}/chat`, headers(), { phone_number, user_text: '料金は' });
    expect(events.status).toBe(200);
    expect(events.headers.get('cache-control')).toBe('no-store');
    const all = await events.rest();
    expect(all.map(({ event }) => event)).toEqual(['delta', 'delta', 'delta', 'tool_call', 'tool_result', 'delta', 'delta', 'done']);
    expect(all[3]?.data).toMatchObject({ id: 's', name: 'search_faq', status: 'pending' });
    expect(all[4]?.data).toMatchObject({ id: 's', status: 'done', result: { faqs: expect.any(Array) } });
    const said = all.filter(({ event }) => event === 'delta').map(({ data }) => data['text']);
    const done = all.at(-1)?.data as unknown as Chat;
    expect(said.join('')).toBe(done.reply);
    expect(done).toMatchObject({ reply: 'お調べ\n千円', turn: 1, tool_calls: [{ id: 's', status: 'done' }], provider: 'openai' });
  });

  it('also by `stream`, under both prefixes', async () => {
    const events = await openEvents(
      `${server.url}/api/chat`,
      { ...headers(), accept: 'application/json' },
      { phone_number: aNumber(), user_text: 'a', stream: true },
    );
    expect((await events.rest()).at(-1)?.event).toBe('done');
  });

  it('what is wrong beforehand is answered as JSON', async () => {
    const events = await openEvents(`${server.url}/chat`, headers(), { user_text: 'a' });
    expect(events.status).toBe(400);
    expect((await events.rest())[0]?.data).toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('take no Idempotency-Key, whichever way they are asked for', async () => {
    const body = { phone_number: aNumber(), user_text: 'a' };
    for (const [json, accept] of [
      [body, 'text/event-stream'],
      [{ ...body, stream: true }, 'application/json'],
    ] as const) {
      const answer = await staff.api<Problem>('/chat', { method: 'POST', json, headers: { accept, 'idempotency-key': 'k-1' } });
      expect([answer.status, answer.body.code]).toEqual([400, 'IDEMPOTENCY_NOT_SUPPORTED']);
    }
    const first = await staff.api<Chat>('/chat', { method: 'POST', json: body, headers: { 'idempotency-key': 'k-2' } });
    const again = await staff.api<Chat>('/chat', { method: 'POST', json: body, headers: { 'idempotency-key': 'k-2' } });
    expect([first.status, again.headers.get('idempotency-replayed'), again.body.turn]).toEqual([200, 'true', first.body.turn]);
    expect(model.requests.length).toBe(1);
  });

  it('a model that breaks off ends them with an error; what was heard is kept', async () => {
    const phone_number = aNumber();
    model.reply({ text: 'かしこまりました', cut_after: 4 });
    const all = await (await openEvents(`${server.url}/chat`, headers(), { phone_number, user_text: 'a' })).rest();
    expect(all.at(-1)).toMatchObject({ event: 'error', data: { statusCode: 502, code: 'MODEL_FAILED', request_id: expect.any(String) } });
    const [log] = await logsOf(phone_number);
    expect(log).toMatchObject({ status: 'failed', error: 'MODEL_FAILED' });
    expect(await turnsOf(log!['call_id'] as string)).toMatchObject([{ user_text: 'a', ai_text: 'かしこ' }]);
  });

  it('whoever goes away ends what the model is asked', async () => {
    const phone_number = aNumber();
    model.reply({ is_endless: true, piece_delay_ms: 5 });
    const events = await openEvents(`${server.url}/chat`, headers(), { phone_number, user_text: 'a' });
    await events.next();
    events.leave();
    await eventually(
      async () => model.requests[0]?.is_gone,
      (is_gone) => is_gone === true,
    );
    const [log] = await eventually(
      () => logsOf(phone_number),
      (logs) => logs.length > 0,
    );
    expect(log).toMatchObject({ status: 'aborted', error: null });
    // The call is free again.
    expect((await chat({ phone_number, user_text: 'b' })).body.turn).toBe(2);
  });
});

describe('whoever goes away without waiting for JSON', () => {
  it('ends what the model is asked too', async () => {
    model.reply({ hangs: true });
    const leaving = new AbortController();
    const phone_number = aNumber();
    const asking = staff.api('/chat', { method: 'POST', json: { phone_number, user_text: 'a' }, signal: leaving.signal }).catch(() => null);
    await eventually(
      async () => model.requests.length,
      (count) => count === 1,
    );
    leaving.abort();
    await asking;
    await eventually(
      async () => model.requests[0]?.is_gone,
      (is_gone) => is_gone === true,
    );
    const [log] = await eventually(
      () => logsOf(phone_number),
      (logs) => logs.length > 0,
    );
    expect(log).toMatchObject({ status: 'aborted' });
  });
});

describe('a model that fails', () => {
  it.each<[string, Parameters<OpenAiServer['reply']>[0], number, string]>([
    [
      'refuses the key',
      { status: 401, error: { message: `Incorrect API key provided: ${TEST_KEY}`, code: 'invalid_api_key' } },
      502,
      'MODEL_REFUSED',
    ],
    ['is limited for long', { status: 429, headers: { 'retry-after': '17' } }, 503, 'MODEL_BUSY'],
    ['breaks again and again', { status: 500, headers: { 'retry-after': '0' } }, 502, 'MODEL_FAILED'],
    ['hangs', { hangs: true }, 504, 'MODEL_TIMEOUT'],
    ['stops within its answer', { text: 'かしこまりました', stalls_after: 3 }, 504, 'MODEL_TIMEOUT'],
  ])('since it %s: told by its status, with Retry-After, and the words are kept', async (_name, reply, status, code) => {
    const phone_number = aNumber();
    model.otherwise(reply);
    const answer = await chat<Problem>({ phone_number, user_text: '大事な用件' });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    if (code === 'MODEL_BUSY') expect(answer.headers.get('retry-after')).toBe('17');
    const [log] = await logsOf(phone_number);
    expect(log).toMatchObject({ status: 'failed', error: code, model: 'test-model', provider: 'openai' });
    expect(await turnsOf(log!['call_id'] as string)).toMatchObject([{ user_text: '大事な用件', ai_text: null }]);
    expect(JSON.stringify([answer.body, log])).not.toContain(TEST_KEY.slice(0, 10));
    expect(server.logs()).not.toContain(TEST_KEY.slice(0, 10));
  });

  it('for a moment is asked again', async () => {
    model.reply({ status: 429, headers: { 'retry-after': '0' } }, { text: 'はい' });
    expect((await chat({ phone_number: aNumber(), user_text: 'a' })).body.reply).toBe('はい');
  });
});

describe('what it cost', () => {
  it('is noted for each execution, and counted for the tenant', async () => {
    const phone_number = aNumber();
    model.reply(
      { calls: [{ id: 'e', name: 'search_faq', arguments: { query: 'x' } }], usage: { prompt_tokens: 100, completion_tokens: 10 } },
      { text: 'はい', usage: { prompt_tokens: 200, completion_tokens: 20 } },
    );
    const other = await makeTenant(server.api);
    const { body } = await chat({ phone_number, user_text: 'a' }, other.api);
    expect(body.usage).toEqual({ prompt_tokens: 300, completion_tokens: 30, total_tokens: 330 });
    const logs = await other.api<Array<Record<string, unknown>>>('/chat-logs');
    expect(logs.body).toEqual([
      {
        id: expect.any(String),
        ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        call_id: body.call_id,
        turn: 1,
        phone_number,
        provider: 'openai',
        model: 'test-model',
        status: 'done',
        latency_ms: expect.any(Number),
        first_token_ms: expect.any(Number),
        prompt_tokens: 300,
        completion_tokens: 30,
        tool_calls: [{ id: 'e', name: 'search_faq', status: 'done' }],
        error: null,
      },
    ]);
    const usage = await other.api<Array<{ ai_tokens: number }>>('/tenant/usage');
    expect(usage.body[0]?.ai_tokens).toBe(330);
  });

  it('is listed by time, number and outcome, page by page, for staff alone', async () => {
    const other = await makeTenant(server.api);
    const [one, two] = [aNumber(), aNumber()];
    await chat({ phone_number: one, user_text: 'a' }, other.api);
    model.reply({ status: 400 });
    await chat({ phone_number: two, user_text: 'b' }, other.api);
    const list = async (query: string): Promise<unknown[]> =>
      (await other.api<Array<{ phone_number: string }>>(`/chat-logs${query}`)).body.map(({ phone_number }) => phone_number);
    expect(await list('')).toEqual([two, one]);
    expect(await list('?status=failed')).toEqual([two]);
    expect(await list(`?phone=${encodeURIComponent(`+81 ${one.slice(1)}`)}`)).toEqual([one]);
    expect(await list(`?from=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
    expect(await list(`?to=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([two, one]);
    const first = await other.api<unknown[]>('/chat-logs?limit=1');
    const link = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    expect((await other.api<Array<{ phone_number: string }>>(link)).body.map(({ phone_number }) => phone_number)).toEqual([one]);
    for (const query of ['?limit=0', '?status=what', '?from=yesterday', '?phone=12', '?cursor=x']) {
      expect([query, (await other.api(`/chat-logs${query}`)).status]).toEqual([query, 400]);
    }
    const member = await makeUser(server.api, { client_id: other.client_id });
    expect((await member.api('/chat-logs')).status).toBe(403);
    expect((await server.api('/chat-logs')).status).toBe(401);
    expect(JSON.stringify((await staff.api('/chat-logs')).body)).not.toContain(two);
  });
});
