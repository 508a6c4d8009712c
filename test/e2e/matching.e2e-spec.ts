import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { collect, connectSocket, eventually, makeUser, operatorOf, type TestUser, withHeaders } from '../support/client.js';
import { makeAdmin, makePerson, makeTown, minutesAhead, type Town, uploadImage } from '../support/matching.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

interface Matching {
  id: string;
  speaker: { id: string; name: string } | null;
  listener: { id: string; name: string } | null;
  date: string;
  meeting_length: number;
  status: string;
  is_done_meeting: boolean;
  is_done_payment: boolean;
  audio_url: string | null;
  room_id: string;
  transcript: string | null;
  summary: string | null;
}

interface Refusal {
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

interface Notification {
  id: string;
  type: string;
  object_id: string;
  text: string;
  created_at: string;
  read_at: string | null;
}

const NOBODY = '019ac1f0-0000-7000-8000-000000000000';

let server: TestServer;
let town: Town;
let speaker: TestUser;
let listener: TestUser;
let admin: TestUser;
/** Days ahead that no other test of this file uses. */
let day = 1;

beforeAll(async () => {
  server = await startServer();
  town = await makeTown(server.api);
  [speaker, listener, admin] = await Promise.all([person('company'), person('student'), makeAdmin(server.api, town)]);
}, 60_000);

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
});

function person(type: 'student' | 'company', options = {}): Promise<TestUser> {
  return makePerson(server.api, town, type, options);
}

function freeDate(): string {
  return minutesAhead(24 * 60 * day++);
}

function book<T = Matching>(by: Api, json: object): Promise<Answer<T>> {
  return by<T>('/matching', { method: 'POST', json: { speaker_id: speaker.id, date: freeDate(), meeting_length: 30, ...json } });
}

function change<T = Matching>(by: Api, id: string, json: object): Promise<Answer<T>> {
  return by<T>(`/matching/${id}`, { method: 'PATCH', json });
}

/** Gives a talk a file as its recording. */
async function record(id: string, owner: TestUser): Promise<string> {
  const file_id = await uploadImage(owner, 'talk.png');
  await sql(server.database_url, 'update matchings set audio_file_id = $2 where id = $1', [id, file_id]);
  await sql(
    server.database_url,
    `insert into file_attachments (client_id, file_id, object_kind, object_id) values ($1, $2, 'matching', $3)`,
    [town.client_id, file_id, id],
  );
  return file_id;
}

async function unread({ api }: TestUser): Promise<number> {
  return (await api<{ notifications: number }>('/users/me')).body.notifications;
}

describe('POST /matching', () => {
  it('books a talk, with a private room whose first message is the one given', async () => {
    const date = freeDate();
    const { status, body } = await book(listener.api, { date, meeting_length: 45, message: 'お話を伺いたいです' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String),
      speaker: { id: speaker.id, name: '社員 太郎' },
      listener: { id: listener.id, name: '学生 花子' },
      date,
      meeting_length: 45,
      status: 'booked',
      is_done_meeting: false,
      is_done_payment: false,
      audio_url: null,
      room_id: expect.any(String),
      transcript: null,
      summary: null,
    });
    for (const one of [speaker, listener]) {
      expect((await one.api<Matching>(`/matching/${body.id}`)).body).toEqual(body);
      const { body: messages } = await one.api<Array<{ text: string; from_id: string }>>(`/messages?matching_id=${body.id}`);
      expect(messages).toMatchObject([{ matching_id: body.id, from_id: listener.id, text: 'お話を伺いたいです' }]);
    }
  });

  it('refuses what is not valid, naming every field', async () => {
    const past = new Date(Date.now() - 60_000).toISOString();
    const wrong: Array<[object, string[]]> = [
      [{ date: past }, ['date']],
      [{ date: 'tomorrow' }, ['date']],
      [{ date: '9999-12-31T23:59:59Z' }, ['date']],
      [{ meeting_length: 0 }, ['meeting_length']],
      [{ meeting_length: 600 }, ['meeting_length']],
      [{ meeting_length: 4 }, ['meeting_length']],
      [{ speaker_id: 7, meeting_length: 181, message: '' }, ['meeting_length', 'message', 'speaker_id']],
      [{ status: 'done' }, ['status']],
    ];
    for (const [json, fields] of wrong) {
      const { status, body } = await book<Refusal>(listener.api, json);
      expect([json, status, body.details?.map(({ field }) => field).sort()]).toEqual([json, 400, fields]);
    }
  });

  it('takes company users to speak and students to listen, and says which is not', async () => {
    const [student, other, plain] = await Promise.all([
      person('student'),
      person('company'),
      makeUser(server.api, { client_id: town.client_id }),
    ]);
    const refused = async (by: Api, json: object): Promise<[number, string]> => {
      const { status, body } = await book<Refusal>(by, json);
      return [status, body.message];
    };
    expect(await refused(listener.api, { speaker_id: student.id })).toEqual([400, 'speaker must be a company user']);
    expect(await refused(listener.api, { speaker_id: listener.id })).toEqual([400, 'speaker must be a company user']);
    expect(await refused(listener.api, { speaker_id: plain.id })).toEqual([400, 'speaker must be a company user']);
    expect(await refused(other.api, {})).toEqual([400, 'listener must be a student user']);
    expect(await refused(speaker.api, { speaker_id: speaker.id })).toEqual([400, 'listener must be a student user']);
    expect(await refused(plain.api, {})).toEqual([400, 'listener must be a student user']);
    for (const speaker_id of [NOBODY, 'x']) expect(await refused(listener.api, { speaker_id })).toEqual([404, 'User not found']);
  });

  it('asks for proof of who both are, after their types', async () => {
    const [guest, unproven] = await Promise.all([
      person('student', { is_authenticated: false }),
      person('company', { is_authenticated: false }),
    ]);
    for (const [by, speaker_id] of [
      [guest, speaker.id],
      [listener, unproven.id],
    ] as const) {
      const { status, body } = await book<Refusal>(by.api, { speaker_id });
      expect([status, body.message]).toEqual([403, 'Identity not verified']);
    }
    expect((await book<Refusal>(guest.api, { speaker_id: listener.id })).status).toBe(400);
  });

  it('books nobody twice at a time; one may begin when the other ends', async () => {
    const [student, other] = await Promise.all([person('student'), person('company')]);
    const date = freeDate();
    const at = (minutes: number): string => new Date(Date.parse(date) + minutes * 60_000).toISOString();
    expect((await book(listener.api, { date })).status).toBe(201);
    const busy = await book<Refusal>(student.api, { date: at(29) });
    expect([busy.status, busy.body.message]).toEqual([409, 'Speaker is not available']);
    const taken = await book<Refusal>(listener.api, { speaker_id: other.id, date: at(-29) });
    expect([taken.status, taken.body.message]).toEqual([409, 'Listener is not available']);
    expect((await book(student.api, { date: at(30) })).status).toBe(201);
    expect((await book(student.api, { date: at(-30) })).status).toBe(201);
    expect(await unread(other)).toBe(0);
  });

  it('lets admins and systems name who listens, and nobody else', async () => {
    const named = await book<Refusal>(speaker.api, { listener_id: listener.id });
    expect([named.status, named.body.code]).toEqual([403, 'NOT_YOURSELF']);
    expect((await book(listener.api, { listener_id: listener.id })).status).toBe(201);
    expect((await book(admin.api, { listener_id: listener.id })).body.listener?.id).toBe(listener.id);
    const made = await town.owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'm', scopes: ['matching'] } });
    const system = withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': town.client_id });
    expect((await book(system, { listener_id: listener.id })).status).toBe(201);
    expect((await book<Refusal>(system, {})).body.details).toEqual([{ field: 'listener_id', message: expect.any(String) }]);
    expect((await book<Refusal>(system, { listener_id: NOBODY })).body.message).toBe('User not found');
  });

  it('is for the signed in', async () => {
    expect((await book(server.api, {})).status).toBe(401);
  });

  it('gives one slot to one of very many who want it at once', async () => {
    const claims = 1_000;
    const [students, other] = await Promise.all([Promise.all(Array.from({ length: 5 }, () => person('student'))), person('company')]);
    const date = freeDate();
    const statuses: Record<number, number> = {};
    let claimed = 0;
    const claim = async (): Promise<void> => {
      while (claimed < claims) {
        const by = students[claimed++ % students.length]!;
        const { status } = await book(by.api, { speaker_id: other.id, date });
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: 32 }, claim));
    expect(statuses).toEqual({ 201: 1, 409: claims - 1 });
    const rows = await sql(server.database_url, 'select 1 from matchings where speaker_id = $1', [other.id]);
    expect(rows).toHaveLength(1);
    expect(await unread(other)).toBe(1);
    const rooms = await sql(server.database_url, 'select 1 from room_members where user_id = $1', [other.id]);
    expect(rooms).toHaveLength(1);
  }, 120_000);
});

describe('GET /matching', () => {
  it('lists the caller’s own, the latest first, by status and time', async () => {
    const [student, one, two] = await Promise.all([person('student'), person('company'), person('company')]);
    const dates = [freeDate(), freeDate(), freeDate()];
    const ids: string[] = [];
    for (const [index, date] of dates.entries()) {
      ids.push((await book(student.api, { speaker_id: [one, two][index % 2]!.id, date })).body.id);
    }
    await change(student.api, ids[1]!, { status: 'cancelled' });
    const listed = async (by: TestUser, query = ''): Promise<string[]> =>
      (await by.api<Matching[]>(`/matching${query}`)).body.map(({ id }) => id);
    expect(await listed(student)).toEqual([ids[2], ids[1], ids[0]]);
    expect(await listed(one)).toEqual([ids[2], ids[0]]);
    expect(await listed(student, '?status=cancelled')).toEqual([ids[1]]);
    expect(await listed(student, `?from=${dates[1] ?? ''}`)).toEqual([ids[2], ids[1]]);
    expect(await listed(student, `?to=${dates[1] ?? ''}`)).toEqual([ids[0]]);
    const paged: string[] = [];
    let path: string | undefined = '/matching?limit=1';
    while (path) {
      const page: Answer<Matching[]> = await student.api<Matching[]>(path);
      paged.push(...page.body.map(({ id }) => id));
      path = /<([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(paged).toEqual([ids[2], ids[1], ids[0]]);
    expect((await student.api<Refusal>('/matching?cursor=zzz')).body.code).toBe('INVALID_CURSOR');
    expect((await server.api('/matching')).status).toBe(401);
  });

  it('has a signed link to the recording, which the two may read besides', async () => {
    const { id } = (await book(listener.api, {})).body;
    const file_id = await record(id, speaker);
    const { audio_url } = (await listener.api<Matching>(`/matching/${id}`)).body;
    const { pathname, search, origin } = new URL(audio_url!);
    expect(origin).toBe(server.url);
    expect((await server.api(pathname + search)).status).toBe(200);
    expect((await server.api(pathname)).status).toBe(400);
    expect((await listener.api<Matching[]>('/api/matching')).body.find((one) => one.id === id)?.audio_url).toContain(
      `/api/files/${file_id}/`,
    );
    expect((await listener.api(`/files/${file_id}`)).status).toBe(200);
    expect((await (await person('student', { is_authenticated: false })).api(`/files/${file_id}`)).status).toBe(404);
    for (const { api } of [speaker, listener, await person('student')])
      expect([403, 404, 409]).toContain((await api(`/files/${file_id}`, { method: 'DELETE' })).status);
    expect((await speaker.api<Refusal>(`/files/${file_id}`, { method: 'DELETE' })).body.code).toBe('FILE_IN_USE');
    expect((await listener.api(`/files/${file_id}`)).status).toBe(200);
    expect((await town.owner.api(`/files/${file_id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await listener.api<Matching>(`/matching/${id}`)).body.audio_url).toBeNull();
  });

  it('shows one to the two and to admins; to everybody else there is none', async () => {
    const { id } = (await book(listener.api, {})).body;
    const stranger = await person('student');
    const foreign = await makeUser(server.api);
    for (const by of [speaker.api, listener.api, admin.api, operatorOf(server.api, town.client_id)]) {
      expect((await by(`/matching/${id}`)).status).toBe(200);
    }
    for (const by of [stranger.api, foreign.api]) {
      for (const answer of [await by<Refusal>(`/matching/${id}`), await change<Refusal>(by, id, { status: 'cancelled' })]) {
        expect([answer.status, answer.body.message]).toEqual([404, 'Matching not found']);
      }
    }
    expect((await listener.api<Refusal>('/matching/none')).body.message).toBe('Matching not found');
  });
});

describe('PATCH /matching/{id}', () => {
  it('moves a talk by either of the two, where both are free', async () => {
    const { id } = (await book(listener.api, {})).body;
    const other = (await book(listener.api, {})).body;
    const date = freeDate();
    const moved = await change(speaker.api, id, { date, meeting_length: 60 });
    expect(moved.status).toBe(200);
    expect(moved.body).toMatchObject({ date, meeting_length: 60, status: 'booked' });
    expect((await change(listener.api, id, { meeting_length: 20 })).body).toMatchObject({ date, meeting_length: 20 });
    const busy = await change<Refusal>(listener.api, id, { date: other.date });
    expect([busy.status, busy.body.message]).toEqual([409, 'Speaker is not available']);
    expect((await change(listener.api, id, { date: new Date(0).toISOString() })).status).toBe(400);
    expect((await change(listener.api, id, { status: 'done' })).status).toBe(400);
    expect((await change(listener.api, id, {})).body).toMatchObject({ date, meeting_length: 20 });
  });

  it('cancels once, and gives the slot back', async () => {
    const { id, date } = (await book(listener.api, {})).body;
    expect((await change(speaker.api, id, { status: 'cancelled' })).body.status).toBe('cancelled');
    for (const json of [{ status: 'cancelled' }, { date: freeDate() }]) {
      const { status, body } = await change<Refusal>(listener.api, id, json);
      expect([status, body.code]).toEqual([409, 'MATCHING_OVER']);
    }
    expect((await book(listener.api, { date })).status).toBe(201);
  });

  it('keeps to the tenant’s cut-off, which binds the two alone', async () => {
    const { id } = (await book(listener.api, { date: minutesAhead(115) })).body;
    const set = await town.owner.api('/tenant', { method: 'PATCH', json: { matching: { cancel_cutoff_hours: 2 } } });
    expect(set.body).toMatchObject({ matching: { cancel_cutoff_hours: 2, currency: 'jpy', message_ttl_days: 30 } });
    for (const by of [listener, speaker]) {
      const { status, body } = await change<Refusal>(by.api, id, { status: 'cancelled' });
      expect([status, body.code]).toEqual([409, 'CUTOFF_PASSED']);
    }
    expect((await change(admin.api, id, { status: 'cancelled' })).status).toBe(200);
    await town.owner.api('/tenant', { method: 'PATCH', json: { matching: { cancel_cutoff_hours: null } } });
  });

  it('lets two who change the same talk at once do so one after the other', async () => {
    const { id } = (await book(listener.api, {})).body;
    const answers = await Promise.all(
      [...Array(10).keys()].map((n) => change([speaker, listener][n % 2]!.api, id, { status: 'cancelled' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(409)]);
  });
});

describe('what becomes of a talk by itself', () => {
  /** As if its time were over: the queue is told to look now. */
  const end = async (id: string, met: boolean): Promise<void> => {
    await sql(
      server.database_url,
      `update matchings set date = now() - interval '1 hour', ends_at = now() - interval '1 hour' + make_interval(mins => meeting_length),
              is_done_meeting = $2 where id = $1`,
      [id, met],
    );
    await sql(server.database_url, `update graphile_worker._private_jobs set run_at = now() where payload ->> 'matching_id' = $1`, [id]);
    await sql(
      server.database_url,
      `select graphile_worker.add_job('matching.settle', json_build_object('client_id', $1::text, 'matching_id', $2::text))`,
      [town.client_id, id],
    );
  };

  it('is done where they met, and missed where they did not', async () => {
    const [met, missed] = [(await book(listener.api, {})).body.id, (await book(listener.api, {})).body.id];
    // Both are put at the same hour: the second one once the first is settled.
    for (const [id, has_met, status] of [
      [met, true, 'done'],
      [missed, false, 'no_show'],
    ] as const) {
      await end(id, has_met);
      await eventually(
        async () => (await listener.api<Matching>(`/matching/${id}`)).body.status,
        (now) => now === status,
      );
    }
    expect((await change<Refusal>(listener.api, met, { status: 'cancelled' })).body.code).toBe('MATCHING_OVER');
  });

  it('is called off when an account ends, and the other is told', async () => {
    const [student, other] = await Promise.all([person('student'), person('company')]);
    const { id } = (await book(student.api, { speaker_id: other.id, message: 'はじめまして' })).body;
    await other.api('/notifications/read', { method: 'POST', json: {} });
    expect((await student.api('/user', { method: 'DELETE' })).status).toBe(200);
    const seen = await other.api<Matching>(`/matching/${id}`);
    expect(seen.body).toMatchObject({ status: 'cancelled', listener: null, speaker: { id: other.id } });
    const { body } = await eventually(
      () => other.api<Notification[]>('/notifications'),
      ({ body: list }) => list[0]?.type === 'matching.cancelled',
    );
    expect(body[0]).toMatchObject({ object_id: id, read_at: null });
    expect(await unread(other)).toBe(1);
    expect((await other.api<object[]>(`/messages?matching_id=${id}`)).body).toMatchObject([{ from_id: null, text: 'はじめまして' }]);
  });

  it('keeps its recording while one of the two is there, whoever ends their account first', async () => {
    const stored = async (): Promise<number> => {
      const [row] = await sql<{ bytes: string }>(server.database_url, 'select bytes from storage_usage where client_id = $1', [
        town.client_id,
      ]);
      return Number(row?.bytes);
    };
    for (const first of ['speaker', 'listener'] as const) {
      const two = { speaker: await person('company'), listener: await person('student') };
      const [owner, other] = first === 'speaker' ? [two.speaker, two.listener] : [two.listener, two.speaker];
      const { id } = (await book(two.listener.api, { speaker_id: two.speaker.id })).body;
      const before = await stored();
      const file_id = await record(id, owner);
      const size = (await stored()) - before;
      const papers = await sql(server.database_url, 'select 1 from files where owner_id = $1', [owner.id]);
      expect((await owner.api('/user', { method: 'DELETE' })).status).toBe(200);
      // Their other files went.
      expect(papers.length).toBeGreaterThan(1);
      expect(await sql(server.database_url, 'select 1 from files where owner_id = $1', [owner.id])).toEqual([]);
      const { audio_url } = (await other.api<Matching>(`/matching/${id}`)).body;
      expect(audio_url).toContain(file_id);
      expect((await other.api(`/files/${file_id}`)).status).toBe(200);
      expect((await other.api<Refusal>(`/files/${file_id}`, { method: 'DELETE' })).body.code).toBe('FILE_IN_USE');
      expect((await other.api<Array<{ id: string }>>('/files')).body.map((file) => file.id)).toContain(file_id);
      expect(await stored()).toBe(before + size - (papers.length - 1) * size);
      expect((await other.api('/user', { method: 'DELETE' })).status).toBe(200);
      expect(await sql(server.database_url, 'select 1 from files where id = $1', [file_id])).toEqual([]);
    }
  });

  it('leaves no recording to nobody where both end their accounts at once', async () => {
    const two = [await person('company'), await person('student')] as const;
    const { id } = (await book(two[1].api, { speaker_id: two[0].id })).body;
    const file_id = await record(id, two[0]);
    const ended = await Promise.all(two.map(({ api }) => api('/user', { method: 'DELETE' })));
    expect(ended.map(({ status }) => status)).toEqual([200, 200]);
    expect(await sql(server.database_url, 'select 1 from files where id = $1', [file_id])).toEqual([]);
  });

  it('goes with its tenant', async () => {
    const gone = await makeTown(server.api);
    const make = (type: 'student' | 'company'): Promise<TestUser> => makePerson(server.api, gone, type);
    const [student, other] = await Promise.all([make('student'), make('company')]);
    expect((await book(student.api, { speaker_id: other.id, message: 'x' })).status).toBe(201);
    expect((await operatorOf(server.api)(`/tenants/${gone.client_id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await sql(server.database_url, 'select 1 from matchings where client_id = $1', [gone.client_id])).toEqual([]);
  });
});

describe('the database itself', () => {
  it('holds the types, also against a change of them', async () => {
    const [student, other] = await Promise.all([person('student'), person('company')]);
    const { id } = (await book(student.api, { speaker_id: other.id })).body;
    const swap = sql(server.database_url, 'update matchings set speaker_id = listener_id where id = $1', [id]);
    await expect(swap).rejects.toThrow('matchings_speaker_fkey');
    const json = { type: 'company', company_id: town.company_id, job_id: town.job_id };
    const held = await student.api<Refusal>('/users/me', { method: 'PUT', json });
    expect([held.status, held.body.code]).toEqual([409, 'TYPE_HELD']);
    await change(student.api, id, { status: 'cancelled' });
    const hired = await student.api<{ type: string; university_id: null; is_authenticated: boolean }>('/users/me', { method: 'PUT', json });
    expect(hired.body).toMatchObject({ type: 'company', university_id: null, is_authenticated: false });
    expect((await student.api<Matching>(`/matching/${id}`)).body.listener?.id).toBe(student.id);
  });

  it('holds the counter at nothing or more', async () => {
    const refused = sql(server.database_url, 'update users set notifications = -1 where id = $1', [listener.id]);
    await expect(refused).rejects.toThrow('users_notifications_check');
  });
});

describe('the messages of the two', () => {
  interface DirectMessage {
    id: string;
    matching_id: string;
    from_id: string;
    text: string;
    created_at: string;
    expires_at: string;
  }
  let id: string;
  let room_id: string;

  beforeAll(async () => {
    ({ id, room_id } = (await book(listener.api, {})).body);
  });

  const write = <T = DirectMessage>(by: Api, text: string): Promise<Answer<T>> =>
    by<T>('/messages', { method: 'POST', json: { matching_id: id, text } });

  it('live for 30 days, newest first, page by page', async () => {
    const first = await write(listener.api, 'こんにちは');
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      id: expect.any(String),
      matching_id: id,
      from_id: listener.id,
      text: 'こんにちは',
      created_at: expect.any(String),
      expires_at: expect.any(String),
    });
    expect(Date.parse(first.body.expires_at) - Date.parse(first.body.created_at)).toBe(30 * 86_400_000);
    await write(speaker.api, 'はい');
    const page = await speaker.api<DirectMessage[]>(`/messages?matching_id=${id}&limit=1`);
    expect(page.body.map(({ text }) => text)).toEqual(['はい']);
    const next = /<([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1];
    expect((await speaker.api<DirectMessage[]>(next!)).body.map(({ text }) => text)).toEqual(['こんにちは']);
  });

  it('are nobody else’s, admins and systems among them', async () => {
    const stranger = await person('student');
    for (const by of [stranger.api, admin.api, town.owner.api, (await makeUser(server.api)).api]) {
      for (const answer of [await write<Refusal>(by, 'x'), await by<Refusal>(`/messages?matching_id=${id}`)]) {
        expect([answer.status, answer.body.message]).toEqual([404, 'Matching not found']);
      }
      expect((await by(`/rooms/${room_id}`)).status).toBe(404);
    }
    expect((await write(server.api, 'x')).status).toBe(401);
    expect((await listener.api('/messages')).status).toBe(400);
  });

  it('tell of their writers by id alone, everywhere', async () => {
    const socket = await connectSocket(server.url, speaker.access_token);
    const joined = (await socket.timeout(5_000).emitWithAck('joinRoom', { room_id, after_seq: 0 })) as { missed: Array<{ from: object }> };
    const heard = collect<{ from: object }>(socket, 'message');
    await write(listener.api, '匿名です');
    await eventually(
      () => Promise.resolve(heard),
      (list) => list.length === 1,
    );
    const history = await speaker.api<Array<{ from: object }>>(`/rooms/${room_id}/messages`);
    const found = await speaker.api<Array<{ from: object }>>(`/messages/search?q=${encodeURIComponent('匿名')}`);
    const members = await speaker.api<Array<{ user: object }>>(`/rooms/${room_id}/members`);
    const room = await speaker.api<{ last_message: { from: object }; name: string }>(`/rooms/${room_id}`);
    const shown = [...joined.missed, ...heard, ...history.body, ...found.body, room.body.last_message].map(({ from }) => from);
    expect(found.body).toHaveLength(1);
    for (const from of [...shown, ...members.body.map(({ user }) => user)]) expect(Object.keys(from)).toEqual(['id']);
    const all = JSON.stringify([joined, heard, history.body, found.body, members.body, room.body]);
    for (const one of [speaker, listener]) expect(all).not.toMatch(new RegExp(`${one.username}|${one.email}`));
    socket.disconnect();
  });

  it('live no longer than the tenant has it, whatever is asked for', async () => {
    const say = (ttl_seconds: number): Promise<Answer<{ created_at: string; expires_at: string }>> =>
      speaker.api(`/rooms/${room_id}/messages`, { method: 'POST', json: { content: 'x', ttl_seconds } });
    for (const [asked, days] of [
      [10 * 365 * 86_400, 30],
      [86_400, 1],
    ] as const) {
      const { body } = await say(asked);
      expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(days * 86_400_000);
    }
  });

  it('stand in a room that the two can neither change, leave, open nor delete', async () => {
    const tries: Array<[string, string, object?]> = [
      ['PATCH', '', { name: 'ours' }],
      ['PATCH', '', { message_ttl_seconds: null }],
      ['DELETE', ''],
      ['PUT', `/members/${admin.id}`, {}],
      ['PUT', `/members/${speaker.id}`, { role: 'admin' }],
      ['DELETE', `/members/${listener.id}`],
      ['DELETE', `/members/${speaker.id}`],
    ];
    for (const [method, path, json] of tries) {
      const { status } = await speaker.api(`/rooms/${room_id}${path}`, { method, ...(json ? { json } : {}) });
      expect([method, path, [403, 409].includes(status)]).toEqual([method, path, true]);
    }
    expect((await speaker.api(`/rooms/${room_id}/members/${speaker.id}`, { method: 'DELETE' })).body).toMatchObject({
      code: 'ROOM_MEMBERS_FIXED',
      message: 'The members of this room cannot be changed',
    });
    expect((await speaker.api<object[]>(`/rooms/${room_id}/members`)).body).toHaveLength(2);
  });

  it('tell the other one, by whichever door they come', async () => {
    const before = await unread(speaker);
    await write(listener.api, 'a');
    expect(await unread(speaker)).toBe(before + 1);
    await listener.api(`/rooms/${room_id}/messages`, { method: 'POST', json: { content: 'b' } });
    expect(await unread(speaker)).toBe(before + 2);
    const { body } = await speaker.api<Notification[]>('/notifications?limit=2');
    expect(body).toMatchObject([
      { type: 'message', object_id: id },
      { type: 'message', object_id: id },
    ]);
    expect(JSON.stringify(body)).not.toContain('"a"');
  });
});

describe('notifications', () => {
  it('come to both of a talk: live, in the list, and in the counter', async () => {
    const [student, other] = await Promise.all([person('student'), person('company')]);
    const sockets = await Promise.all([student, other].map(({ access_token }) => connectSocket(server.url, access_token)));
    const heard = sockets.map((socket) => collect<Notification>(socket, 'notification'));
    const { id } = (await book(student.api, { speaker_id: other.id, message: 'x' })).body;
    await change(other.api, id, { meeting_length: 20 });
    const { body: told } = await student.api<Array<Notification & { text: string }>>('/notifications?limit=1');
    expect(told[0]?.text).toMatch(/now takes 20 minutes$/);
    await change(student.api, id, { status: 'cancelled' });
    const both = ['matching.created', 'matching.changed', 'matching.cancelled'];
    const expected = [both, ['matching.created', 'message', 'matching.changed', 'matching.cancelled']];
    for (const [index, one] of [student, other].entries()) {
      const live = await eventually(
        () => Promise.resolve(heard[index]!),
        (list) => list.length === expected[index]!.length,
      );
      expect(live.map(({ type }) => type)).toEqual(expected[index]);
      // Before them stands that their papers were approved, read.
      expect((await one.api<Notification[]>('/notifications')).body.slice(0, -1)).toEqual([...live].reverse());
      expect(new Set(live.map(({ object_id }) => object_id))).toEqual(new Set([id]));
      expect(await unread(one)).toBe(expected[index]!.length);
    }
    for (const socket of sockets) socket.disconnect();
  });

  it('are read one by one or all at once; another’s are as absent', async () => {
    const [student, other] = await Promise.all([person('student'), person('company')]);
    const { id } = (await book(student.api, { speaker_id: other.id, message: 'x' })).body;
    await change(other.api, id, { status: 'cancelled' });
    const { body: theirs } = await student.api<Notification[]>('/notifications');
    const { body: mine } = await other.api<Notification[]>('/notifications');
    const read = async (json: object): Promise<number> =>
      (await other.api<{ notifications: number }>('/notifications/read', { method: 'POST', json })).body.notifications;
    expect(mine).toHaveLength(4);
    expect(await read({ ids: [theirs[0]!.id, NOBODY] })).toBe(3);
    expect(await read({ ids: [mine[0]!.id, mine[0]!.id] })).toBe(2);
    expect(await read({ ids: [mine[0]!.id] })).toBe(2);
    expect(await read({})).toBe(0);
    expect(await read({})).toBe(0);
    expect((await other.api<Notification[]>('/notifications')).body.every(({ read_at }) => read_at !== null)).toBe(true);
    expect(await unread(student)).toBe(2);
    expect((await other.api('/notifications/read', { method: 'POST', json: { ids: [7] } })).status).toBe(400);
    expect((await server.api('/notifications')).status).toBe(401);
    expect((await server.api('/notifications/read', { method: 'POST', json: {} })).status).toBe(401);
  });

  it('are counted right while many come and are read at once', async () => {
    const [student, other] = await Promise.all([person('student'), person('company')]);
    const { id } = (await book(student.api, { speaker_id: other.id })).body;
    const write = (): Promise<unknown> => student.api('/messages', { method: 'POST', json: { matching_id: id, text: 'x' } });
    const read = (): Promise<unknown> => other.api('/notifications/read', { method: 'POST', json: {} });
    const answers = await Promise.all([...Array(60).keys()].map((n) => (n % 3 === 0 ? read() : write())));
    expect(new Set(answers.map((answer) => (answer as Answer).status))).toEqual(new Set([200, 201]));
    const { body } = await other.api<Notification[]>('/notifications?limit=200');
    // One of the papers, one of the booking.
    expect(body).toHaveLength(2 + 40);
    expect(await unread(other)).toBe(body.filter(({ read_at }) => read_at === null).length);
  });

  it('go after half a year, and the counter follows', async () => {
    const [student, other] = await Promise.all([person('student'), person('company')]);
    const { id } = (await book(student.api, { speaker_id: other.id, message: 'x' })).body;
    await change(other.api, id, { status: 'cancelled' });
    const { body: told } = await other.api<Notification[]>('/notifications');
    expect(await unread(other)).toBe(3);
    // One that was read, one that was not.
    const old = [told[0]!.id, told[1]!.id];
    await other.api('/notifications/read', { method: 'POST', json: { ids: [told[0]!.id] } });
    await sql(server.database_url, `update notifications set created_at = now() - interval '181 days' where id = any($1)`, [old]);
    await sql(server.database_url, `select graphile_worker.add_job('notifications.sweep')`);
    const left = await eventually(
      async () => (await other.api<Notification[]>('/notifications')).body.map((one) => one.id),
      (ids) => ids.length === told.length - 2,
      15_000,
    );
    expect(left).toEqual(told.slice(2).map((one) => one.id));
    expect(await unread(other)).toBe(1);
  });
});
