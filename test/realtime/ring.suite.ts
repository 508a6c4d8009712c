import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Socket } from 'socket.io-client';
import { apiAs, connectSocket, emit, eventually, makeTenant, makeUser, type TestUser } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

export interface Ring {
  id: string;
  status: string;
  ice_servers: Array<{ urls: string[]; username?: string }>;
}

interface Signal {
  call_id: string;
  from: { id: string; username: string };
  data: unknown;
}

export type Ack = { ok: boolean; code?: string };

const EVENTS = ['call:incoming', 'call:accepted', 'call:declined', 'call:ended', 'call:missed', 'call:signal'];
const TURN = { TURN_URLS: 'turn:turn.example.com', TURN_SECRET: 'turn-secret-for-tests' };

/** Everything that a socket was told of calls, oldest first. */
class Ear {
  readonly heard: Array<[event: string, payload: Ring & Signal]> = [];

  constructor(
    readonly socket: Socket,
    readonly user: TestUser,
  ) {
    for (const event of EVENTS) socket.on(event, (payload: Ring & Signal) => this.heard.push([event, payload]));
  }

  get events(): string[] {
    return this.heard.map(([event]) => event);
  }

  /** Waits until so many events have come. */
  async hears(count: number): Promise<void> {
    await eventually(
      () => Promise.resolve(this.events),
      ({ length }) => length >= count,
    );
  }
}

/** What calls between users promise on two nodes, whatever carries the word between them. */
export function describeCallsOfTwoNodes(where: string, env: () => Record<string, string>): void {
  describe(`calls between users, on two nodes over ${where}`, () => {
    let database: TestDatabase;
    let one: TestServer;
    let two: TestServer;
    let owner: TestUser;
    let tanaka: TestUser;
    let sato: TestUser;
    let ears: Ear[] = [];

    beforeAll(async () => {
      database = await createDatabase();
      const settings = { ...env(), ...TURN };
      [one, two] = await Promise.all([startServer({ database, env: settings }), startServer({ database, env: settings })]);
      owner = await makeTenant(one.api);
    });

    afterAll(async () => {
      // The second was killed by the last test.
      expect([await one.stop(), await two.stop()]).toEqual([0, null]);
      expect(one.logs()).not.toMatch(/"level":"(error|fatal)"/);
      await database.drop();
    });

    beforeEach(async () => {
      const client_id = owner.client_id;
      [tanaka, sato] = await Promise.all([makeUser(one.api, { client_id }), makeUser(one.api, { client_id })]);
    });

    afterEach(() => {
      for (const { socket } of ears) socket.disconnect();
      ears = [];
    });

    async function listen(node: TestServer, user: TestUser): Promise<Ear> {
      const ear = new Ear(await connectSocket(node.url, user.access_token), user);
      ears.push(ear);
      // Until then its person may pass for absent, which asks for a grace that nobody needs.
      await eventually(
        () => sql(database.url, 'select 1 from sockets where connection_id = $1', [ear.socket.id]),
        ({ length }) => length === 1,
      );
      return ear;
    }
    const ring = async (callee = sato): Promise<string> => {
      const { status, body } = await tanaka.api<Ring>('/calls', { method: 'POST', json: { callee_id: callee.id, media: 'video' } });
      expect(status).toBe(201);
      return body.id;
    };
    const act = async (node: TestServer, who: TestUser, id: string, what: string): Promise<void> => {
      expect((await apiAs(node, who)(`/calls/${id}/${what}`, { method: 'POST' })).status).toBe(200);
    };
    const statusOf = async (id: string): Promise<string> => (await tanaka.api<Ring>(`/calls/${id}`)).body.status;
    const recorded = async (user: TestUser, count: number): Promise<void> => {
      await eventually(
        () => sql(database.url, 'select 1 from sockets where user_id = $1', [user.id]),
        ({ length }) => length === count,
      );
    };
    const graceOf = (id: string, user: TestUser): Promise<Array<{ seconds: number }>> =>
      sql<{ seconds: number }>(
        database.url,
        `select extract(epoch from run_at - now())::float8 as seconds from graphile_worker._private_jobs where key like '%' || $1`,
        [`${id}/${user.id}`],
      );
    /** Waits until the grace of somebody who is gone runs, and makes its end come now. */
    async function spendGrace(id: string, user: TestUser, timeout_ms = 5_000): Promise<void> {
      const [grace] = await eventually(
        () => graceOf(id, user),
        ({ length }) => length === 1,
        timeout_ms,
      );
      expect(grace!.seconds).toBeGreaterThan(10);
      expect(grace!.seconds).toBeLessThanOrEqual(15);
      await sql(database.url, `update graphile_worker._private_jobs set run_at = now() where key like '%' || $1`, [`${id}/${user.id}`]);
      await eventually(
        () => graceOf(id, user),
        ({ length }) => length === 0,
      );
    }

    it('rings on all sockets of the one who is called, on both nodes, and nowhere else', async () => {
      const suzuki = await makeUser(one.api, { client_id: owner.client_id });
      const [a, b, c] = [await listen(one, sato), await listen(two, sato), await listen(two, sato)];
      const others = [await listen(one, tanaka), await listen(two, tanaka), await listen(one, suzuki), await listen(two, suzuki)];
      const id = await ring();
      await Promise.all([a, b, c].map((ear) => ear.hears(1)));
      for (const { heard } of [a, b, c]) {
        expect(heard).toEqual([
          [
            'call:incoming',
            {
              id,
              caller: { id: tanaka.id, username: tanaka.username },
              callee: { id: sato.id, username: sato.username },
              status: 'ringing',
              media: 'video',
              ice_servers: [{ urls: [TURN.TURN_URLS], username: expect.stringMatching(`:${sato.id}$`), credential: expect.any(String) }],
            },
          ],
        ]);
      }
      await act(two, tanaka, id, 'end');
      await Promise.all(others.slice(0, 2).map((ear) => ear.hears(1)));
      expect(others.map(({ events }) => events)).toEqual([['call:ended'], ['call:ended'], [], []]);
      await a.hears(2);
      expect(a.heard[1]).toEqual(['call:ended', expect.objectContaining({ id, status: 'missed', ice_servers: [] })]);
    });

    it.each([
      ['accept', 'call:accepted', 'in_progress'],
      ['decline', 'call:declined', 'declined'],
    ])('%s on one device: the caller and the other devices are told, each with their own servers', async (what, event, status) => {
      const [caller, device, other, far] = [
        await listen(one, tanaka),
        await listen(one, sato),
        await listen(one, sato),
        await listen(two, sato),
      ];
      const id = await ring();
      await Promise.all([device, other, far].map((ear) => ear.hears(1)));
      await act(two, sato, id, what);
      await Promise.all([device, other, far].map((ear) => ear.hears(2)));
      await caller.hears(1);
      expect(caller.events).toEqual([event]);
      for (const { events } of [device, other, far]) expect(events).toEqual(['call:incoming', event]);
      for (const { heard, user } of [caller, far]) {
        const told = heard.at(-1)![1];
        expect(told.status).toBe(status);
        const names = told.ice_servers.map(({ username = '' }) => username.split(':')[1]);
        expect(names).toEqual(status === 'in_progress' ? [user.id] : []);
      }
    });

    it('a socket that connects while it rings is told, on whichever node', async () => {
      const id = await ring();
      const [here, there] = [await listen(one, sato), await listen(two, sato)];
      await Promise.all([here.hears(1), there.hears(1)]);
      for (const { heard } of [here, there]) expect(heard).toEqual([['call:incoming', expect.objectContaining({ id })]]);
      await act(one, sato, id, 'accept');
      const late = await listen(two, sato);
      await recorded(sato, 3);
      await act(one, sato, id, 'end');
      await late.hears(1);
      expect(late.events).toEqual(['call:ended']);
    });

    it('a socket that connects while the call is being ended does not begin to ring', async () => {
      const id = await ring();
      const ending = new pg.Client({ connectionString: database.url });
      await ending.connect();
      let late: Ear;
      try {
        await ending.query('begin');
        await ending.query(`update calls set status = 'declined', ended_at = now() where id = $1`, [id]);
        late = await listen(one, sato);
        await eventually(
          async () => [
            ...late.events,
            ...(await sql(database.url, `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)),
          ],
          ({ length }) => length > 0,
        );
        await ending.query('commit');
      } finally {
        await ending.end();
      }
      const next_id = await ring();
      await late.hears(1);
      expect(late.heard).toEqual([['call:incoming', expect.objectContaining({ id: next_id })]]);
    });

    it('missed: both are told, on both nodes', async () => {
      const [caller, callee] = [await listen(two, tanaka), await listen(one, sato)];
      const id = await ring();
      await sql(database.url, `update graphile_worker._private_jobs set run_at = now() where key like '%' || $1`, [id]);
      await Promise.all([caller.hears(1), callee.hears(2)]);
      expect(caller.heard).toEqual([['call:missed', expect.objectContaining({ id, status: 'missed', ice_servers: [] })]]);
      expect(callee.events).toEqual(['call:incoming', 'call:missed']);
    });

    describe('signals', () => {
      it('go to the other of the two, on both nodes, and to nobody else', async () => {
        const suzuki = await makeUser(one.api, { client_id: owner.client_id });
        const caller = await listen(one, tanaka);
        const [near, far] = [await listen(one, sato), await listen(two, sato)];
        const others = [await listen(one, tanaka), await listen(one, suzuki), await listen(two, suzuki)];
        const id = await ring();
        await act(one, sato, id, 'accept');
        await Promise.all([near.hears(2), far.hears(2), caller.hears(1)]);
        const data = { description: { type: 'offer', sdp: 'v=0\r\n' }, list: [1, null, 'あ'] };
        expect(await emit<Ack>(caller.socket, 'call:signal', { call_id: id, data })).toEqual({ ok: true });
        await Promise.all([near.hears(3), far.hears(3)]);
        const from = { id: tanaka.id, username: tanaka.username };
        for (const { heard } of [near, far]) expect(heard[2]).toEqual(['call:signal', { call_id: id, from, data }]);
        expect(await emit<Ack>(far.socket, 'call:signal', { call_id: id, data: 'answer' })).toEqual({ ok: true });
        await caller.hears(2);
        expect(caller.heard[1]).toEqual(['call:signal', { call_id: id, from: { id: sato.id, username: sato.username }, data: 'answer' }]);
        await others[0]!.hears(2);
        expect([...others, near, far].map(({ events }) => events.filter((event) => event === 'call:signal').length)).toEqual([
          1, 0, 0, 1, 1,
        ]);
      });

      it('come in the order in which they were sent, long ones among short ones', async () => {
        const [caller, near, far] = [await listen(one, tanaka), await listen(one, sato), await listen(two, sato)];
        const id = await ring();
        await Promise.all([near.hears(1), far.hears(1)]);
        const words = Array.from({ length: 60 }, (_, index) => `${index} ${'x'.repeat(index % 3 === 0 ? 20_000 : 10)}`);
        const acks = await Promise.all(words.map((data) => emit<Ack>(caller.socket, 'call:signal', { call_id: id, data })));
        expect(acks.every(({ ok }) => ok)).toBe(true);
        await Promise.all([near.hears(61), far.hears(61)]);
        for (const { heard } of [near, far]) expect(heard.slice(1).map(([, { data }]) => data)).toEqual(words);
      });

      it("for somebody else's call, one that is over, or what is none: refused, and nobody is told", async () => {
        const suzuki = await makeUser(one.api, { client_id: owner.client_id });
        const stranger = await makeTenant(one.api);
        const [caller, callee] = [await listen(one, tanaka), await listen(two, sato)];
        const id = await ring();
        await callee.hears(1);
        for (const user of [suzuki, stranger, owner]) {
          const { socket } = await listen(one, user);
          expect(await emit<Ack>(socket, 'call:signal', { call_id: id, data: {} })).toMatchObject({ ok: false, code: 'CALL_NOT_FOUND' });
        }
        const deep = JSON.parse('['.repeat(1_000) + ']'.repeat(1_000)) as unknown;
        for (const payload of [
          { call_id: id },
          { call_id: 7, data: {} },
          { call_id: id, data: deep },
          { call_id: id, data: 'half a \ud800 pair' },
          { call_id: id, data: {}, to: suzuki.id },
        ]) {
          expect(await emit<Ack>(caller.socket, 'call:signal', payload)).toMatchObject({ ok: false, code: 'VALIDATION_FAILED' });
        }
        await act(one, tanaka, id, 'end');
        expect(await emit<Ack>(caller.socket, 'call:signal', { call_id: id, data: {} })).toMatchObject({ ok: false, code: 'CALL_OVER' });
        await callee.hears(2);
        expect(callee.events).toEqual(['call:incoming', 'call:ended']);
      });

      it('beyond a frame of 64 KiB the socket is closed', async () => {
        const [caller, callee] = [await listen(one, tanaka), await listen(two, sato)];
        const id = await ring();
        const closed = new Promise((resolve) => caller.socket.once('disconnect', resolve));
        caller.socket.emit('call:signal', { call_id: id, data: 'x'.repeat(66_000) });
        await closed;
        const again = await listen(one, tanaka);
        expect(await emit<Ack>(again.socket, 'call:signal', { call_id: id, data: 'x'.repeat(64_000) })).toEqual({ ok: true });
        await callee.hears(2);
        expect(callee.events).toEqual(['call:incoming', 'call:signal']);
      });
    });

    describe('one side gone', () => {
      it('with the last socket of all nodes, not before, and after the grace, the call ends', async () => {
        const [caller, here, there] = [await listen(one, tanaka), await listen(one, sato), await listen(two, sato)];
        await recorded(sato, 2);
        const id = await ring();
        await act(one, sato, id, 'accept');
        await caller.hears(1);
        here.socket.disconnect();
        await recorded(sato, 1);
        expect(await graceOf(id, sato)).toEqual([]);
        there.socket.disconnect();
        await spendGrace(id, sato);
        await caller.hears(2);
        expect(caller.heard[1]).toEqual(['call:ended', expect.objectContaining({ id, status: 'completed' })]);
      });

      it('who is back in time goes on; a socket in no room counts', async () => {
        const [caller, callee] = [await listen(one, tanaka), await listen(one, sato)];
        const id = await ring();
        await act(one, sato, id, 'accept');
        await caller.hears(1);
        callee.socket.disconnect();
        await eventually(
          () => graceOf(id, sato),
          ({ length }) => length === 1,
        );
        const back = await listen(two, sato);
        expect(await emit<Ack>(back.socket, 'leaveRoom', { room_id: 'lobby' })).toEqual({ ok: true });
        await recorded(sato, 1);
        await spendGrace(id, sato);
        expect(await statusOf(id)).toBe('in_progress');
        expect(caller.events).toEqual(['call:accepted']);
        // And the caller's side is watched likewise.
        caller.socket.disconnect();
        await spendGrace(id, tanaka);
        await back.hears(1);
        expect(back.events).toEqual(['call:ended']);
      });

      it('who is not there when the call is answered has the grace to come', async () => {
        const callee = await listen(one, sato);
        const id = await ring();
        await act(one, sato, id, 'accept');
        await spendGrace(id, tanaka);
        await callee.hears(3);
        expect(callee.events).toEqual(['call:incoming', 'call:accepted', 'call:ended']);
      });

      it('while it rings: the caller gone, it is missed; the one who is called gone, it goes on ringing', async () => {
        const [caller, callee] = [await listen(two, tanaka), await listen(one, sato)];
        await Promise.all([recorded(tanaka, 1), recorded(sato, 1)]);
        const id = await ring();
        callee.socket.disconnect();
        await spendGrace(id, sato);
        expect(await statusOf(id)).toBe('ringing');
        caller.socket.disconnect();
        await spendGrace(id, tanaka);
        expect(await statusOf(id)).toBe('missed');
      });
    });

    it('what a node was not told while it did not listen, its sockets hear once it listens again', async () => {
      const [caller, callee] = [await listen(one, tanaka), await listen(two, sato)];
      const cut = (): Promise<unknown> =>
        sql(
          database.url,
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'kaiwa:listen%' and datname = $1`,
          [database.name],
        );
      await cut();
      const id = await ring();
      await eventually(
        () => Promise.resolve(callee.events),
        (events) => events.includes('call:incoming'),
        10_000,
      );
      await cut();
      await act(one, sato, id, 'accept');
      for (const ear of [caller, callee]) {
        await eventually(
          () => Promise.resolve(ear.events),
          (events) => events.includes('call:accepted'),
          10_000,
        );
      }
    });

    it('of a node that is killed, its people are gone too: the call ends after the grace', async () => {
      const [caller, callee] = [await listen(one, tanaka), await listen(two, sato)];
      const id = await ring();
      await act(one, sato, id, 'accept');
      await Promise.all([caller.hears(1), callee.hears(2)]);
      await two.kill();
      await spendGrace(id, sato, 20_000);
      await caller.hears(2);
      expect(caller.events).toEqual(['call:accepted', 'call:ended']);
      expect(await sql(database.url, 'select 1 from sockets where node_id not in (select node_id from nodes)')).toEqual([]);
      expect(await sql(database.url, 'select 1 from call_parties where call_id = $1', [id])).toEqual([]);
    }, 40_000);
  });
}
