import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTenant, makeUser, operatorOf, signIn, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import { type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

interface Turn {
  ts: string;
  user_text: string | null;
  ai_text: string | null;
  tool_calls: object[];
}

interface Call {
  id: string;
  call_sid: string | null;
  phone_number: string | null;
  direction: string;
  status: string;
  started_at: string;
  ended_at: string | null;
  duration_seconds: number | null;
  turns: Turn[];
  summary: string | null;
  outcome: string | null;
  recording_sid: string | null;
  transcript: string | null;
  metadata: Record<string, unknown>;
}

interface Refusal {
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

let server: TestServer;
let owner: TestUser;
let staff: TestUser;
let member: TestUser;
let stranger: TestUser;

beforeAll(async () => {
  server = await startServer();
  [owner, stranger] = [await makeTenant(server.api), await makeTenant(server.api)];
  staff = await withRole('staff');
  member = await makeUser(server.api, { client_id: owner.client_id });
}, 60_000);

afterAll(async () => {
  await server.stop();
});

async function withRole(role: string): Promise<TestUser> {
  const made = await makeUser(server.api, { client_id: owner.client_id });
  await owner.api(`/users/${made.id}`, { method: 'PATCH', json: { role } });
  return signIn(server.api, made);
}

async function log(api: Api, call: object): Promise<Call> {
  const { status, body } = await api<Call>('/call', { method: 'POST', json: call });
  if (status !== 201) throw new Error(`POST /call: ${status} ${JSON.stringify(body)}`);
  return body;
}

let next = 10_000_000;
const newNumber = (): string => `090-${String(next++).replace(/(\d{4})(\d{4})/, '$1-$2')}`;

describe('POST /call', () => {
  it('logs a call with all that it may hold', async () => {
    const sid = uniqueName('CA');
    const turns = [
      { ts: '2026-11-20T09:00:05.000Z', user_text: '予約したいです', ai_text: 'いつですか', tool_calls: [] },
      {
        ts: '2026-11-20T09:00:15.500Z',
        user_text: null,
        ai_text: '承りました',
        tool_calls: [{ id: 'call_1', name: 'create_task', arguments: { name: '田中' }, status: 'done', result: { ok: true } }],
      },
    ];
    const given = {
      call_sid: sid,
      phone_number: '０９０－１２３４－５６７８',
      direction: 'outbound',
      status: 'completed',
      started_at: '2026-11-20T09:00:00.000Z',
      ended_at: '2026-11-20T09:02:30.000Z',
      turns,
      summary: 'カットの予約',
      outcome: 'reserved',
      recording_sid: 'RE1',
      transcript: 'もしもし',
      metadata: { store: { name: '渋谷' } },
    };
    const made = await log(staff.api, given);
    expect(made).toEqual({ ...given, id: made.id, duration_seconds: 150 });
    expect((await staff.api<Call>(`/call?id=${made.id}`)).body).toEqual(made);
    expect((await staff.api<Call>(`/api/call?call_sid=${sid}`)).body).toEqual(made);
    for (const phone of ['09012345678', '+819012345678', '090-1234-5678']) {
      const query = new URLSearchParams({ phone, ts: '2026-11-20T18:00:00+09:00' }).toString();
      expect((await staff.api<Call>(`/call?${query}`)).body).toEqual(made);
    }
  });

  it('fills in what is not said: an open call that came in just now', async () => {
    const made = await log(staff.api, { phone_number: newNumber() });
    expect(made).toMatchObject({ direction: 'inbound', status: 'in_progress', ended_at: null, duration_seconds: null, turns: [] });
    expect(Math.abs(Date.parse(made.started_at) - Date.now())).toBeLessThan(60_000);
    const over = await log(staff.api, { phone_number: newNumber(), started_at: '2026-11-20T09:00:00Z', duration_seconds: 61 });
    expect(over).toMatchObject({ status: 'completed', ended_at: '2026-11-20T09:01:01.000Z', duration_seconds: 61 });
    const missed = await log(staff.api, { phone_number: newNumber(), status: 'missed' });
    expect(missed.ended_at).not.toBeNull();
    // Nobody knows how long a call of that morning took.
    const old = await log(staff.api, { phone_number: newNumber(), status: 'completed', started_at: '2026-11-20T09:00:00Z' });
    expect(old).toMatchObject({ status: 'completed', ended_at: null, duration_seconds: null });
  });

  it('names every wrong field at once, and stores nothing', async () => {
    const turns = [{ user_text: 7 }, { tool_calls: [{ id: 'x', name: 'y', arguments: {}, status: 'maybe' }] }];
    const wrong = {
      phone_number: '',
      direction: 'internal',
      status: 'over',
      started_at: '2026-13-01',
      turns,
      metadata: [],
      id: randomUUID(),
    };
    const { status, body } = await staff.api<Refusal>('/call', { method: 'POST', json: wrong });
    expect(status).toBe(400);
    const fields = [
      'phone_number',
      'direction',
      'status',
      'started_at',
      'turns[0].user_text',
      'turns[1].tool_calls[0].status',
      'metadata',
      'id',
    ];
    expect(body.details!.map(({ field }) => field).sort()).toEqual(fields.sort());
    const none = await staff.api<Refusal>('/call', { method: 'POST', json: { phone_number: 'abc' } });
    expect(none.body).toMatchObject({ statusCode: 400, details: [{ field: 'phone_number', message: 'is not a phone number' }] });
    const order = { phone_number: newNumber(), started_at: '2026-11-20T09:00:00Z', ended_at: '2026-11-20T08:59:59Z' };
    expect((await staff.api<Refusal>('/call', { method: 'POST', json: order })).body.details).toEqual([
      { field: 'ended_at', message: 'must not be before started_at' },
    ]);
    const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) as object;
    for (const metadata of [deep, { a: 'x\u0000y' }, { a: 'x'.repeat(70_000) }]) {
      const refused = await staff.api<Refusal>('/call', { method: 'POST', json: { phone_number: order.phone_number, metadata } });
      expect(refused.body.details).toMatchObject([{ field: 'metadata' }]);
    }
    const phone = encodeURIComponent(order.phone_number);
    expect((await staff.api<Call[]>(`/calls?phone=${phone}`)).body).toEqual([]);
  });

  it('shows how long a call took, however long that is, and takes no time that has no four digits for its year', async () => {
    const times = { started_at: '1950-01-01T00:00:00.000Z', ended_at: '2026-01-01T00:00:00.000Z' };
    const made = await log(staff.api, { phone_number: newNumber(), ...times });
    expect(made).toMatchObject({ ...times, duration_seconds: 2_398_377_600 });
    expect((await staff.api('/calls')).status).toBe(200);
    for (const started_at of ['0001-01-01T00:00:00+09:00', '9999-12-31T23:59:59-10:00']) {
      const json = { phone_number: newNumber(), started_at };
      expect((await staff.api('/call', { method: 'POST', json })).status).toBe(400);
      expect((await staff.api(`/calls?from=${encodeURIComponent(started_at)}`)).status).toBe(400);
    }
  });

  it('takes a call_sid once in a tenant, also where two come at once', async () => {
    const call = { phone_number: newNumber(), call_sid: uniqueName('CA') };
    const answers = await Promise.all(Array.from({ length: 6 }, () => staff.api<Refusal>('/call', { method: 'POST', json: call })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)!.body.code).toBe('CALL_SID_TAKEN');
    expect((await log(stranger.api, call)).call_sid).toBe(call.call_sid);
  });
});

describe('GET /call', () => {
  it('is 404 for what is not there and for what is no id, and 400 where nothing is named', async () => {
    for (const query of [`id=${randomUUID()}`, 'id=none', 'call_sid=CAnone', 'phone=09000000000&ts=2026-11-20T09:00:00Z']) {
      const { status, body } = await staff.api<Refusal>(`/call?${query}`);
      expect([query, status, body.message]).toEqual([query, 404, 'Call not found']);
    }
    for (const [query, field] of [
      ['', 'id'],
      ['phone=09000000000', 'ts'],
      ['ts=2026-11-20T09:00:00Z', 'phone'],
      ['phone=abc&ts=2026-11-20T09:00:00Z', 'phone'],
      ['phone=09000000000&ts=yesterday', 'ts'],
    ]) {
      const { status, body } = await staff.api<Refusal>(`/call?${String(query)}`);
      expect([query, status, body.details?.[0]?.field]).toEqual([query, 400, field]);
    }
  });
});

describe('PUT /call', () => {
  it('changes what is named and nothing else', async () => {
    const made = await log(staff.api, { phone_number: newNumber(), summary: '前', metadata: { a: 1 }, turns: [{ user_text: '一' }] });
    const { status, body } = await staff.api<Call>(`/call?id=${made.id}`, { method: 'PUT', json: { summary: '後', outcome: 'answered' } });
    expect(status).toBe(200);
    expect(body).toEqual({ ...made, summary: '後', outcome: 'answered' });
    const cleared = await staff.api<Call>(`/call?id=${made.id}`, { method: 'PUT', json: { summary: null, phone_number: null } });
    expect(cleared.body).toMatchObject({ summary: null, phone_number: made.phone_number });
    const turns = [{ user_text: '二' }, { ai_text: '三' }];
    const replaced = await staff.api<Call>(`/call?id=${made.id}`, { method: 'PUT', json: { turns } });
    expect(replaced.body.turns).toMatchObject(turns);
  });

  it('ends an open call now', async () => {
    const made = await log(staff.api, { phone_number: newNumber() });
    const ended = await staff.api<Call>(`/call?id=${made.id}`, { method: 'PUT', json: { status: 'completed' } });
    expect(ended.body).toMatchObject({ status: 'completed', ended_at: expect.any(String), duration_seconds: expect.any(Number) });
    const number = newNumber();
    await staff.api(`/call?id=${made.id}`, { method: 'PUT', json: { phone_number: number } });
    const found = await staff.api<Call[]>(`/calls?phone=${number}`);
    expect(found.body.map(({ id }) => id)).toEqual([made.id]);
  });

  it('refuses what a new call could not be either', async () => {
    const [one, two] = [uniqueName('CA'), uniqueName('CA')];
    const made = await log(staff.api, { phone_number: newNumber(), call_sid: one, started_at: '2026-11-20T09:00:00Z' });
    await log(staff.api, { phone_number: newNumber(), call_sid: two });
    const put = (json: object) => staff.api<Refusal>(`/call?call_sid=${one}`, { method: 'PUT', json });
    expect((await put({ call_sid: two })).body.code).toBe('CALL_SID_TAKEN');
    expect((await put({ ended_at: '2026-11-20T08:00:00Z' })).status).toBe(400);
    expect((await put({ id: randomUUID() })).status).toBe(400);
    expect((await staff.api<Call>(`/call?id=${made.id}`)).body).toEqual(made);
  });
});

describe('POST /call/turns', () => {
  it('adds turns at the end, in an order, however many come at once', async () => {
    const made = await log(staff.api, { phone_number: newNumber(), status: 'ringing' });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        staff.api<Turn>(`/call/turns?id=${made.id}`, { method: 'POST', json: { user_text: `問い${index}` } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201));
    expect(answers[0]!.body).toEqual({ ts: expect.any(String), user_text: '問い0', ai_text: null, tool_calls: [] });
    const { body } = await staff.api<Call>(`/call?id=${made.id}`);
    expect(body.turns.map(({ user_text }) => user_text).sort()).toEqual(Array.from({ length: 10 }, (_, index) => `問い${index}`));
    expect(body.status).toBe('in_progress');
  });

  it('is 404 for a call that is not there', async () => {
    const silent = await staff.api<Refusal>(`/call/turns?id=${randomUUID()}`, { method: 'POST', json: {} });
    expect([silent.status, silent.body.details?.[0]?.field]).toEqual([400, 'user_text']);
    const { status, body } = await staff.api<Refusal>(`/call/turns?id=${randomUUID()}`, { method: 'POST', json: { user_text: 'x' } });
    expect([status, body.message]).toEqual([404, 'Call not found']);
  });
});

describe('DELETE /call', () => {
  it('takes the call with its turns, and leaves a note of who did it', async () => {
    const made = await log(staff.api, { phone_number: newNumber(), turns: [{ user_text: '一' }] });
    expect((await staff.api(`/call?id=${made.id}`, { method: 'DELETE' })).status).toBe(200);
    expect((await staff.api(`/call?id=${made.id}`, { method: 'DELETE' })).status).toBe(404);
    const rows = await sql(server.database_url, 'select 1 from call_turns where call_id = $1', [made.id]);
    expect(rows).toEqual([]);
    const audit = await owner.api<Array<{ object_id: string; actor: { id: string } }>>('/audit-log?action=call.deleted');
    expect(audit.body[0]).toMatchObject({ object_id: made.id, actor: { id: staff.id } });
  });
});

describe('GET /calls', () => {
  it('filters by number, time, status, direction and words, newest first', async () => {
    const mine = await makeTenant(server.api);
    const at = (minute: number): string => `2026-11-20T09:0${minute}:00.000Z`;
    const one = await log(mine.api, { phone_number: '03-1234-5678', started_at: at(1), status: 'missed', summary: 'ﾊﾟｰﾏの相談' });
    const two = await log(mine.api, {
      phone_number: '+81312345678',
      started_at: at(2),
      direction: 'text',
      turns: [{ ai_text: 'お待ちします' }],
    });
    const three = await log(mine.api, { phone_number: '090-1111-2222', started_at: at(3), transcript: 'Hello World' });
    const ids = async (query: Record<string, string>): Promise<string[]> => {
      const { status, body } = await mine.api<Call[]>(`/calls?${new URLSearchParams(query).toString()}`);
      expect(status).toBe(200);
      return body.map(({ id }) => id);
    };
    expect(await ids({})).toEqual([three.id, two.id, one.id]);
    expect(await ids({ phone: '0312345678' })).toEqual([two.id, one.id]);
    expect(await ids({ from: at(2), to: at(3) })).toEqual([two.id]);
    expect(await ids({ status: 'missed' })).toEqual([one.id]);
    expect(await ids({ direction: 'text' })).toEqual([two.id]);
    expect(await ids({ q: 'パーマ' })).toEqual([one.id]);
    expect(await ids({ q: '待ち' })).toEqual([two.id]);
    expect(await ids({ q: 'hello w' })).toEqual([three.id]);
    expect(await ids({ q: '1111-2222' })).toEqual([three.id]);
    expect(await ids({ q: '%' })).toEqual([]);
    expect((await mine.api<Call[]>('/calls')).body[1]).toEqual(two);
  });

  it('refuses filters that are none', async () => {
    for (const [query, field] of [
      ['phone=abc', 'phone'],
      ['from=yesterday', 'from'],
      ['to=2026-02-30T00:00:00Z', 'to'],
      ['status=over', 'status'],
      ['direction=sideways', 'direction'],
      ['limit=0', 'limit'],
      ['limit=201', 'limit'],
    ]) {
      const { status, body } = await staff.api<Refusal>(`/calls?${String(query)}`);
      expect([query, status, body.details?.map((detail) => detail.field)]).toEqual([query, 400, [field]]);
    }
    expect((await staff.api<Refusal>('/calls?cursor=garbage')).body.code).toBe('INVALID_CURSOR');
  });

  it('is paged without a gap or a double, also where calls began in the same millisecond', async () => {
    const mine = await makeTenant(server.api);
    const made: string[] = [];
    for (let index = 0; index < 7; index++)
      made.push((await log(mine.api, { phone_number: newNumber(), started_at: '2026-11-20T09:00:00Z' })).id);
    const seen: string[] = [];
    let url: string | undefined = '/calls?limit=3';
    while (url !== undefined) {
      const page: Awaited<ReturnType<typeof mine.api<Call[]>>> = await mine.api<Call[]>(url);
      expect(page.body.length).toBeLessThanOrEqual(3);
      seen.push(...page.body.map(({ id }) => id));
      url = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(made.reverse());
  });

  it('shows the last 100 turns of a long call', async () => {
    const mine = await makeTenant(server.api);
    const turns = Array.from({ length: 130 }, (_, index) => ({ user_text: String(index + 1) }));
    const made = await log(mine.api, { phone_number: newNumber(), turns });
    expect(made.turns).toHaveLength(130);
    const [listed] = (await mine.api<Call[]>('/calls')).body;
    expect(listed!.turns.map(({ user_text }) => user_text)).toEqual(turns.slice(30).map(({ user_text }) => user_text));
  });

  it('shows members their own calls with other users alone', async () => {
    const [mine, theirs] = [randomUUID(), randomUUID()];
    for (const [id, caller] of [
      [mine, member.id],
      [theirs, staff.id],
    ]) {
      await sql(
        server.database_url,
        `insert into calls (client_id, id, direction, status, caller_id, callee_id) values ($1, $2, 'internal', 'completed', $3, $4)`,
        [owner.client_id, id, caller, owner.id],
      );
    }
    const listed = await member.api<Call[]>('/calls');
    expect(listed.body.map(({ id, direction }) => [id, direction])).toEqual([[mine, 'internal']]);
    const all = (await staff.api<Call[]>('/calls?direction=internal')).body.map(({ id }) => id);
    expect(all.sort()).toEqual([mine, theirs].sort());
    for (const method of ['PUT', 'DELETE']) {
      expect((await staff.api(`/call?id=${mine}`, { method, ...(method === 'PUT' ? { json: { summary: 'x' } } : {}) })).status).toBe(404);
    }
  });
});

describe('GET /phones', () => {
  it('counts the calls of each number, shown as it came last', async () => {
    const mine = await makeTenant(server.api);
    await log(mine.api, { phone_number: '090-1234-5678', started_at: '2026-11-20T09:00:00Z' });
    await log(mine.api, { phone_number: '+81 90 1234 5678', started_at: '2026-11-20T10:00:00Z' });
    await log(mine.api, { phone_number: '03-1234-5678', started_at: '2026-11-20T08:00:00Z' });
    const expected = [
      { phone_number: '03-1234-5678', calls: 1, last_call_at: '2026-11-20T08:00:00.000Z' },
      { phone_number: '+81 90 1234 5678', calls: 2, last_call_at: '2026-11-20T10:00:00.000Z' },
    ];
    expect((await mine.api('/phones')).body).toEqual(expected);
    const first = await mine.api('/phones?limit=1');
    expect(first.body).toEqual(expected.slice(0, 1));
    const second = await mine.api(/<([^>]+)>/.exec(first.headers.get('link')!)![1]!);
    expect([second.body, second.headers.get('link')]).toEqual([expected.slice(1), null]);
  });
});

describe('who may', () => {
  it('is the phone desk: staff, and keys of its scope; nobody without a credential', async () => {
    const made = await log(staff.api, { phone_number: newNumber() });
    const key = async (scopes?: string[]): Promise<Api> => {
      const { body } = await owner.api<{ key: string }>('/api-keys', {
        method: 'POST',
        json: { name: 'voice', ...(scopes ? { scopes } : {}) },
      });
      return withHeaders(server.api, { authorization: `Bearer ${body.key}`, 'x-client-id': owner.client_id });
    };
    for (const path of [`/call?id=${made.id}`, '/calls', '/phones']) {
      expect((await server.api(path)).status).toBe(401);
      expect((await member.api(path)).status).toBe(path === '/calls' ? 200 : 403);
      expect((await (await key(['rooms']))(path)).status).toBe(403);
      expect((await (await key())(path)).status).toBe(200);
      expect((await operatorOf(server.api, owner.client_id)(path)).status).toBe(200);
    }
    expect((await member.api('/call', { method: 'POST', json: { phone_number: newNumber() } })).status).toBe(403);
  });

  it('is nobody of another tenant: its calls are as absent', async () => {
    const made = await log(staff.api, { phone_number: '050-1234-5678', call_sid: uniqueName('CA'), summary: '秘密' });
    const names = [`id=${made.id}`, `call_sid=${String(made.call_sid)}`, `phone=05012345678&ts=${made.started_at}`];
    for (const name of names) {
      expect((await stranger.api(`/call?${name}`)).status).toBe(404);
      expect((await stranger.api(`/call?${name}`, { method: 'PUT', json: { summary: 'x' } })).status).toBe(404);
      expect((await stranger.api(`/call?${name}`, { method: 'DELETE' })).status).toBe(404);
      expect((await stranger.api(`/call/turns?${name}`, { method: 'POST', json: { user_text: 'x' } })).status).toBe(404);
    }
    for (const list of ['/calls?q=秘密', '/calls?phone=05012345678']) expect((await stranger.api(list)).body).toEqual([]);
    expect((await staff.api<Call>(`/call?id=${made.id}`)).body).toEqual(made);
  });
});
