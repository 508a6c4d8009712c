import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, makeUser, operatorOf, type TestUser } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import { type Account, type FakeRecording, madeByte, sidOf, startTwilioServer, type TwilioServer } from '../support/twilio-server.js';

interface Recording {
  sid: string;
  call_sid: string;
  phone_number: string | null;
  duration_seconds: number | null;
  started_at: string;
}

interface Refusal {
  code: string;
  message: string;
  details?: Array<{ field: string }>;
}

let twilio: TwilioServer;
let server: TestServer;
let owner: TestUser;
let stranger: TestUser;
/** Its tenant has an account of its own. */
let rich: TestUser;
let account: Account;

beforeAll(async () => {
  twilio = await startTwilioServer();
  server = await startServer({ env: twilio.env });
  [owner, stranger, rich] = [await makeTenant(server.api), await makeTenant(server.api), await makeTenant(server.api)];
  account = twilio.addAccount();
  const changed = await rich.api('/tenant', {
    method: 'PATCH',
    json: { twilio: { account_sid: account.account_sid, auth_token: account.auth_token } },
  });
  expect(changed.status).toBe(200);
}, 60_000);

afterAll(async () => {
  await server.stop();
  await twilio.stop();
});

beforeEach(() => {
  for (const one of [twilio.main, account]) {
    one.recordings.length = 0;
    one.calls.length = 0;
  }
  twilio.requests.length = 0;
  twilio.honour_ranges = true;
});

let minute = 0;

/** A recording of an account. */
function record(of: Account, values: Partial<FakeRecording> = {}): FakeRecording {
  const started_at = new Date(Date.UTC(2026, 10, 20, 9, minute++));
  const made = { sid: sidOf('RE'), call_sid: sidOf('CA'), duration: '61', started_at, audio: Buffer.from('audio'), ...values };
  of.recordings.push(made);
  return made;
}

async function logCall(user: TestUser, call_sid: string, phone_number = '090-1234-5678'): Promise<void> {
  const { status } = await user.api('/call', { method: 'POST', json: { call_sid, phone_number } });
  expect(status).toBe(201);
}

async function list(user: TestUser, query = ''): Promise<Answer<Recording[]>> {
  const answer = await user.api<Recording[]>(`/recordings${query}`);
  expect([answer.status, answer.body]).toMatchObject([200, expect.any(Array)]);
  return answer;
}

const nextOf = ({ headers }: Answer): string | undefined => /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];

async function play(user: TestUser, path: string, headers: Record<string, string> = {}): Promise<{ response: Response; bytes: Buffer }> {
  const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${user.access_token}`, ...headers } });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

describe('GET /recordings', () => {
  it("shows of the operator's account those of calls in one's own log, newest first", async () => {
    const [mine, theirs, older] = [
      record(twilio.main),
      record(twilio.main),
      record(twilio.main, { started_at: new Date('2026-11-01T09:00:00Z') }),
    ];
    record(twilio.main);
    await logCall(owner, mine.call_sid);
    await logCall(owner, older.call_sid, '03-1234-5678');
    await logCall(stranger, theirs.call_sid);
    const shown = (recording: FakeRecording, phone_number: string): Recording => ({
      sid: recording.sid,
      call_sid: recording.call_sid,
      phone_number,
      duration_seconds: 61,
      started_at: recording.started_at.toISOString(),
    });
    expect((await list(owner)).body).toEqual([shown(mine, '090-1234-5678'), shown(older, '03-1234-5678')]);
    expect((await list(owner, '?phone=0312345678')).body.map(({ sid }) => sid)).toEqual([older.sid]);
    expect((await list(owner, '?from=2026-11-20T00:00:00Z')).body.map(({ sid }) => sid)).toEqual([mine.sid]);
    expect((await list(owner, '?to=2026-11-01T09:00:00Z')).body).toEqual([]);
    expect((await list(owner, '?to=2026-11-01T09:00:00.001Z')).body.map(({ sid }) => sid)).toEqual([older.sid]);
    expect((await list(stranger)).body.map(({ sid }) => sid)).toEqual([theirs.sid]);
  });

  it("shows all of an account of one's own, with the numbers that the provider tells", async () => {
    const [inbound, outbound, silent] = [record(account), record(account), record(account, { duration: '-1' })];
    account.calls.push({ sid: inbound.call_sid, from: '+819011112222', to: '+815012345678', direction: 'inbound' });
    account.calls.push({ sid: outbound.call_sid, from: '+815012345678', to: '+819033334444', direction: 'outbound-api' });
    record(twilio.main);
    const { body } = await list(rich);
    expect(body.map(({ sid, phone_number, duration_seconds }) => [sid, phone_number, duration_seconds])).toEqual([
      [silent.sid, null, null],
      [outbound.sid, '+819033334444', 61],
      [inbound.sid, '+819011112222', 61],
    ]);
    expect((await list(rich, '?phone=090-3333-4444')).body.map(({ sid }) => sid)).toEqual([outbound.sid]);
    const asked = twilio.requests.filter((path) => path.includes(`/Calls/${inbound.call_sid}`)).length;
    expect(asked).toBe(1);
    expect((await list(owner)).body).toEqual([]);
  });

  it('asks the provider for the numbers of those alone that a page shows', async () => {
    for (let count = 0; count < 12; count++) {
      const { call_sid } = record(account);
      account.calls.push({ sid: call_sid, from: '+819012345678', to: '+815000000000', direction: 'inbound' });
    }
    const asked = (): number => twilio.requests.filter((path) => path.includes('/Calls/')).length;
    const first = await list(rich, '?limit=5');
    expect([first.body.length, asked()]).toEqual([5, 5]);
    const next = /<[^>]*(\?[^>]*)>/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await list(rich, next);
    expect([second.body.length, asked()]).toEqual([5, 10]);
    expect(new Set([...first.body, ...second.body].map(({ sid }) => sid)).size).toBe(10);
    expect(second.body.every(({ phone_number }) => phone_number === '+819012345678')).toBe(true);
  });

  it('is paged without a gap or a double, across the pages of the provider', async () => {
    const mine: string[] = [];
    for (let index = 0; index < 450; index++) {
      const { sid, call_sid } = record(twilio.main);
      if (index % 50 !== 7) continue;
      await logCall(owner, call_sid);
      mine.unshift(sid);
    }
    const seen: string[] = [];
    let url: string | undefined = '/recordings?limit=2';
    while (url !== undefined) {
      const page: Answer<Recording[]> = await owner.api<Recording[]>(url);
      expect(page.body.length).toBeLessThanOrEqual(2);
      seen.push(...page.body.map(({ sid }) => sid));
      url = nextOf(page);
    }
    expect(seen).toEqual(mine);
    expect(twilio.requests.every((path) => path.startsWith(`/2010-04-01/Accounts/${twilio.main.account_sid}/Recordings.json`))).toBe(true);
  });

  it('asks the provider a bounded number of times for a page of nothing, and says where to go on', async () => {
    for (let index = 0; index < 1_100; index++) record(twilio.main);
    const first = await list(owner);
    expect(first.body).toEqual([]);
    expect(twilio.requests).toHaveLength(5);
    const second: Answer = await owner.api(nextOf(first)!);
    expect([second.body, nextOf(second)]).toEqual([[], undefined]);
  });

  it('refuses filters and cursors that are none', async () => {
    for (const [query, field] of [
      ['phone=abc', 'phone'],
      ['from=yesterday', 'from'],
      ['limit=0', 'limit'],
    ]) {
      const { status, body } = await owner.api<Refusal>(`/recordings?${String(query)}`);
      expect([status, body.details?.[0]?.field]).toEqual([400, field]);
    }
    const forged = Buffer.from(JSON.stringify(['../../Messages', 1, 0])).toString('base64url');
    for (const cursor of ['garbage', forged])
      expect((await owner.api<Refusal>(`/recordings?cursor=${cursor}`)).body.code).toBe('INVALID_CURSOR');
  });
});

describe('GET /recording/{sid}', () => {
  it('passes the audio on, whole or from where Range says', async () => {
    const { sid, call_sid } = record(twilio.main, { audio: 1_000_003 });
    await logCall(owner, call_sid);
    const whole = await play(owner, `/recording/${sid}`);
    expect(whole.response.status).toBe(200);
    expect(whole.bytes.length).toBe(1_000_003);
    expect(whole.bytes.every((byte, index) => byte === madeByte(index))).toBe(true);
    expect(Object.fromEntries(whole.response.headers)).toMatchObject({
      'content-type': 'audio/mpeg',
      'content-length': '1000003',
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
    });
    expect(whole.response.headers.get('x-shenanigans')).toBeNull();
    for (const honours of [true, false]) {
      twilio.honour_ranges = honours;
      const part = await play(owner, `/api/recording/${sid}`, { range: 'bytes=500000-500009' });
      expect([part.response.status, part.response.headers.get('content-range')]).toEqual([206, 'bytes 500000-500009/1000003']);
      expect([...part.bytes]).toEqual(Array.from({ length: 10 }, (_, index) => madeByte(500_000 + index)));
      const beyond = await play(owner, `/recording/${sid}`, { range: 'bytes=1000003-' });
      expect([beyond.response.status, beyond.response.headers.get('content-range')]).toEqual([416, 'bytes */1000003']);
    }
    expect(twilio.requests.some((path) => path.endsWith(`${sid}.mp3`))).toBe(true);
    await play(owner, `/recording/${sid}?format=wav`);
    expect(twilio.requests.at(-1)).toMatch(/\.wav$/);
    expect((await owner.api<Refusal>(`/recording/${sid}?format=exe`)).status).toBe(400);
  });

  it("is none of another tenant's, although the account is one", async () => {
    const { sid, call_sid } = record(twilio.main);
    await logCall(owner, call_sid);
    for (const [user, path] of [
      [stranger, sid],
      [rich, sid],
      [owner, sidOf('RE')],
      [owner, 'none'],
      [owner, '..%2fCalls'],
    ] as const) {
      const { status, body } = await user.api<Refusal>(`/recording/${path}`);
      expect([path, status, body.message]).toEqual([path, 404, 'Recording not found']);
    }
    const own = record(account, { audio: Buffer.from('rich') });
    expect((await play(rich, `/recording/${own.sid}`)).bytes.toString()).toBe('rich');
    expect((await owner.api(`/recording/${own.sid}`)).status).toBe(404);
  });

  it("is not won by writing another tenant's call_sid into one's own log, once the provider has told whose it is", async () => {
    const { sid, call_sid } = record(twilio.main);
    await logCall(owner, call_sid);
    await sql(server.database_url, 'update calls set is_signed = true where client_id = $1 and call_sid = $2', [owner.client_id, call_sid]);
    await logCall(stranger, call_sid);
    expect((await stranger.api(`/recording/${sid}`)).status).toBe(404);
    expect((await list(stranger)).body.map((one) => one.sid)).not.toContain(sid);
    expect((await play(owner, `/recording/${sid}`)).response.status).toBe(200);
    // Nor once the log of whose it is no longer has it.
    expect((await owner.api(`/call?call_sid=${call_sid}`, { method: 'DELETE' })).status).toBe(200);
    expect((await stranger.api(`/recording/${sid}`)).status).toBe(404);
    expect((await stranger.api(`/transcription?recording_sid=${sid}`)).status).toBe(404);
  });

  it('is not won by giving a call that the provider has told of the sid of another', async () => {
    const [mine, theirs] = [record(twilio.main), record(twilio.main)];
    const sign = (client_id: string, call_sid: string): Promise<unknown> =>
      sql(server.database_url, 'update calls set is_signed = true where client_id = $1 and call_sid = $2', [client_id, call_sid]);
    await logCall(owner, theirs.call_sid);
    await sign(owner.client_id, theirs.call_sid);
    await logCall(stranger, mine.call_sid);
    await sign(stranger.client_id, mine.call_sid);
    await stranger.api(`/call?call_sid=${mine.call_sid}`, { method: 'PUT', json: { call_sid: theirs.call_sid } });
    expect((await stranger.api(`/recording/${theirs.sid}`)).status).toBe(404);
    expect((await play(owner, `/recording/${theirs.sid}`)).response.status).toBe(200);
  });

  it('is lost again, to whoever the provider tells of the call later', async () => {
    const { sid, call_sid } = record(twilio.main);
    await logCall(stranger, call_sid);
    expect((await play(stranger, `/recording/${sid}`)).response.status).toBe(200);
    await logCall(owner, call_sid);
    await sql(server.database_url, 'update calls set is_signed = true where client_id = $1 and call_sid = $2', [owner.client_id, call_sid]);
    expect((await stranger.api(`/recording/${sid}`)).status).toBe(404);
  });

  it('ends upstream when its reader goes away, and takes no more than its reader does', async () => {
    const { sid, call_sid } = record(twilio.main, { audio: 60_000_000 });
    await logCall(owner, call_sid);
    const before = twilio.sent();
    const leaving = new AbortController();
    const response = await fetch(`${server.url}/recording/${sid}`, {
      headers: { authorization: `Bearer ${owner.access_token}` },
      signal: leaving.signal,
    });
    const reader = response.body!.getReader();
    await reader.read();
    expect(twilio.open()).toBe(1);
    leaving.abort();
    await expect(reader.read()).rejects.toThrow();
    await eventually(
      async () => twilio.open(),
      (open) => open === 0,
    );
    expect(twilio.sent() - before).toBeLessThan(30_000_000);
  });

  it('that breaks off on its way passes for no whole one, and harms nobody else', async () => {
    const { sid, call_sid } = record(twilio.main, { audio: 3_000_000, cut_after: 1_000_000 });
    await logCall(owner, call_sid);
    await expect(play(owner, `/recording/${sid}`)).rejects.toThrow();
    await expect(play(owner, `/recording/${sid}`)).rejects.toThrow();
    expect((await owner.api('/recordings')).status).toBe(200);
  });

  it('says whose fault it is, in words of ours', async () => {
    const { sid, call_sid } = record(twilio.main);
    await logCall(owner, call_sid);
    twilio.fail({ status: 500 });
    expect(await owner.api<Refusal>(`/recording/${sid}`)).toMatchObject({ status: 503, body: { code: 'TELEPHONY_UNAVAILABLE' } });
    await play(owner, `/recording/${sid}`);
    twilio.fail({ status: 429, headers: { 'retry-after': '7' } });
    const busy = await owner.api<Refusal>(`/recording/${sid}`);
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '7']);
    twilio.fail('cut');
    expect((await owner.api<Refusal>(`/recording/${sid}`)).body.code).toBe('TELEPHONY_UNAVAILABLE');
    await rich.api('/tenant', { method: 'PATCH', json: { twilio: { auth_token: 'wrong' } } });
    const wrong = await rich.api<Refusal>('/recordings');
    expect(wrong).toMatchObject({ status: 502, body: { message: 'The telephone provider refused the account_sid and auth_token' } });
    expect(JSON.stringify(wrong.body)).not.toContain('secret words');
    const mended = await rich.api('/tenant', { method: 'PATCH', json: { twilio: { auth_token: account.auth_token } } });
    expect(mended.status).toBe(200);
    expect((await rich.api('/recordings')).status).toBe(200);
  });
});

describe('who may', () => {
  it('is the phone desk', async () => {
    const { sid, call_sid } = record(twilio.main);
    await logCall(owner, call_sid);
    const member = await makeUser(server.api, { client_id: owner.client_id });
    for (const path of ['/recordings', `/recording/${sid}`, `/transcription?recording_sid=${sid}`]) {
      expect((await server.api(path)).status).toBe(401);
      expect((await member.api(path)).status).toBe(403);
      expect((await operatorOf(server.api, owner.client_id)(path)).status).not.toBe(403);
    }
  });
});

describe('without Twilio', () => {
  it('says which settings are missing', async () => {
    const bare = await startServer();
    try {
      const mine = await makeTenant(bare.api);
      for (const path of ['/recordings', `/recording/${sidOf('RE')}`, `/transcription?recording_sid=${sidOf('RE')}`]) {
        const { status, body } = await mine.api<Refusal>(path);
        expect([path, status, body.code]).toEqual([path, 503, 'TWILIO_NOT_CONFIGURED']);
        expect(body.message).toContain('TWILIO_ACCOUNT_SID');
      }
    } finally {
      await bare.stop();
    }
  });
});
