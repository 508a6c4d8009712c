import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';
import { type FakeChime, startChime } from '../support/chime.js';
import { emit, type TestUser } from '../support/client.js';
import { makePerson, makeTown, minutesAhead, type Town } from '../support/matching.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';

/* Meetings that Amazon Chime carries: what goes over the wire to Amazon, and what the two pages are given. */

interface Joined {
  ok: boolean;
  code?: string;
  message?: string;
  provider?: string;
  provider_join?: { meeting: { MeetingId: string }; attendee: { AttendeeId: string; JoinToken: string; ExternalUserId: string } };
}

const SECRET = 'chime-secret-of-the-tests';

let chime: FakeChime;
let server: TestServer;
let town: Town;
const sockets: Socket[] = [];

beforeAll(async () => {
  chime = await startChime();
  server = await startServer({ env: { CHIME_ENDPOINT: chime.url, AWS_ACCESS_KEY_ID: 'AKIATESTS', AWS_SECRET_ACCESS_KEY: SECRET } });
  town = await makeTown(server.api);
  const set = await town.owner.api<{ matching: object }>('/tenant', { method: 'PATCH', json: { matching: { meeting_provider: 'chime' } } });
  expect([set.status, set.body.matching]).toEqual([200, expect.objectContaining({ meeting_provider: 'chime' })]);
}, 120_000);

afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await server.stop();
  await chime.close();
});

interface Pair {
  student: TestUser;
  speaker: TestUser;
  matching_id: string;
}

async function makePair(): Promise<Pair> {
  const [student, speaker] = await Promise.all([makePerson(server.api, town, 'student'), makePerson(server.api, town, 'company')]);
  const json = { speaker_id: speaker.id, date: minutesAhead(5), meeting_length: 30 };
  const made = await student.api<{ id: string }>('/matching', { method: 'POST', json });
  return { student, speaker, matching_id: made.body.id };
}

async function join(person: TestUser, matching_id: string): Promise<Socket> {
  const { body } = await person.api<{ id: string; join_url: string }>('/meeting', { method: 'POST', json: { matching_id } });
  const pass = `${body.id}.${String(new URL(body.join_url).searchParams.get('token'))}`;
  const socket = io(server.url, { auth: { pass }, transports: ['websocket'], reconnection: false, forceNew: true });
  sockets.push(socket);
  await new Promise<void>((done, fail) => {
    socket.once('connect', done);
    socket.once('connect_error', fail);
  });
  return socket;
}

const enter = (socket: Socket): Promise<Joined> => emit<Joined>(socket, 'meeting:enter', { tab_id: 'tab', can_record: true });

describe('a meeting by Chime', () => {
  it('is made when the first one joins, once, and gives each an attendee of their own', async () => {
    const { student, speaker, matching_id } = await makePair();
    const [hers, his] = [await join(student, matching_id), await join(speaker, matching_id)];
    expect(chime.requests).toEqual([]);
    const joined = await Promise.all([enter(hers), enter(his)]);
    const [one, other] = joined.map(({ provider_join }) => provider_join);
    expect(joined.map(({ ok, provider }) => [ok, provider])).toEqual([
      [true, 'chime'],
      [true, 'chime'],
    ]);
    expect(chime.meetings.size).toBe(1);
    expect(one?.meeting.MeetingId).toBe(other?.meeting.MeetingId);
    expect(one?.attendee.ExternalUserId).toBe(student.id);
    expect(other?.attendee.ExternalUserId).toBe(speaker.id);
    expect(one?.attendee.JoinToken).not.toBe(other?.attendee.JoinToken);
    const [made] = chime.requests.filter(({ path }) => path === '/meetings');
    expect(made?.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIATESTS\/\d{8}\/us-east-1\/chime\/aws4_request/);
    expect(made?.body).toMatchObject({
      MediaRegion: 'ap-northeast-1',
      ExternalMeetingId: expect.any(String),
      ClientRequestToken: expect.any(String),
    });
    // Back again, it is the same place.
    const before = chime.requests.length;
    expect((await enter(hers)).provider_join).toEqual(one);
    expect(chime.requests.slice(before).map(({ path }) => path)).toEqual([`/meetings/${String(one?.meeting.MeetingId)}/attendees`]);
  });

  it('is made anew where Amazon has ended it, as it does once all have left', async () => {
    const { student, matching_id } = await makePair();
    const socket = await join(student, matching_id);
    const first = (await enter(socket)).provider_join?.meeting.MeetingId as string;
    chime.meetings.delete(first);
    const again = await enter(socket);
    expect(again.ok).toBe(true);
    expect(again.provider_join?.meeting.MeetingId).not.toBe(first);
  });

  it('is made anew once where both find it gone at the same time', async () => {
    const { student, speaker, matching_id } = await makePair();
    const sockets = [await join(student, matching_id), await join(speaker, matching_id)];
    const [first] = await Promise.all(sockets.map(enter));
    chime.meetings.delete(first?.provider_join?.meeting.MeetingId as string);
    chime.gather(2);
    const again = await Promise.all(sockets.map(enter));
    expect(new Set(again.map(({ provider_join }) => provider_join?.meeting.MeetingId)).size).toBe(1);
  });

  it('is recorded by the browsers as any other', async () => {
    const { student, speaker, matching_id } = await makePair();
    const [hers, his] = [await join(student, matching_id), await join(speaker, matching_id)];
    await enter(hers);
    expect(await enter(his)).toMatchObject({ ok: true, state: { recorder: 'speaker' } });
  });

  it.each([
    [403, 'MEETING_PROVIDER_FAILED'],
    [500, 'MEETING_PROVIDER_UNAVAILABLE'],
  ])('tells of a %d in words of its own, and lets nobody in by halves', async (status, code) => {
    const { student, matching_id } = await makePair();
    const socket = await join(student, matching_id);
    chime.fail(status);
    const refused = await enter(socket);
    chime.fail(null);
    expect(refused).toMatchObject({ ok: false, code });
    expect(JSON.stringify(refused)).not.toContain('123456789012');
    expect(server.logs()).not.toContain(SECRET);
    expect(await enter(socket)).toMatchObject({ ok: true });
  });
});

describe('the page of a meeting by Chime', () => {
  const pageOf = async (person: TestUser, matching_id: string): Promise<Response> => {
    const { body } = await person.api<{ join_url: string }>('/meeting', { method: 'POST', json: { matching_id } });
    return fetch(body.join_url);
  };

  it('may connect to Amazon’s signalling, and to the configured endpoint’s; and is as strict as any other', async () => {
    const { student, matching_id } = await makePair();
    const answer = await pageOf(student, matching_id);
    const host = new URL(chime.url).host;
    expect(answer.headers.get('content-security-policy')).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' wss://*.chime.aws ws://${host}; media-src 'self' blob:; ` +
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    // Whoever has no link learns nothing of who carries it.
    const nowhere = await fetch(`${answer.url.slice(0, -3)}xyz`, { headers: { accept: 'text/html' } });
    expect([nowhere.status, nowhere.headers.get('content-security-policy')]).toEqual([404, expect.not.stringContaining('chime')]);
  });

  it('gets Amazon’s library from this server, in one file of which no source map is served', async () => {
    const asset = (name: string): Promise<Response> => fetch(`${server.url}/meetings/assets/${name}`);
    const library = await asset('chime-sdk.bundle.js');
    expect([library.status, library.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
    const text = await library.text();
    expect(text).not.toMatch(/sourceMappingURL|\bimport\s*\(|\bimport\s*["'{*]/);
    expect(text).toMatch(/_aws_wt_session/);
    expect((await asset('chime-sdk.bundle.js.map')).status).toBe(404);
  });
});

describe('where Amazon’s keys are not set', () => {
  it('no meeting is opened and no matching booked, and the answer names the setting; what this server carries goes on', async () => {
    const { api, stop } = await startServer({ env: { CHIME_ENDPOINT: chime.url, AWS_EC2_METADATA_DISABLED: 'true' } });
    try {
      const place = await makeTown(api);
      const [student, speaker, stranger] = [
        await makePerson(api, place, 'student'),
        await makePerson(api, place, 'company'),
        await makePerson(api, place, 'student'),
      ];
      const book = async (minutes: number): Promise<string> => {
        const json = { speaker_id: speaker.id, date: minutesAhead(minutes), meeting_length: 30 };
        return (await student.api<{ id: string }>('/matching', { method: 'POST', json })).body.id;
      };
      const [before, after] = [await book(5), await book(120)];
      const open = (person: TestUser, json: object): Promise<Answer<{ code: string; message: string }>> =>
        person.api('/meeting', { method: 'POST', json });
      expect((await open(student, { matching_id: before })).status).toBe(201);
      await place.owner.api('/tenant', { method: 'PATCH', json: { matching: { meeting_provider: 'chime' } } });
      expect((await open(speaker, { matching_id: before })).status).toBe(201);
      for (const json of [{ matching_id: after }, { speaker_id: speaker.id, date: minutesAhead(900), meeting_length: 30 }]) {
        const refused = await open(student, json);
        expect([refused.status, refused.body.code]).toEqual([503, 'MEETING_PROVIDER_NOT_CONFIGURED']);
        expect(refused.body.message).toContain('AWS_ACCESS_KEY_ID');
      }
      expect((await student.api<unknown[]>('/matching')).body).toHaveLength(2);
      expect((await open(stranger, { matching_id: after })).body.code).toBe('MATCHING_NOT_FOUND');
    } finally {
      await stop();
    }
  }, 60_000);
});
