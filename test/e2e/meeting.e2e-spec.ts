import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Socket } from 'socket.io-client';
import { eventsOf, type EventsDocument, leastPayload } from '../architecture/events-document.js';
import { connectSocket, emit, eventually, makeUser, next, type TestUser, withHeaders } from '../support/client.js';
import { makeFolder } from '../support/folder.js';
import { makeAdmin, makePerson, makeTown, minutesAhead, type Town } from '../support/matching.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* Meetings of matchings (contract, section 8): their links, their page, who is let in, what is told, recorded and settled. */

interface Meeting {
  id: string;
  matching_id: string;
  join_url: string | null;
  starts_at: string;
  ends_at: string;
}

interface Matching {
  id: string;
  date: string;
  meeting_length: number;
  status: string;
  is_done_meeting: boolean;
  audio_url: string | null;
}

interface Refusal {
  code: string;
  message: string;
  details?: Array<{ field: string }>;
}

interface State {
  phase: string;
  recorder: string | null;
  is_recorded: boolean;
  people: Record<'speaker' | 'listener', { name: string; is_here: boolean; tab_id: string | null; is_recording: boolean }>;
}

interface Entered {
  ok: boolean;
  code?: string;
  me: string;
  provider: string;
  state: State;
  ice_servers: Array<{ urls: string[] }>;
  messages: Array<{ text: string; is_mine: boolean }>;
}

const NOBODY = '019ac1f0-0000-7000-8000-000000000000';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: TestServer;
let town: Town;
let admin: TestUser;
const sockets: Socket[] = [];

beforeAll(async () => {
  folder = await makeFolder();
  server = await startServer({ env: { ...folder.env, STUN_URLS: 'stun:stun.example.com:3478' } });
  town = await makeTown(server.api);
  admin = await makeAdmin(server.api, town);
}, 120_000);

afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  const code = await server.stop();
  await folder.close();
  expect(code).toBe(0);
  expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
});

interface Pair {
  student: TestUser;
  speaker: TestUser;
  matching: Matching;
}

async function makePair(minutes = 5): Promise<Pair> {
  const [student, speaker] = await Promise.all([makePerson(server.api, town, 'student'), makePerson(server.api, town, 'company')]);
  const made = await student.api<Matching>('/matching', {
    method: 'POST',
    json: { speaker_id: speaker.id, date: minutesAhead(minutes), meeting_length: 30, message: 'はじめまして' },
  });
  expect(made.status).toBe(201);
  return { student, speaker, matching: made.body };
}

const open = <T = Meeting>({ api }: Pick<TestUser, 'api'>, json: object): Promise<Answer<T>> =>
  api<T>('/meeting', { method: 'POST', json });

async function linkOf(person: TestUser, matching_id: string): Promise<string> {
  const made = await open(person, { matching_id });
  expect(made.status).toBe(201);
  return made.body.join_url as string;
}

const tokenIn = (link: string): string => new URL(link).searchParams.get('token') as string;
const idIn = (link: string): string => /meetings\/([^/]+)\//.exec(link)?.[1] as string;

/** Puts a talk's beginning and end where a test wants them, as if time had passed. */
const shift = (matching_id: string, minutes: number): Promise<unknown> =>
  sql(
    server.database_url,
    'update matchings set date = now() + make_interval(mins => $2), ends_at = now() + make_interval(mins => $2) + make_interval(mins => meeting_length) where id = $1',
    [matching_id, minutes],
  );

const waitingJobs = (name: string, key: string): Promise<object[]> =>
  sql(server.database_url, 'select 1 from graphile_worker._private_jobs where key like $1', [`%:${name}:${key}`]);

/** Has a job that waits run at once. */
const hurry = (name: string, key: string): Promise<unknown> =>
  sql(server.database_url, 'update graphile_worker._private_jobs set run_at = now() where key like $1', [`%:${name}:${key}`]);

/** The same, and waits until it has run. */
async function runNow(name: string, key: string): Promise<void> {
  await hurry(name, key);
  await eventually(
    () => waitingJobs(name, key),
    (waiting) => waiting.length === 0,
    15_000,
  );
}

/** A socket at a meeting, as the page has one. */
async function join(link: string, token = tokenIn(link)): Promise<Socket> {
  const socket = await connectSocket(server.url, null, { auth: { pass: `${idIn(link)}.${token}` } });
  sockets.push(socket);
  return socket;
}

const enter = (socket: Socket, tab_id = 'tab', can_record = true): Promise<Entered> =>
  emit<Entered>(socket, 'meeting:enter', { tab_id, can_record });

async function both(): Promise<Pair & { his: Socket; hers: Socket; his_link: string; her_link: string }> {
  const pair = await makePair();
  const [her_link, his_link] = [await linkOf(pair.student, pair.matching.id), await linkOf(pair.speaker, pair.matching.id)];
  const [hers, his] = [await join(her_link), await join(his_link)];
  await enter(hers, 'hers');
  await enter(his, 'his');
  return { ...pair, his, hers, his_link, her_link };
}

describe('POST /meeting', () => {
  it('gives each of the two a link of their own to the one meeting of their matching', async () => {
    const { student, speaker, matching } = await makePair();
    const [hers, his] = await Promise.all([open(student, { matching_id: matching.id }), open(speaker, { matching_id: matching.id })]);
    expect([hers.status, his.status]).toEqual([201, 201]);
    expect(hers.body).toEqual({
      id: his.body.id,
      matching_id: matching.id,
      join_url: expect.stringMatching(`^${server.url}/meetings/${his.body.id}/join\\?token=`),
      starts_at: matching.date,
      ends_at: new Date(Date.parse(matching.date) + 30 * 60_000).toISOString(),
    });
    expect(tokenIn(hers.body.join_url as string)).not.toBe(tokenIn(his.body.join_url as string));
    // Asked again, it is the same link; under the other prefix the link is there too.
    expect((await open(student, { matching_id: matching.id })).body).toEqual(hers.body);
    const prefixed = await student.api<Meeting>('/api/meeting', { method: 'POST', json: { matching_id: matching.id } });
    expect(prefixed.body.join_url).toBe((hers.body.join_url as string).replace('/meetings/', '/api/meetings/'));
  });

  it('makes the matching too where none is named, or nothing', async () => {
    const [student, speaker] = await Promise.all([makePerson(server.api, town, 'student'), makePerson(server.api, town, 'company')]);
    const json = { speaker_id: speaker.id, listener_id: student.id, date: minutesAhead(90), meeting_length: 15 };
    const made = await open(student, json);
    expect(made.status).toBe(201);
    expect((await student.api<Matching>(`/matching/${made.body.matching_id}`)).body).toMatchObject({
      status: 'booked',
      meeting_length: 15,
    });
    const again = await open<Refusal>(student, json);
    expect([again.status, again.body.code]).toEqual([409, 'SPEAKER_NOT_AVAILABLE']);
    const foreign = await open<Refusal>(student, { ...json, date: minutesAhead(900), listener_id: speaker.id });
    expect([foreign.status, foreign.body.code]).toEqual([403, 'NOT_YOURSELF']);
    expect((await student.api<Matching[]>('/matching')).body).toHaveLength(1);
  });

  it.each([
    ['nothing', {}, ['matching_id']],
    ['half of a matching', { speaker_id: NOBODY, date: '2099-01-01T00:00:00.000Z' }, ['meeting_length']],
    ['a matching and what makes one', { matching_id: NOBODY, meeting_length: 30 }, ['meeting_length']],
    ['no id', { matching_id: 7 }, ['matching_id']],
  ])('refuses %s', async (_what, json, fields) => {
    const answer = await open<Refusal>(town.owner, json);
    expect([answer.status, answer.body.code, answer.body.details?.map(({ field }) => field)]).toEqual([400, 'VALIDATION_FAILED', fields]);
  });

  it('is for the two; an admin opens it without a link, a system gives out the link of the one whom it names', async () => {
    const { student, matching } = await makePair();
    const stranger = await makePerson(server.api, town, 'student');
    const outside = await makeTown(server.api);
    for (const person of [stranger, outside.owner]) {
      const answer = await open<Refusal>(person, { matching_id: matching.id });
      expect([answer.status, answer.body.code]).toEqual([404, 'MATCHING_NOT_FOUND']);
    }
    expect((await open<Refusal>({ api: server.api }, { matching_id: matching.id })).status).toBe(401);
    const nobody = await open<Refusal>(student, { matching_id: NOBODY });
    expect([nobody.status, nobody.body.code]).toEqual([404, 'MATCHING_NOT_FOUND']);
    expect((await open(admin, { matching_id: matching.id })).body.join_url).toBeNull();
    const other = await open<Refusal>(student, { matching_id: matching.id, user_id: stranger.id });
    expect([other.status, other.body.code]).toEqual([403, 'NOT_YOURSELF']);

    const key = await town.owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'desk', scopes: ['matching'] } });
    const system = { api: withHeaders(server.api, { authorization: `Bearer ${key.body.key}`, 'x-client-id': town.client_id }) };
    const named = await open(system, { matching_id: matching.id, user_id: student.id });
    expect(named.body.join_url).toBe(await linkOf(student, matching.id));
    expect((await open<Refusal>(system, { matching_id: matching.id, user_id: stranger.id })).status).toBe(400);
  });

  it('refuses a talk that was called off', async () => {
    const { student, speaker, matching } = await makePair(60);
    const link = await linkOf(student, matching.id);
    expect((await speaker.api(`/matching/${matching.id}`, { method: 'PATCH', json: { status: 'cancelled' } })).status).toBe(200);
    const answer = await open<Refusal>(student, { matching_id: matching.id });
    expect([answer.status, answer.body.code]).toEqual([409, 'MATCHING_OVER']);
    const socket = await join(link);
    expect(await emit(socket, 'meeting:look')).toMatchObject({ ok: true, state: { phase: 'cancelled' } });
    expect(await enter(socket)).toMatchObject({ ok: false, code: 'MEETING_CLOSED' });
  });
});

describe('a link', () => {
  it('opens a page that loads nothing from elsewhere, runs nothing inline and is shown inside no other', async () => {
    const { student, matching } = await makePair();
    const link = await linkOf(student, matching.id);
    const answer = await fetch(link);
    expect(answer.status).toBe(200);
    const headers = Object.fromEntries(answer.headers);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'permissions-policy': expect.stringMatching(/camera=\(self\), microphone=\(self\)/),
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' blob:;/,
      ),
    });
    const html = await answer.text();
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|style=|https?:\/\//);
    const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path).filter((path) => !path.startsWith('data:'));
    expect(parts.length).toBeGreaterThan(1);
    const scripts = [
      'devices.js',
      'peer.js',
      'recorder.js',
      'remote.js',
      'screen.js',
      'talk-panel.js',
      'words.js',
      'socket.io.esm.min.js',
    ].map((name) => `../assets/${name}`);
    for (const path of [...parts, ...scripts]) expect((await fetch(new URL(path, link))).status).toBe(200);
    for (const name of ['meeting.html', '..%2fmeeting-page.js', 'constructor']) {
      expect((await server.api(`/meetings/assets/${name}`)).status).toBe(404);
    }
  });

  it('is good for its meeting alone, and its token is no credential anywhere', async () => {
    const [one, another] = [await makePair(), await makePair()];
    const [link, other] = [await linkOf(one.student, one.matching.id), await linkOf(another.student, another.matching.id)];
    const token = tokenIn(link);
    const [client_id = '', user_id = '', signature = ''] = token.split('.');
    // The same person's to another talk, too.
    const later = await open(one.student, { speaker_id: another.speaker.id, date: minutesAhead(300), meeting_length: 30 });
    const wrong = [
      tokenIn(other),
      tokenIn(later.body.join_url as string),
      `${client_id}.${one.speaker.id}.${signature}`,
      `${(await makeTown(server.api)).client_id}.${user_id}.${signature}`,
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      one.student.access_token.slice(0, 200),
      'x',
    ];
    for (const bad of wrong) {
      const answer = await server.api<Refusal>(`/meetings/${idIn(link)}/join?token=${encodeURIComponent(bad)}`);
      expect([answer.status, answer.body.code]).toEqual([404, 'MEETING_NOT_FOUND']);
      await expect(join(link, bad)).rejects.toThrow('Unauthorized');
    }
    expect((await server.api(`/meetings/${NOBODY}/join?token=${token}`)).status).toBe(404);
    expect((await server.api(`/meetings/${idIn(link)}/join`)).status).toBe(400);
    expect((await server.api(`/meetings/nothing/join?token=${token}`)).body).toMatchObject({ statusCode: 404, code: 'MEETING_NOT_FOUND' });
    // Whoever follows a link in a browser reads a page, however it is broken.
    const page = `${server.url}/meetings/${idIn(link)}/join`;
    const cut = [
      '',
      '/',
      `/${idIn(link).slice(0, 20)}`,
      `/${idIn(link)}`,
      `/${idIn(link)}/`,
      `/${idIn(link)}/joi`,
      `/${idIn(link)}/join/x/y`,
    ];
    const broken = [
      ...[`${link}x`, page, `${page}/`, `${page}?token=`, `${page}?token=${'x'.repeat(300)}`, link.replace(idIn(link), 'nothing')],
      ...cut.flatMap((path) => [`${server.url}/meetings${path}`, `${server.url}/api/meetings${path}?token=x`]),
    ];
    for (const url of broken) {
      const person = await fetch(url, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
      const html = await person.text();
      expect([url, person.status, html]).toEqual([url, 404, expect.stringContaining('このリンクは使えません')]);
      expect(person.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
      expect((await fetch(new URL(/href="([^"]+)"/.exec(html)?.[1] as string, url))).headers.get('content-type')).toContain('text/css');
    }
    // A program reads the error.
    for (const path of cut) {
      const answer = await server.api<Refusal>(`/meetings${path}`, { headers: { accept: 'application/json' } });
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'NOT_FOUND']);
      const written = await fetch(`${server.url}/meetings${path}`, { method: 'POST', headers: { accept: 'text/html' } });
      expect([path, written.status, written.headers.get('content-type')]).toEqual([path, 404, expect.stringContaining('application/json')]);
    }
    expect((await server.api(`/meetings/${idIn(link)}/recordings`)).status).toBe(405);

    const credentials: Array<Record<string, string>> = [{ authorization: `Bearer ${token}` }, { cookie: `token=${token}` }];
    for (const headers of credentials) {
      expect((await server.api('/getUserInfo', { headers })).status).toBe(401);
    }
    await expect(connectSocket(server.url, token)).rejects.toThrow('Unauthorized');
    await expect(join(link, one.student.access_token)).rejects.toThrow('Unauthorized');
    for (const pass of ['garbage', '.', token, `${idIn(link)}.`, `.${token}`, '{}', JSON.stringify({ client_id, user_id })]) {
      await expect(connectSocket(server.url, null, { auth: { pass } })).rejects.toThrow('Unauthorized');
    }
    // Nor does an account have a seat.
    const account = await connectSocket(server.url, one.student.access_token);
    expect(await emit(account, 'meeting:look')).toMatchObject({ ok: false, code: 'MEETING_NOT_FOUND' });
    account.disconnect();
  });

  it('stays good when the talk is moved, lets nobody in too early, and ends with the talk', async () => {
    const { student, matching } = await makePair(120);
    const link = await linkOf(student, matching.id);
    const socket = await join(link);
    expect(await emit(socket, 'meeting:look')).toMatchObject({ ok: true, me: 'listener', state: { phase: 'early' } });
    expect(await enter(socket)).toMatchObject({ ok: false, code: 'MEETING_CLOSED' });
    const moved = await student.api(`/matching/${matching.id}`, { method: 'PATCH', json: { date: minutesAhead(8) } });
    expect(moved.status).toBe(200);
    expect(await enter(socket)).toMatchObject({ ok: true, me: 'listener', state: { phase: 'open' } });
    await shift(matching.id, -31);
    expect(await emit(socket, 'meeting:look')).toMatchObject({ ok: true, state: { phase: 'over' } });
    expect(await enter(socket)).toMatchObject({ ok: false, code: 'MEETING_CLOSED' });
    await shift(matching.id, -46);
    expect((await server.api(link.slice(server.url.length))).status).toBe(404);
    expect(await emit(socket, 'meeting:look')).toMatchObject({ ok: false, code: 'MEETING_NOT_FOUND' });
  });

  it('ends with the account', async () => {
    const { student, matching } = await makePair();
    const link = await linkOf(student, matching.id);
    expect((await town.owner.api(`/users/${student.id}`, { method: 'PATCH', json: { disabled: true } })).status).toBe(200);
    expect((await server.api(link.slice(server.url.length))).status).toBe(404);
    await expect(join(link)).rejects.toThrow('Unauthorized');
  });
});

describe('a socket that came by a link', () => {
  it('may send what its page sends, and nothing else', async () => {
    const { student, matching } = await makePair();
    const socket = await join(await linkOf(student, matching.id));
    const { body } = await server.api<EventsDocument>('/asyncapi.json');
    const others = eventsOf(body).filter(({ action }) => action === 'receive');
    expect(others.map(({ name }) => name)).toEqual(expect.arrayContaining(['joinRoom', 'sendMessage', 'renewToken', 'call:signal']));
    for (const event of others) {
      const ack = await emit(socket, event.name, leastPayload(event));
      expect([event.name, ack]).toEqual([event.name, expect.objectContaining({ ok: false, code: 'FORBIDDEN' })]);
    }
    expect(await emit(socket, 'meeting:look')).toMatchObject({ ok: true });
  });

  it('hears of its meeting alone; of that its account hears nothing, nor does the same person at another meeting', async () => {
    const { student, speaker, his, hers } = await both();
    const friend = await makePerson(server.api, town, 'company');
    const later = await open(student, { speaker_id: friend.id, date: minutesAhead(300), meeting_length: 30 });
    const elsewhere = await join(later.body.join_url as string);
    const account = await connectSocket(server.url, student.access_token);
    sockets.push(account);
    const heard: Record<'here' | 'elsewhere' | 'account', string[]> = { here: [], elsewhere: [], account: [] };
    hers.onAny((event: string) => heard.here.push(event));
    elsewhere.onAny((event: string) => heard.elsewhere.push(event));
    account.onAny((event: string) => heard.account.push(event));

    const told = Promise.all([next(account, 'message'), next(account, 'call:incoming')]);
    expect((await speaker.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'to the lobby' } })).status).toBe(201);
    const rung = await speaker.api<{ id: string }>('/calls', { method: 'POST', json: { callee_id: student.id } });
    await told;
    await speaker.api(`/calls/${rung.body.id}/end`, { method: 'POST' });
    const spoken = Promise.all([next(hers, 'meeting:message'), next(hers, 'meeting:signal')]);
    await emit(his, 'meeting:say', { text: 'はい' });
    await emit(his, 'meeting:signal', { data: 'the last' });
    await spoken;
    // What an older word may still bring is there when a newer one has been answered.
    for (const socket of [elsewhere, account]) await emit(socket, 'meeting:look');

    expect([...new Set(heard.here)].sort()).toEqual(['meeting:message', 'meeting:signal']);
    expect(heard.elsewhere).toEqual([]);
    expect(heard.account.filter((event) => event.startsWith('meeting:'))).toEqual([]);
  });

  it('is closed when the link ends', async () => {
    const { student, matching } = await makePair();
    const link = await linkOf(student, matching.id);
    await sql(
      server.database_url,
      `update matchings set date = t.end - make_interval(mins => meeting_length), ends_at = t.end
         from (select now() - interval '15 minutes' + interval '3 seconds' as end) t where id = $1`,
      [matching.id],
    );
    expect(await next(await join(link), 'session:ended')).toEqual({ reason: 'expired' });
    await expect(join(link)).rejects.toThrow('Unauthorized');
  });

  it('is closed when the account is shut, or ends; the other’s is not', async () => {
    const [one, two] = [await both(), await both()];
    const told = [next(one.hers, 'session:ended'), next(two.his, 'session:ended')];
    expect((await town.owner.api(`/users/${one.student.id}`, { method: 'PATCH', json: { disabled: true } })).status).toBe(200);
    expect((await two.speaker.api('/user', { method: 'DELETE' })).status).toBe(200);
    expect(await Promise.all(told)).toEqual([{ reason: 'account_disabled' }, { reason: 'account_deleted' }]);
    for (const link of [one.her_link, two.his_link]) await expect(join(link)).rejects.toThrow('Unauthorized');
    for (const socket of [one.his, two.hers]) expect(await emit(socket, 'meeting:look')).toMatchObject({ ok: true });
  });
});

describe('in a meeting', () => {
  it('each sees who is there, and the speaker is to record', async () => {
    const { student, speaker, matching } = await makePair();
    const [hers, his] = [await join(await linkOf(student, matching.id)), await join(await linkOf(speaker, matching.id))];
    const alone = await enter(hers, 'hers');
    expect(alone).toMatchObject({
      me: 'listener',
      provider: 'local',
      ice_servers: [{ urls: ['stun:stun.example.com:3478'] }],
      state: {
        recorder: null,
        people: {
          listener: { name: '学生 花子', is_here: true, tab_id: 'hers' },
          speaker: { name: '社員 太郎', is_here: false, tab_id: null },
        },
      },
      messages: [{ text: 'はじめまして', is_mine: true }],
    });
    const told = next<State>(hers, 'meeting:people');
    expect((await enter(his, 'his')).state.recorder).toBe('speaker');
    expect(await told).toMatchObject({ recorder: 'speaker', people: { speaker: { is_here: true, tab_id: 'his' } } });
    const recording = next<State>(hers, 'meeting:people');
    expect(await emit(his, 'meeting:beat', { is_recording: true })).toMatchObject({ ok: true });
    expect((await recording).people.speaker.is_recording).toBe(true);
    // The speaker is gone: the listener's browser waits, since nobody is there to be heard.
    const gone = next<State>(hers, 'meeting:people');
    his.disconnect();
    expect(await gone).toMatchObject({ recorder: null, people: { speaker: { is_here: false, is_recording: false } } });
  });

  it('both are told of a move and of a cancel, whether they are in or in the lobby', async () => {
    const { student, speaker, matching } = await makePair(20);
    const [hers, his] = [await join(await linkOf(student, matching.id)), await join(await linkOf(speaker, matching.id))];
    const change = async (json: object): Promise<Array<State & { starts_at: string }>> => {
      const told = [hers, his].map((socket) => next<State & { starts_at: string }>(socket, 'meeting:people'));
      expect((await student.api(`/matching/${matching.id}`, { method: 'PATCH', json })).status).toBe(200);
      return Promise.all(told);
    };
    const date = minutesAhead(5);
    for (const state of await change({ date })) expect(state).toMatchObject({ phase: 'open', starts_at: date });
    const entry = next(hers, 'meeting:people');
    await enter(his, 'his');
    await entry;
    for (const state of await change({ date: minutesAhead(1_440) })) expect(state.phase).toBe('early');
    for (const state of await change({ status: 'cancelled' })) expect(state.phase).toBe('cancelled');
  });

  it('whoever waits is told where the other’s account ends', async () => {
    const { student, speaker, matching } = await makePair();
    const hers = await join(await linkOf(student, matching.id));
    const told = next<State>(hers, 'meeting:people');
    expect((await speaker.api('/user', { method: 'DELETE' })).status).toBe(200);
    expect((await told).phase).toBe('cancelled');
  });

  it('two who come in at the same moment have met, as any other two', async () => {
    const pairs = await Promise.all([...Array(6).keys()].map(() => makePair()));
    for (const { student, speaker, matching } of pairs) {
      const links = await Promise.all([linkOf(student, matching.id), linkOf(speaker, matching.id)]);
      const seats = await Promise.all(links.map((link) => join(link)));
      for (const entered of await Promise.all(seats.map((seat) => enter(seat)))) expect(entered.ok).toBe(true);
    }
    const met = await sql(server.database_url, 'select 1 from meetings where matching_id = any($1) and met_at is not null', [
      pairs.map(({ matching }) => matching.id),
    ]);
    expect(met).toHaveLength(pairs.length);
  });

  it('the listener records where the speaker cannot', async () => {
    const { student, speaker, matching } = await makePair();
    const [hers, his] = [await join(await linkOf(student, matching.id)), await join(await linkOf(speaker, matching.id))];
    await enter(his, 'his', false);
    expect((await enter(hers, 'hers', true)).state.recorder).toBe('listener');
  });

  it('signals go to the other of the two, in order, and to nobody else', async () => {
    const [pair, others] = [await both(), await both()];
    const heard: unknown[] = [];
    for (const socket of [pair.his, others.his, others.hers]) socket.on('meeting:signal', (signal) => heard.push(signal));
    const received: Array<{ data: { n: number } }> = [];
    pair.hers.on('meeting:signal', (signal: { data: { n: number } }) => received.push(signal));
    await Promise.all(Array.from({ length: 30 }, (_, n) => emit(pair.his, 'meeting:signal', { data: { n } })));
    await eventually(
      async () => received.length,
      (count) => count === 30,
    );
    expect(received.map(({ data }) => data.n)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    expect(heard).toEqual([]);
    const large = await emit<Refusal>(pair.his, 'meeting:signal', {});
    expect(large).toMatchObject({ ok: false, code: 'VALIDATION_FAILED' });
  });

  it('whoever comes in has the answer before what the other’s browser tells them', async () => {
    const { his, hers } = await both();
    his.on('meeting:people', () => his.emit('meeting:signal', { data: { n: 1 } }));
    const order: string[] = [];
    hers.on('meeting:signal', () => order.push('signal'));
    for (let round = 1; round <= 10; round++) {
      hers.emit('meeting:enter', { tab_id: `hers-${round}`, can_record: true }, () => order.push('answer'));
      await eventually(
        async () => order.length,
        (count) => count === round * 2,
      );
    }
    expect(order).toEqual(Array.from({ length: 10 }, () => ['answer', 'signal']).flat());
  });

  it('the newer tab wins, and the older one may do nothing more', async () => {
    const { his, hers, his_link } = await both();
    const replaced = next<{ tab_id: string }>(his, 'meeting:replaced');
    const newer = await join(his_link);
    const told = next<State>(hers, 'meeting:people');
    expect(await enter(newer, 'newer')).toMatchObject({ ok: true });
    expect(await replaced).toEqual({ tab_id: 'newer' });
    expect((await told).people.speaker.tab_id).toBe('newer');
    await eventually(
      async () => his.connected,
      (connected) => !connected,
    );
    expect(await emit(newer, 'meeting:beat', { is_recording: false })).toMatchObject({
      ok: true,
      state: { people: { speaker: { is_here: true } } },
    });
  });

  it('a payload that is none is refused, whatever is sent', async () => {
    const { his } = await both();
    const names = ['look', 'enter', 'beat', 'leave', 'signal', 'say', 'messages'];
    for (const name of names) {
      for (const payload of [
        null,
        'text',
        42,
        [],
        { unknown: 1 },
        { tab_id: 7, can_record: 'yes', is_recording: 1, text: '', after_seq: -1 },
      ]) {
        expect(await emit(his, `meeting:${name}`, payload)).toMatchObject({ ok: false, code: 'VALIDATION_FAILED' });
      }
    }
    expect(his.connected).toBe(true);
  });

  it('direct messages go beside it, by page and by REST alike', async () => {
    const { his, hers, student, speaker, matching } = await both();
    const told = next(his, 'meeting:message');
    expect(await emit(hers, 'meeting:say', { text: '聞こえますか' })).toMatchObject({
      ok: true,
      message: { text: '聞こえますか', is_mine: true, seq: 2 },
    });
    await told;
    expect(await emit(his, 'meeting:messages', { after_seq: 1 })).toMatchObject({
      ok: true,
      messages: [{ text: '聞こえますか', is_mine: false, from_id: student.id }],
    });
    const byRest = next(hers, 'meeting:message');
    expect((await speaker.api('/messages', { method: 'POST', json: { matching_id: matching.id, text: 'はい' } })).status).toBe(201);
    await byRest;
    const { body } = await student.api<Array<{ text: string }>>(`/messages?matching_id=${matching.id}`);
    expect(body.map(({ text }) => text)).toEqual(['はい', '聞こえますか', 'はじめまして']);
    expect(await emit(hers, 'meeting:say', { text: '' })).toMatchObject({ ok: false, code: 'VALIDATION_FAILED' });
  });
});

describe('what is recorded', () => {
  const begin = (
    link: string,
    json: object = { content_type: 'audio/webm;codecs=opus' },
  ): Promise<Answer<{ id: string; offset: number } & Refusal>> =>
    server.api(`/meetings/${idIn(link)}/recordings`, { method: 'POST', json, headers: { 'meeting-token': tokenIn(link) } });

  const send = (link: string, take: string, offset: number, bytes: Uint8Array, length?: number): Promise<Answer<Refusal>> =>
    server.api(`/meetings/${idIn(link)}/recordings/${take}`, {
      method: 'PATCH',
      body: bytes as Uint8Array<ArrayBuffer>,
      headers: {
        'meeting-token': tokenIn(link),
        'content-type': 'application/offset+octet-stream',
        'upload-offset': String(offset),
        ...(length === undefined ? {} : { 'upload-length': String(length) }),
      },
    });

  it('comes in parts, goes on where it stopped, and becomes the matching’s audio once both have left', async () => {
    const { his, hers, his_link, her_link, student, speaker, matching } = await both();
    const sound = await readFile(new URL('../support/talk.webm', import.meta.url));
    const take = await begin(his_link);
    expect([take.status, take.body.offset]).toEqual([201, 0]);
    const { id } = take.body;
    const half = Math.floor(sound.length / 2);
    expect((await send(his_link, id, 0, sound.subarray(0, half))).headers.get('upload-offset')).toBe(String(half));
    // A part whose answer was lost is sent again: the server says where it is.
    const repeated = await send(his_link, id, 0, sound.subarray(0, half));
    expect([repeated.status, repeated.body.code, repeated.headers.get('upload-offset')]).toEqual([409, 'UPLOAD_OFFSET', String(half)]);
    const asked = await server.api(`/meetings/${idIn(his_link)}/recordings/${id}`, {
      method: 'HEAD',
      headers: { 'meeting-token': tokenIn(his_link) },
    });
    expect([asked.status, asked.headers.get('upload-offset')]).toEqual([200, String(half)]);
    // The other one's token, another meeting's and none write nothing.
    expect((await send(her_link, id, half, sound.subarray(half))).status).toBe(404);
    const elsewhere = await makePair();
    expect((await send(await linkOf(elsewhere.speaker, elsewhere.matching.id), id, half, sound.subarray(half))).status).toBe(404);
    expect(
      (
        await server.api(`/meetings/${idIn(his_link)}/recordings/${id}`, {
          method: 'PATCH',
          body: 'x',
          headers: { 'upload-offset': String(half) },
        })
      ).status,
    ).toBe(404);

    await shift(matching.id, -1);
    const told = next(hers, 'meeting:ended');
    await emit(hers, 'meeting:leave', { has_left: true });
    await emit(his, 'meeting:leave', { has_left: true });
    expect(await told).toEqual({ is_recorded: true });
    const ended = await eventually(
      async () => (await student.api<Matching>(`/matching/${matching.id}`)).body,
      ({ status }) => status !== 'booked',
      15_000,
    );
    expect(ended).toMatchObject({ status: 'done', is_done_meeting: true, audio_url: null });
    // The rest arrives after the end.
    expect((await send(his_link, id, half, sound.subarray(half), sound.length)).status).toBe(204);
    const done = await eventually(
      async () => (await student.api<Matching>(`/matching/${matching.id}`)).body,
      ({ audio_url }) => audio_url !== null,
      15_000,
    );
    const audio = await fetch(done.audio_url as string);
    expect([audio.status, audio.headers.get('content-type'), audio.headers.get('content-disposition')]).toEqual([
      200,
      'audio/webm',
      expect.stringMatching(/^inline; filename=talk-\d{8}-\d{4}\.webm$/),
    ]);
    expect(await emit(hers, 'meeting:look')).toMatchObject({ ok: true, state: { phase: 'over', is_recorded: true } });
    const bytes = Buffer.from(await audio.arrayBuffer());
    expect(bytes.subarray(0, 4).toString('hex')).toBe('1a45dfa3');
    const file_id = /files\/([^/]+)\//.exec(done.audio_url as string)?.[1] as string;
    const stranger = await makeUser(server.api, { client_id: town.client_id });
    expect((await speaker.api(`/files/${file_id}`)).status).toBe(200);
    expect((await student.api(`/files/${file_id}`)).status).toBe(200);
    expect((await stranger.api(`/files/${file_id}`)).status).toBe(404);
    // Nothing more is taken, and nothing of the parts is left.
    expect((await send(his_link, id, sound.length, sound)).status).toBe(404);
    expect((await begin(his_link)).body.code).toBe('MEETING_CLOSED');
    expect(await sql(server.database_url, 'select 1 from meeting_takes where meeting_id = $1', [idIn(his_link)])).toEqual([]);
  }, 60_000);

  /** Nothing is left of what browsers have recorded of a talk: no row, and no byte. */
  async function expectNothingOf(meeting_id: string, takes: readonly string[]): Promise<void> {
    expect(await sql(server.database_url, 'select id from meeting_takes where meeting_id = $1', [meeting_id])).toEqual([]);
    expect(await sql(server.database_url, 'select id from uploads where id = any($1)', [takes])).toEqual([]);
    await eventually(
      async () => (await folder.keys()).filter((key) => takes.some((take) => key.includes(take))),
      (keys) => keys.length === 0,
      15_000,
    );
  }

  it('goes with a talk that is called off while it is under way', async () => {
    const { his, hers, his_link, her_link, student, matching } = await both();
    await shift(matching.id, -1);
    const [his_take, her_take] = [(await begin(his_link)).body.id, (await begin(her_link)).body.id];
    for (const [link, take] of [
      [his_link, his_take],
      [her_link, her_take],
    ] as const) {
      expect((await send(link, take, 0, Buffer.from('sound'))).status).toBe(204);
    }
    expect((await folder.keys()).filter((key) => key.includes(his_take))).toHaveLength(1);
    // One of them is sending.
    let rest: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        rest = controller;
        controller.enqueue(Buffer.from('more '));
      },
    });
    const headers = { 'meeting-token': tokenIn(his_link), 'content-type': 'application/offset+octet-stream', 'upload-offset': '5' };
    const path = `/meetings/${idIn(his_link)}/recordings/${his_take}`;
    const sending = server.api<Refusal>(path, { method: 'PATCH', body, duplex: 'half', headers });
    await eventually(
      () => sql(server.database_url, 'select 1 from uploads where id = $1 and locked_by is not null', [his_take]),
      (held) => held.length === 1,
    );

    const told = next<State>(hers, 'meeting:people');
    const cancelled = await admin.api<Matching>(`/matching/${matching.id}`, { method: 'PATCH', json: { status: 'cancelled' } });
    expect([cancelled.status, cancelled.body.status]).toEqual([200, 'cancelled']);
    expect(await told).toMatchObject({ phase: 'cancelled', is_recorded: false });
    rest?.enqueue(Buffer.from('sound'));
    rest?.close();
    expect(await sending).toMatchObject({ status: 404, body: { code: 'UPLOAD_NOT_FOUND' } });
    expect((await send(her_link, her_take, 5, Buffer.from('more'))).body.code).toBe('UPLOAD_NOT_FOUND');
    expect((await begin(her_link)).body.code).toBe('MEETING_CLOSED');
    await expectNothingOf(idIn(his_link), [his_take, her_take]);
    expect(await emit(his, 'meeting:look')).toMatchObject({ ok: true, state: { phase: 'cancelled', is_recorded: false } });

    // Its time comes all the same.
    await shift(matching.id, -31);
    await runNow('matching.settle', matching.id);
    expect((await student.api<Matching>(`/matching/${matching.id}`)).body).toMatchObject({
      status: 'cancelled',
      is_done_meeting: false,
      audio_url: null,
    });
  }, 60_000);

  it('leaves nothing where it begins at the moment at which the talk is called off', async () => {
    const { his_link, matching } = await both();
    const door = new pg.Client({ connectionString: server.database_url });
    await door.connect();
    try {
      // Whoever begins has looked whether the talk is open, and waits with the writing until the talk is being called off.
      await door.query('begin');
      await door.query('lock table uploads in share mode');
      const waiting = (what: string): Promise<object[]> =>
        sql(
          server.database_url,
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and ${what}`,
        );
      const begun = begin(his_link);
      await eventually(
        () => waiting("query like '%insert into uploads%'"),
        (found) => found.length === 1,
      );
      let is_cancelled = false;
      const cancelled = admin.api(`/matching/${matching.id}`, { method: 'PATCH', json: { status: 'cancelled' } });
      const settled = cancelled.then(() => (is_cancelled = true));
      await eventually(
        () => waiting("wait_event = 'transactionid'"),
        (found) => found.length === 1 || is_cancelled,
      );
      await door.query('commit');
      await settled;
      const { status, body } = await begun;
      expect([(await cancelled).status, [201, 409].includes(status)]).toEqual([200, true]);
      await expectNothingOf(idIn(his_link), status === 201 ? [body.id] : []);
    } finally {
      await door.end();
    }
  });

  it('goes where the account of one of the two ends before the talk begins', async () => {
    const { her_link, speaker } = await both();
    const { id } = (await begin(her_link)).body;
    expect((await send(her_link, id, 0, Buffer.from('sound'))).status).toBe(204);
    expect((await speaker.api('/user', { method: 'DELETE' })).status).toBe(200);
    expect((await send(her_link, id, 5, Buffer.from('more'))).body.code).toBe('UPLOAD_NOT_FOUND');
    await expectNothingOf(idIn(her_link), [id]);
  });

  it('goes, and nobody has met, where a talk is moved to a time at which nobody is let in yet', async () => {
    const { his, hers, his_link, student, matching } = await both();
    const { id } = (await begin(his_link)).body;
    expect((await send(his_link, id, 0, Buffer.from('sound'))).status).toBe(204);
    const move = (json: object): Promise<Answer> => student.api(`/matching/${matching.id}`, { method: 'PATCH', json });
    const told = next<State>(hers, 'meeting:people');
    expect((await move({ date: minutesAhead(1_440) })).status).toBe(200);
    expect(await told).toMatchObject({ phase: 'early', is_recorded: false });
    expect((await send(his_link, id, 5, Buffer.from('more'))).body.code).toBe('UPLOAD_NOT_FOUND');
    expect((await begin(his_link)).body.code).toBe('MEETING_CLOSED');
    await expectNothingOf(idIn(his_link), [id]);
    for (const socket of [his, hers]) await emit(socket, 'meeting:leave', { has_left: false });

    await shift(matching.id, -31);
    await runNow('matching.settle', matching.id);
    expect((await student.api<Matching>(`/matching/${matching.id}`)).body).toMatchObject({
      status: 'no_show',
      is_done_meeting: false,
      audio_url: null,
    });
  }, 60_000);

  it('goes on where a talk is moved by minutes, or made longer, and the two have met', async () => {
    const [moved, resized] = [await both(), await both()];
    for (const [{ his_link, student, matching }, json] of [
      [moved, { date: minutesAhead(8) }],
      [resized, { meeting_length: 45 }],
    ] as const) {
      const { id } = (await begin(his_link)).body;
      expect((await send(his_link, id, 0, Buffer.from('sound'))).status).toBe(204);
      expect((await student.api(`/matching/${matching.id}`, { method: 'PATCH', json })).status).toBe(200);
      expect((await send(his_link, id, 5, Buffer.from('more'))).status).toBe(204);
      await shift(matching.id, -46);
      await runNow('matching.settle', matching.id);
      expect((await student.api<Matching>(`/matching/${matching.id}`)).body).toMatchObject({ status: 'done', is_done_meeting: true });
    }
  }, 60_000);

  it('two who are still in it have met where the talk comes back to a time at which they may be', async () => {
    const { student, matching } = await both();
    for (const date of [minutesAhead(1_440), minutesAhead(6)]) {
      expect((await student.api(`/matching/${matching.id}`, { method: 'PATCH', json: { date } })).status).toBe(200);
    }
    expect(
      await sql(server.database_url, 'select 1 from meetings where matching_id = $1 and met_at is not null', [matching.id]),
    ).toHaveLength(1);
  });

  it('nobody comes in who looked before the talk was moved to another day', async () => {
    const { student, speaker, matching } = await makePair();
    const [her_link, his_link] = [await linkOf(student, matching.id), await linkOf(speaker, matching.id)];
    const [hers, his] = [await join(her_link), await join(his_link)];
    await enter(hers);
    const door = new pg.Client({ connectionString: server.database_url });
    await door.connect();
    try {
      // Whoever comes in has looked whether the talk is open, and waits; the move comes first.
      await door.query('begin');
      await door.query('select 1 from meetings where id = $1 for update', [idIn(his_link)]);
      const entered = enter(his);
      await eventually(
        () =>
          sql(server.database_url, "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'transactionid'"),
        (found) => found.length === 1,
      );
      await door.query("update matchings set date = date + interval '1 day', ends_at = ends_at + interval '1 day' where id = $1", [
        matching.id,
      ]);
      await door.query('commit');
      expect(await entered).toMatchObject({ ok: false, code: 'MEETING_CLOSED' });
    } finally {
      await door.end();
    }
    expect(await sql(server.database_url, 'select 1 from meetings where id = $1 and met_at is not null', [idIn(his_link)])).toEqual([]);
  });

  it('is the meeting’s, and no upload of anybody’s', async () => {
    const { his_link, student, speaker } = await both();
    const { id } = (await begin(his_link)).body;
    expect((await send(his_link, id, 0, Buffer.from('sound'))).status).toBe(204);
    const key = await town.owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'files', scopes: ['files'] } });
    const system = withHeaders(server.api, { authorization: `Bearer ${key.body.key}`, 'x-client-id': town.client_id });
    const tus = { 'tus-resumable': '1.0.0' };
    for (const api of [speaker.api, student.api, admin.api, system]) {
      expect((await api(`/uploads/${id}`, { method: 'HEAD', headers: tus })).status).toBe(404);
      const headers = { ...tus, 'upload-offset': '5', 'content-type': 'application/offset+octet-stream' };
      for (const init of [
        { method: 'PATCH', body: 'more', headers },
        { method: 'DELETE', headers: tus },
      ]) {
        const refused = await api<Refusal>(`/uploads/${id}`, init);
        expect([refused.status, refused.body.code]).toEqual([404, 'UPLOAD_NOT_FOUND']);
      }
    }
    expect((await send(his_link, id, 5, Buffer.from('more'))).headers.get('upload-offset')).toBe('9');
  });

  it('is the other’s where the account of the one ends whose browser has recorded it', async () => {
    const sound = await readFile(new URL('../support/talk.webm', import.meta.url));
    const heard = async ({ student, matching }: Pair): Promise<Buffer> => {
      const done = await eventually(
        async () => (await student.api<Matching>(`/matching/${matching.id}`)).body,
        ({ audio_url }) => audio_url !== null,
        15_000,
      );
      expect(done).toMatchObject({ status: 'done', is_done_meeting: true });
      const [file] = await sql<{ owner_id: string }>(
        server.database_url,
        'select f.owner_id from matchings m join files f on f.client_id = m.client_id and f.id = m.audio_file_id where m.id = $1',
        [matching.id],
      );
      expect(file?.owner_id).toBe(student.id);
      return Buffer.from(await (await fetch(done.audio_url as string)).arrayBuffer());
    };

    // While the talk is under way: it ends with the account.
    const under_way = await both();
    await shift(under_way.matching.id, -1);
    const whole = (await begin(under_way.his_link)).body.id;
    expect((await send(under_way.his_link, whole, 0, sound, sound.length)).status).toBe(204);
    const told = next(under_way.hers, 'meeting:ended');
    expect((await under_way.speaker.api('/user', { method: 'DELETE' })).status).toBe(200);
    expect(await told).toEqual({ is_recorded: true });
    expect((await heard(under_way)).length).toBeGreaterThan(sound.length / 2);

    // After its end, before what was recorded was joined.
    const over = await both();
    await shift(over.matching.id, -1);
    const part = (await begin(over.his_link)).body.id;
    expect((await send(over.his_link, part, 0, sound)).status).toBe(204);
    for (const socket of [over.his, over.hers]) await emit(socket, 'meeting:leave', { has_left: true });
    await eventually(
      async () => (await over.student.api<Matching>(`/matching/${over.matching.id}`)).body.status,
      (status) => status === 'done',
      15_000,
    );
    expect((await over.speaker.api('/user', { method: 'DELETE' })).status).toBe(200);
    await sql(server.database_url, "update meetings set ended_at = now() - interval '3 minutes' where id = $1", [idIn(over.his_link)]);
    await hurry('meeting.assemble', idIn(over.his_link));
    expect((await heard(over)).length).toBeGreaterThan(sound.length / 2);
    await expectNothingOf(idIn(over.his_link), [part]);
  }, 60_000);

  it('is nobody’s where both accounts end', async () => {
    const { his_link, speaker, student, matching } = await both();
    await shift(matching.id, -1);
    const { id } = (await begin(his_link)).body;
    expect((await send(his_link, id, 0, Buffer.from('sound'))).status).toBe(204);
    const ended = await Promise.all([speaker, student].map(({ api }) => api('/user', { method: 'DELETE' })));
    expect(ended.map(({ status }) => status)).toEqual([200, 200]);
    await sql(server.database_url, "update meetings set ended_at = now() - interval '3 minutes' where id = $1", [idIn(his_link)]);
    await hurry('meeting.assemble', idIn(his_link));
    await eventually(
      () => sql(server.database_url, 'select 1 from meetings where id = $1 and recorded_at is not null', [idIn(his_link)]),
      (found) => found.length === 1,
      15_000,
    );
    await eventually(
      () => sql(server.database_url, 'select 1 from uploads where id = $1', [id]),
      (found) => found.length === 0,
    );
    await expectNothingOf(idIn(his_link), [id]);
    expect(await sql(server.database_url, 'select 1 from matchings where id = $1 and audio_file_id is not null', [matching.id])).toEqual(
      [],
    );
  }, 60_000);

  it('is refused where it is no sound, too much, or nobody’s', async () => {
    const { his_link } = await both();
    expect((await begin(his_link, { content_type: 'text/html' })).status).toBe(400);
    expect(
      (await server.api(`/meetings/${idIn(his_link)}/recordings`, { method: 'POST', json: { content_type: 'audio/webm' } })).status,
    ).toBe(404);
    const { id } = (await begin(his_link)).body;
    const large = await send(his_link, id, 0, new Uint8Array(60 * 60 * 16 * 1024));
    expect([large.status, large.body.code]).toEqual([413, 'FILE_TOO_LARGE']);
    const blind = await server.api<Refusal>(`/meetings/${idIn(his_link)}/recordings/${id}`, {
      method: 'PATCH',
      body: 'x',
      headers: { 'meeting-token': tokenIn(his_link), 'upload-offset': '-1' },
    });
    expect([blind.status, blind.body.code]).toEqual([400, 'VALIDATION_FAILED']);
  });
});

describe('the end', () => {
  it('comes at the talk’s length: done where both were there, no_show where one never came', async () => {
    const [met, missed] = [await both(), await makePair()];
    await enter(await join(await linkOf(missed.student, missed.matching.id)));
    for (const { matching } of [met, missed]) {
      await shift(matching.id, -31);
      await hurry('matching.settle', matching.id);
    }
    const ended = next(met.his, 'meeting:ended');
    const settled = (pair: Pair): Promise<Matching> =>
      eventually(
        async () => (await pair.student.api<Matching>(`/matching/${pair.matching.id}`)).body,
        ({ status }) => status !== 'booked',
        15_000,
      );
    expect(await settled(met)).toMatchObject({ status: 'done', is_done_meeting: true, audio_url: null });
    expect(await ended).toEqual({ is_recorded: false });
    expect(await settled(missed)).toMatchObject({ status: 'no_show', is_done_meeting: false });
    expect(await emit(met.his, 'meeting:beat', { is_recording: false })).toMatchObject({ ok: true, state: { phase: 'over' } });
  }, 60_000);

  it('does not come by leaving before it has begun, nor while one is still there', async () => {
    const { his, hers, his_link, student, matching } = await both();
    await emit(hers, 'meeting:leave', { has_left: true });
    await emit(his, 'meeting:leave', { has_left: true });
    expect(await waitingJobs('meeting.end', matching.id)).toEqual([]);
    await shift(matching.id, -1);
    const back = await join(his_link);
    expect(await enter(back, 'back')).toMatchObject({ ok: true });
    await emit(back, 'meeting:leave', { has_left: true });
    expect((await enter(back, 'back')).ok).toBe(true);
    // The job that the leaving asked for finds somebody there.
    await runNow('meeting.end', matching.id);
    expect((await student.api<Matching>(`/matching/${matching.id}`)).body.status).toBe('booked');
  }, 60_000);
});
