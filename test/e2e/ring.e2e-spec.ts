import { randomUUID } from 'node:crypto';
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, makeUser, operatorOf, type TestUser, withHeaders } from '../support/client.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

interface IceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

interface Ring {
  id: string;
  caller: { id: string; username?: string };
  callee: { id: string; username?: string };
  status: string;
  media: string;
  ice_servers: IceServer[];
}

interface Logged {
  id: string;
  direction: string;
  status: string;
  phone_number: string | null;
  duration_seconds: number | null;
  started_at: string;
  ended_at: string | null;
  metadata: object;
}

interface Refusal {
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

const STUN = 'stun:stun.example.com:3478';
const TURN = ['turn:turn.example.com:3478?transport=udp', 'turns:turn.example.com:5349?transport=tcp'];
const SECRET = 'turn-secret-for-tests';

let server: TestServer;
let owner: TestUser;
let stranger: TestUser;

beforeAll(async () => {
  server = await startServer({ env: { STUN_URLS: STUN, TURN_URLS: TURN.join(', '), TURN_SECRET: SECRET } });
  [owner, stranger] = await Promise.all([makeTenant(server.api), makeTenant(server.api)]);
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
});

const people = (count: number): Promise<TestUser[]> =>
  Promise.all(Array.from({ length: count }, () => makeUser(server.api, { client_id: owner.client_id })));
const two = async (): Promise<[TestUser, TestUser]> => (await people(2)) as [TestUser, TestUser];
const call = <T = Ring>(who: Api, json: unknown): Promise<Answer<T>> => who<T>('/calls', { method: 'POST', json });
const act = <T = Ring>(who: TestUser, id: string, what: string, json?: unknown): Promise<Answer<T>> =>
  who.api<T>(`/calls/${id}/${what}`, { method: 'POST', ...(json === undefined ? {} : { json }) });
const logged = async (who: Api, id: string): Promise<Logged | undefined> =>
  (await who<Logged[]>('/calls?direction=internal')).body.find((one) => one.id === id);

/** Makes a job's time come now. */
async function hurry(job: string, key: string): Promise<void> {
  const hurried = await sql(
    server.database_url,
    `update graphile_worker._private_jobs j set run_at = now() from graphile_worker._private_tasks t
      where t.id = j.task_id and t.identifier = $1 and j.key like '%' || $2 returning 1`,
    [job, key],
  );
  expect(hurried).toHaveLength(1);
}

const dueIn = async (job: string, key: string): Promise<number> => {
  const [row] = await sql<{ seconds: number }>(
    server.database_url,
    `select extract(epoch from j.run_at - now())::float8 as seconds from graphile_worker._private_jobs j
       join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = $1 and j.key like '%' || $2`,
    [job, key],
  );
  return row?.seconds ?? NaN;
};

async function keyOf(...scopes: string[]): Promise<Api> {
  const made = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'PBX', scopes } });
  return withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': owner.client_id });
}

describe('POST /calls', () => {
  it('is refused where the account of the one or the other is shut, as if there were nobody', async () => {
    const [tanaka, sato] = await two();
    expect((await owner.api(`/users/${sato.id}`, { method: 'PATCH', json: { disabled: true } })).status).toBe(200);
    const phone = await keyOf('phone');
    for (const refused of [
      await call<Refusal>(tanaka.api, { callee_id: sato.id }),
      await call<Refusal>(phone, { caller_id: sato.id, callee_id: tanaka.id }),
    ]) {
      expect([refused.status, refused.body.code, refused.body.message]).toEqual([404, 'USER_NOT_FOUND', 'User not found']);
    }
    expect(
      await sql(server.database_url, 'select 1 from calls where caller_id = any($1) or callee_id = any($1)', [[tanaka.id, sato.id]]),
    ).toEqual([]);
    expect((await owner.api(`/users/${sato.id}`, { method: 'PATCH', json: { disabled: false } })).status).toBe(200);
    expect((await call(tanaka.api, { callee_id: sato.id })).status).toBe(201);
  });

  it('makes a call that rings, as both see it', async () => {
    const [tanaka, sato] = await two();
    const made = await call(tanaka.api, { callee_id: sato.id, media: 'video' });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      caller: { id: tanaka.id, username: tanaka.username },
      callee: { id: sato.id, username: sato.username },
      status: 'ringing',
      media: 'video',
      ice_servers: expect.any(Array),
    });
    const seen = await sato.api<Ring>(`/calls/${made.body.id}`);
    expect(seen).toMatchObject({ status: 200, body: { ...made.body, ice_servers: expect.any(Array) } });
    expect((await act(tanaka, made.body.id, 'end')).body.ice_servers).toEqual([]);
  });

  it('is by voice where nothing is said', async () => {
    const [tanaka, sato] = await two();
    expect((await call(tanaka.api, { callee_id: sato.id, caller_id: tanaka.id })).body.media).toBe('audio');
  });

  it("gives each of the two names and passwords for the TURN server by coturn's scheme", async () => {
    const [tanaka, sato] = await two();
    const { body } = await call(tanaka.api, { callee_id: sato.id });
    const theirs = await sato.api<Ring>(`/calls/${body.id}`);
    for (const [who, { ice_servers }] of [
      [tanaka, body],
      [sato, theirs.body],
    ] as const) {
      const [stun, turn] = ice_servers;
      expect(stun).toEqual({ urls: [STUN] });
      const [expiry = '', name] = (turn?.username ?? '').split(':');
      expect(name).toBe(who.id);
      const seconds = Number(expiry) - Date.now() / 1_000;
      expect(seconds).toBeGreaterThan(3_600);
      expect(seconds).toBeLessThan(24 * 3_600);
      const credential = createHmac('sha1', SECRET)
        .update(turn?.username ?? '')
        .digest('base64');
      expect(turn).toEqual({ urls: TURN, username: turn?.username, credential });
    }
    expect(JSON.stringify([body, theirs.body])).not.toContain(SECRET);
  });

  it('refuses what is not valid, nobody, and oneself', async () => {
    const [tanaka, sato] = await two();
    for (const [json, field] of [
      [{}, 'callee_id'],
      [{ callee_id: 7 }, 'callee_id'],
      [{ callee_id: sato.id, media: 'smell' }, 'media'],
      [{ callee_id: sato.id, caller_id: 7 }, 'caller_id'],
      [{ callee_id: tanaka.id }, 'callee_id'],
      [{ callee_id: sato.id, status: 'completed' }, 'status'],
    ] as const) {
      const refused = await call<Refusal>(tanaka.api, json);
      expect([refused.status, refused.body.details?.map((detail) => detail.field)]).toEqual([400, [field]]);
    }
    for (const callee_id of [randomUUID(), 'sato', stranger.id])
      expect(await call<Refusal>(tanaka.api, { callee_id })).toMatchObject({
        status: 404,
        body: { code: 'USER_NOT_FOUND', message: 'User not found' },
      });
    expect((await call(tanaka.api, { callee_id: sato.id, caller_id: sato.id })).status).toBe(403);
    expect((await call(server.api, { callee_id: sato.id })).status).toBe(401);
    // Nothing of all this has made anybody busy.
    expect((await call(tanaka.api, { callee_id: sato.id })).status).toBe(201);
  });

  it('either in a call, whichever side they are on: busy, and free once it is over', async () => {
    const [tanaka, sato, suzuki, ito] = (await people(4)) as [TestUser, TestUser, TestUser, TestUser];
    const { body } = await call(tanaka.api, { callee_id: sato.id });
    for (const answered of [false, true]) {
      if (answered) await act(sato, body.id, 'accept');
      for (const [who, callee] of [
        [tanaka, sato],
        [tanaka, suzuki],
        [sato, suzuki],
        [suzuki, tanaka],
        [suzuki, sato],
      ] as const) {
        expect(await call<Refusal>(who.api, { callee_id: callee.id })).toMatchObject({ status: 409, body: { code: 'USER_BUSY' } });
      }
    }
    expect((await call(suzuki.api, { callee_id: ito.id })).status).toBe(201);
    await act(tanaka, body.id, 'end');
    expect((await call(sato.api, { callee_id: tanaka.id })).status).toBe(201);
  });

  it('of two that ring each other at once one stands; so with three in a ring', async () => {
    for (let round = 0; round < 8; round++) {
      const [tanaka, sato, suzuki] = (await people(3)) as [TestUser, TestUser, TestUser];
      const pair = await Promise.all([call(tanaka.api, { callee_id: sato.id }), call(sato.api, { callee_id: tanaka.id })]);
      expect(pair.map(({ status }) => status).sort()).toEqual([201, 409]);
      const stands = pair.find(({ status }) => status === 201)!;
      await act(tanaka, stands.body.id, 'end');
      const ring = await Promise.all([
        call(tanaka.api, { callee_id: sato.id }),
        call(sato.api, { callee_id: suzuki.id }),
        call(suzuki.api, { callee_id: tanaka.id }),
      ]);
      expect(ring.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    }
    // What was refused has left nothing in the log.
    const [{ count } = { count: -1 }] = await sql<{ count: number }>(
      server.database_url,
      `select count(*)::int as count from calls c where c.status in ('ringing', 'in_progress')
         and not exists (select from call_parties p where p.client_id = c.client_id and p.call_id = c.id)`,
    );
    expect(count).toBe(0);
  });
});

describe('answering and ending', () => {
  it('accepted, and ended by either: in progress, then completed; a second end changes nothing', async () => {
    for (const ends of [0, 1]) {
      const both = await two();
      const [tanaka, sato] = both;
      const { body } = await call(tanaka.api, { callee_id: sato.id });
      expect(await act(sato, body.id, 'accept', {})).toMatchObject({ status: 200, body: { id: body.id, status: 'in_progress' } });
      expect((await tanaka.api<Ring>(`/calls/${body.id}`)).body.status).toBe('in_progress');
      expect(await act(both[ends]!, body.id, 'end')).toMatchObject({ status: 200, body: { status: 'completed' } });
      const before = await logged(owner.api, body.id);
      for (const who of both) expect(await act(who, body.id, 'end')).toMatchObject({ status: 200, body: { status: 'completed' } });
      expect(await logged(owner.api, body.id)).toEqual(before);
    }
  });

  it('declined by the one who is called; after that nobody answers it', async () => {
    const [tanaka, sato] = await two();
    const { body } = await call(tanaka.api, { callee_id: sato.id });
    expect(await act(sato, body.id, 'decline')).toMatchObject({ status: 200, body: { status: 'declined', ice_servers: [] } });
    for (const what of ['accept', 'decline']) {
      expect(await act<Refusal>(sato, body.id, what)).toMatchObject({ status: 409, body: { code: 'CALL_NOT_RINGING' } });
    }
    expect(await act(tanaka, body.id, 'end')).toMatchObject({ status: 200, body: { status: 'declined' } });
  });

  it('ended while it rings: missed by the caller’s doing, declined by the other’s', async () => {
    const [tanaka, sato] = await two();
    const given_up = await call(tanaka.api, { callee_id: sato.id });
    expect((await act(tanaka, given_up.body.id, 'end')).body.status).toBe('missed');
    const refused = await call(tanaka.api, { callee_id: sato.id });
    expect((await act(sato, refused.body.id, 'end')).body.status).toBe('declined');
  });

  it('the caller neither accepts nor declines; of answers that come at once one has it', async () => {
    const [tanaka, sato] = await two();
    const { body } = await call(tanaka.api, { callee_id: sato.id });
    for (const what of ['accept', 'decline']) expect((await act(tanaka, body.id, what)).status).toBe(403);
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => act(sato, body.id, 'accept')),
      ...Array.from({ length: 4 }, () => act(sato, body.id, 'decline')),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    const { status } = answers.find((answer) => answer.status === 200)!.body;
    expect((await tanaka.api<Ring>(`/calls/${body.id}`)).body.status).toBe(status);
  });

  it('to all but the two a call is as absent', async () => {
    const [tanaka, sato, suzuki] = (await people(3)) as [TestUser, TestUser, TestUser];
    const { body } = await call(tanaka.api, { callee_id: sato.id });
    for (const [who, id] of [
      [suzuki, body.id],
      [owner, body.id],
      [stranger, body.id],
      [tanaka, randomUUID()],
      [tanaka, 'none'],
    ] as const) {
      const answers = await Promise.all([
        who.api<Refusal>(`/calls/${id}`),
        ...['accept', 'decline', 'end'].map((what) => act<Refusal>(who, id, what)),
      ]);
      for (const answer of answers) expect([answer.status, answer.body.message]).toEqual([404, 'Call not found']);
    }
    for (const answer of [await server.api(`/calls/${body.id}`), await server.api(`/calls/${body.id}/end`, { method: 'POST' })]) {
      expect(answer.status).toBe(401);
    }
    expect((await act(tanaka, body.id, 'end', { user_id: sato.id })).status).toBe(403);
    expect((await tanaka.api<Ring>(`/calls/${body.id}`)).body.status).toBe('ringing');
  });

  it('unanswered for 45 s it is missed, by a job; one that was answered is not', async () => {
    const [tanaka, sato] = await two();
    const { body } = await call(tanaka.api, { callee_id: sato.id });
    const seconds = await dueIn('call.miss', body.id);
    expect(seconds).toBeGreaterThan(40);
    expect(seconds).toBeLessThanOrEqual(45);
    await hurry('call.miss', body.id);
    await eventually(
      () => tanaka.api<Ring>(`/calls/${body.id}`),
      (answer) => answer.body.status === 'missed',
    );
    expect((await act(sato, body.id, 'accept')).status).toBe(409);

    const answered = await call(tanaka.api, { callee_id: sato.id });
    await act(sato, answered.body.id, 'accept');
    await hurry('call.miss', answered.body.id);
    await eventually(
      () => dueIn('call.miss', answered.body.id),
      (left) => Number.isNaN(left),
    );
    expect((await tanaka.api<Ring>(`/calls/${answered.body.id}`)).body.status).toBe('in_progress');
  });
});

describe('what its own job has left behind', () => {
  it('is looked after by the clock: a call that rings for too long, and one whose side is gone', async () => {
    const forget = (id: string): Promise<unknown> =>
      sql(server.database_url, `delete from graphile_worker._private_jobs where key like '%' || $1 || '%'`, [id]);
    const check = (): Promise<unknown> => sql(server.database_url, `select graphile_worker.add_job('calls.check')`);
    const [tanaka, sato, suzuki, ito] = (await people(4)) as [TestUser, TestUser, TestUser, TestUser];
    const ringing = (await call(tanaka.api, { callee_id: sato.id })).body.id;
    const deserted = (await call(suzuki.api, { callee_id: ito.id })).body.id;
    await act(ito, deserted, 'accept');
    for (const id of [ringing, deserted]) await forget(id);
    await check();
    await eventually(
      () => dueIn('call.end_deserted', `${deserted}/${ito.id}`),
      (seconds) => seconds > 0,
    );
    expect((await tanaka.api<Ring>(`/calls/${ringing}`)).body.status).toBe('ringing');
    await sql(server.database_url, `update calls set started_at = now() - interval '2 min' where id = $1`, [ringing]);
    await check();
    await eventually(
      () => tanaka.api<Ring>(`/calls/${ringing}`),
      (answer) => answer.body.status === 'missed',
    );
    await hurry('call.end_deserted', `${deserted}/${ito.id}`);
    await eventually(
      () => ito.api<Ring>(`/calls/${deserted}`),
      (answer) => answer.body.status === 'completed',
    );
  });
});

describe('API keys', () => {
  it('act for the users that they name', async () => {
    const [tanaka, sato, suzuki] = (await people(3)) as [TestUser, TestUser, TestUser];
    const pbx = await keyOf('phone');
    expect(await call<Refusal>(pbx, { callee_id: sato.id })).toMatchObject({ status: 400, body: { details: [{ field: 'caller_id' }] } });
    expect((await call<Refusal>(pbx, { callee_id: sato.id, caller_id: randomUUID() })).body.message).toBe('User not found');
    const { status, body } = await call(pbx, { callee_id: sato.id, caller_id: tanaka.id });
    expect([status, body.caller.id]).toEqual([201, tanaka.id]);
    expect((await pbx(`/calls/${body.id}`)).status).toBe(400);
    expect((await pbx(`/calls/${body.id}?user_id=${suzuki.id}`)).status).toBe(404);
    expect((await pbx(`/calls/${body.id}?user_id=${sato.id}`)).status).toBe(200);
    const post = (what: string, json: object): Promise<Answer<Ring>> => pbx<Ring>(`/calls/${body.id}/${what}`, { method: 'POST', json });
    expect((await post('accept', { user_id: tanaka.id })).status).toBe(403);
    expect((await post('accept', { user_id: sato.id })).body.status).toBe('in_progress');
    expect((await post('end', { user_id: suzuki.id })).status).toBe(404);
    expect((await post('end', { user_id: tanaka.id })).body.status).toBe('completed');
    expect((await call(await keyOf('rooms'), { callee_id: sato.id, caller_id: tanaka.id })).status).toBe(403);
    const operator = operatorOf(server.api, owner.client_id);
    expect((await call(operator, { callee_id: sato.id, caller_id: tanaka.id })).status).toBe(201);
  });
});

describe('the log', () => {
  it('has calls between users, without a number, and their time from the answer on', async () => {
    const [tanaka, sato] = await two();
    const { body } = await call(tanaka.api, { callee_id: sato.id, media: 'video' });
    await act(sato, body.id, 'accept');
    await sql(
      server.database_url,
      `update calls set started_at = started_at - interval '100 s', answered_at = now() - interval '90 s' where id = $1`,
      [body.id],
    );
    await act(sato, body.id, 'end');
    const entry = await logged(owner.api, body.id);
    expect(entry).toMatchObject({
      direction: 'internal',
      status: 'completed',
      phone_number: null,
      metadata: { caller_id: tanaka.id, callee_id: sato.id, media: 'video' },
      ended_at: expect.any(String),
    });
    expect(entry?.duration_seconds).toBeGreaterThanOrEqual(90);
    expect(entry?.duration_seconds).toBeLessThan(100);
    const missed = await call(tanaka.api, { callee_id: sato.id });
    await act(tanaka, missed.body.id, 'end');
    expect(await logged(owner.api, missed.body.id)).toMatchObject({ status: 'missed', duration_seconds: 0 });
  });

  it('shows members their own alone, and lets nobody change them by another door', async () => {
    const [tanaka, sato, suzuki] = (await people(3)) as [TestUser, TestUser, TestUser];
    const { body } = await call(tanaka.api, { callee_id: sato.id });
    for (const [who, sees] of [
      [tanaka, true],
      [sato, true],
      [suzuki, false],
      [stranger, false],
      [owner, true],
    ] as const) {
      expect((await logged(who.api, body.id)) !== undefined).toBe(sees);
    }
    for (const init of [{ method: 'PUT', json: { status: 'completed' } }, { method: 'DELETE' }]) {
      expect((await owner.api(`/call?id=${body.id}`, init)).status).toBe(404);
    }
    expect((await owner.api(`/call/turns?id=${body.id}`, { method: 'POST', json: { user_text: 'x' } })).status).toBe(404);
    expect((await tanaka.api<Ring>(`/calls/${body.id}`)).body.status).toBe('ringing');
  });
});

describe('the end of an account', () => {
  it.each(['caller', 'callee'])('of the %s ends the call, in the same transaction; the other goes on', async (side) => {
    for (const answered of [false, true]) {
      const [tanaka, sato, suzuki] = (await people(3)) as [TestUser, TestUser, TestUser];
      const { body } = await call(tanaka.api, { callee_id: sato.id });
      if (answered) await act(sato, body.id, 'accept');
      const [leaves, stays] = side === 'caller' ? [tanaka, sato] : [sato, tanaka];
      expect((await leaves.api('/user', { method: 'DELETE' })).status).toBe(200);
      const seen = await stays.api<Ring>(`/calls/${body.id}`);
      expect(seen.body.status).toBe(answered ? 'completed' : 'missed');
      expect(seen.body[side as 'caller']).toEqual({ id: leaves.id });
      expect((await call(stays.api, { callee_id: suzuki.id })).status).toBe(201);
    }
  });
});
