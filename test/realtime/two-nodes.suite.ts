import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'socket.io-client';
import {
  apiAs,
  collect,
  connectSocket,
  emit,
  eventually,
  makeTenant,
  makeUser,
  next,
  signIn,
  type TestUser,
  uniqueName,
} from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

interface Message {
  room_id: string;
  seq: number;
  content: string;
}

interface Presence {
  room_id: string;
  user: { id: string };
  online: boolean;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** What two nodes of one installation promise, whatever carries events between them; `env` says what does. */
export function describeTwoNodes(name: string, env: () => Record<string, string>): void {
  describe(`two nodes on one database, by ${name}`, () => {
    let database: TestDatabase;
    let one: TestServer;
    let two: TestServer;
    let owner: TestUser;
    let alice: TestUser;
    let bob: TestUser;
    let room: string;
    /** Alice's on the first node and Bob's on the second, both in the room. */
    let left: Socket;
    let right: Socket;
    const open: Socket[] = [];

    beforeAll(async () => {
      database = await createDatabase();
      [one, two] = await Promise.all([startServer({ database, env: env() }), startServer({ database, env: env() })]);
      owner = await makeTenant(one.api);
      [alice, bob] = await Promise.all([
        makeUser(one.api, { client_id: owner.client_id }),
        makeUser(one.api, { client_id: owner.client_id }),
      ]);
    });

    afterAll(async () => {
      for (const socket of open) socket.disconnect();
      const codes = await Promise.all([one.stop(), two.stop()]);
      await database.drop();
      // The first was killed by the last test.
      expect(codes).toEqual([null, 0]);
      expect(two.logs()).not.toMatch(/"level":"(error|fatal)"/);
    });

    beforeEach(async () => {
      for (const socket of open.splice(0)) socket.disconnect();
      room = uniqueName('r');
      await alice.api('/rooms', { method: 'POST', json: { id: room, name: 'x', visibility: 'private', member_ids: [bob.id] } });
      [left, right] = [await enter(one, alice), await enter(two, bob)];
    });

    async function enter(node: TestServer, user: TestUser): Promise<Socket> {
      const socket = await connectSocket(node.url, user.access_token);
      open.push(socket);
      expect(await emit(socket, 'joinRoom', { room_id: room })).toMatchObject({ ok: true });
      return socket;
    }
    const post = async (node: TestServer, user: TestUser, content: string): Promise<Message> => {
      const answer = await apiAs(node, user)<Message>(`/rooms/${room}/messages`, { method: 'POST', json: { content } });
      expect(answer.status).toBe(201);
      return answer.body;
    };
    const ids = async (node: TestServer): Promise<string[]> =>
      (await apiAs(node, alice)<Array<{ connection_id: string }>>(`/rooms/${room}/connections`)).body
        .map(({ connection_id }) => connection_id)
        .sort();
    const inRoom = (payload: { room_id: string }): boolean => payload.room_id === room;

    it('what either is told, the sockets of both hear, all of it', async () => {
      const heard: unknown[] = [];
      right.onAny((event: string, payload: { room_id: string }) => inRoom(payload) && event !== 'presence' && heard.push([event, payload]));
      const messages = `/rooms/${room}/messages`;
      const first = await alice.api<Message>(messages, { method: 'POST', json: { content: 'from the first node' } });
      const edited = await alice.api(`${messages}/1`, { method: 'PATCH', json: { content: 'edited' } });
      await alice.api(`${messages}/1/reactions/%F0%9F%91%8D`, { method: 'PUT' });
      await emit(left, 'typing', { room_id: room });
      await emit(left, 'markRead', { room_id: room, seq: 1 });
      const gone = await alice.api(`${messages}/1`, { method: 'DELETE' });
      await eventually(
        () => Promise.resolve(heard),
        ({ length }) => length >= 6,
      );
      const user = { id: alice.id, username: alice.username };
      expect(heard).toEqual(
        expect.arrayContaining([
          ['message', first.body],
          ['message:updated', edited.body],
          ['reaction', { room_id: room, seq: 1, emoji: '👍', user_id: alice.id, removed: false }],
          ['typing', { room_id: room, user }],
          ['read', { room_id: room, user, seq: 1 }],
          ['message:deleted', gone.body],
        ]),
      );
      expect(heard).toHaveLength(6);
      const told = next<Message>(left, 'message');
      const ack = await emit<{ message: Message }>(right, 'sendMessage', { room_id: room, content: 'from the second' });
      expect(await told).toEqual(ack.message);
    });

    it('1,000 messages written on both at once are heard on both, in order, none lost and none twice', async () => {
      const [toLeft, toRight] = [collect<Message>(left, 'message'), collect<Message>(right, 'message')];
      const writers = [one, two].flatMap((node) =>
        range(1, 5).map(async (writer) => {
          for (let index = 0; index < 100; index++) await post(node, writer % 2 ? alice : bob, `${writer} ${index}`);
        }),
      );
      await Promise.all(writers);
      for (const heard of [toLeft, toRight]) {
        await eventually(
          () => Promise.resolve(heard.at(-1)?.seq),
          (seq) => seq === 1_000,
        );
        expect(heard.map(({ seq }) => seq)).toEqual(range(1, 1_000));
      }
      expect(toLeft).toEqual(toRight);
    });

    it('messages that are too long for a notification cross too, in order', async () => {
      const heard = collect<Message>(right, 'message');
      const words = range(1, 20).map((index) => `${index}${(index % 3 ? 'あ' : '😀').repeat(index % 2 ? 7_990 : 10)}`);
      for (const content of words) await post(one, alice, content);
      await eventually(
        () => Promise.resolve(heard),
        ({ length }) => length === 20,
      );
      expect(heard.map(({ content }) => content)).toEqual(words);
    });

    it('who comes back on the other node is given what it missed, none lost and none twice', async () => {
      const heard = collect<Message>(right, 'message');
      const list: number[] = [];
      let over = false;
      const writing = Promise.all(
        [one, two].map(async (node) => {
          for (let index = 0; index < 150; index++) await post(node, alice, `${index}`);
        }),
      ).then(() => (over = true));
      while (!over) {
        await eventually(() => Promise.resolve(over || heard.length > 10), Boolean);
        await emit(right, 'leaveRoom', { room_id: room });
        list.push(...heard.splice(0).map(({ seq }) => seq));
        const { missed } = await emit<{ missed: Message[] }>(right, 'joinRoom', { room_id: room, after_seq: list.at(-1) ?? 0 });
        list.push(...missed.map(({ seq }) => seq));
      }
      await writing;
      const last = await post(one, alice, 'last');
      await eventually(
        () => Promise.resolve(heard.at(-1)?.seq),
        (seq) => seq === last.seq,
      );
      list.push(...heard.map(({ seq }) => seq));
      expect(list).toEqual(range(1, 301));
    });

    it('presence and the list of connections are one for both', async () => {
      const heard = collect<Presence>(left, 'presence');
      expect(await ids(one)).toEqual([left.id, right.id].sort());
      expect(await ids(two)).toEqual([left.id, right.id].sort());
      const second = await enter(one, bob);
      const offline = next<Presence>(left, 'presence', (payload) => inRoom(payload) && !payload.online);
      right.disconnect();
      await eventually(
        () => ids(two),
        (found) => found.length === 2,
      );
      expect(heard.filter((payload) => inRoom(payload) && !payload.online)).toEqual([]);
      second.disconnect();
      expect(await offline).toMatchObject({ user: { id: bob.id } });
      expect(await ids(two)).toEqual([left.id]);
    });

    it('typing is not told to the sender’s socket on the other node', async () => {
      const own = await enter(one, bob);
      const heard = collect(own, 'typing');
      const told = next(left, 'typing');
      await emit(right, 'typing', { room_id: room });
      await told;
      const marker = next(own, 'message');
      await post(two, bob, 'marker');
      await marker;
      expect(heard).toEqual([]);
    });

    it('who is put out on one hears nothing on the other', async () => {
      const told = next(right, 'member:left');
      expect((await alice.api(`/rooms/${room}/members/${bob.id}`, { method: 'DELETE' })).status).toBe(204);
      await told;
      await eventually(
        () => ids(one),
        (found) => found.length === 1,
      );
      const heard = collect<Message>(right, 'message');
      const marker = next<Message>(right, 'message', ({ room_id }) => room_id === 'lobby');
      await post(one, alice, 'a secret');
      await alice.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'marker' } });
      await marker;
      expect(heard.filter(inRoom)).toEqual([]);
    });

    it('who leaves on one is a member again by writing on the other', async () => {
      await alice.api(`/rooms/${room}`, { method: 'PATCH', json: { visibility: 'open' } });
      const role = async (): Promise<unknown> => (await apiAs(two, bob)<{ my_role: unknown }>(`/rooms/${room}`)).body.my_role;
      await post(two, bob, 'seen here');
      const told = next(right, 'member:left');
      await bob.api(`/rooms/${room}/members/${bob.id}`, { method: 'DELETE' });
      await told;
      expect(await role()).toBeNull();
      await eventually(
        async () => {
          await post(two, bob, 'again');
          return role();
        },
        (value) => value === 'member',
      );
    });

    it('a logout on one closes the socket on the other within a second', async () => {
      const session = await signIn(one.api, bob);
      const socket = await connectSocket(two.url, session.access_token);
      const closed = new Promise((resolve) => socket.once('disconnect', resolve));
      const told = next(socket, 'session:ended', undefined, 1_000);
      await session.api('/logout', { method: 'POST' });
      expect(await told).toEqual({ reason: 'logout' });
      await closed;
    });

    it('what a node is not told, since its connections were cut, its sockets hear all the same', async () => {
      const heard = collect<Message>(right, 'message');
      for (let round = 0; round < 5; round++) {
        await post(one, alice, `${round}`);
        await sql(
          database.url,
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'kaiwa:relay%' and datname = $1`,
          [database.name],
        );
        await Promise.all(range(1, 4).map((index) => post(one, alice, `${round} ${index}`)));
      }
      await eventually(
        () => Promise.resolve(heard),
        ({ length }) => length >= 25,
        10_000,
      );
      expect(heard.map(({ seq }) => seq)).toEqual(range(1, 25));
    });

    it('who is put out while a node does not listen hears nothing there once it listens again', async () => {
      for (let round = 0; round < 3; round++) {
        await alice.api(`/rooms/${room}/members/${bob.id}`, { method: 'PUT', json: {} });
        expect(await emit(right, 'joinRoom', { room_id: room })).toMatchObject({ ok: true });
        await sql(
          database.url,
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'kaiwa:listen%' and datname = $1`,
          [database.name],
        );
        expect((await alice.api(`/rooms/${room}/members/${bob.id}`, { method: 'DELETE' })).status).toBe(204);
        await eventually(
          () => ids(one),
          (found) => !found.includes(right.id as string),
        );
        const heard = collect<Message>(right, 'message');
        const marker = next<Message>(right, 'message', ({ room_id }) => room_id === 'lobby');
        await post(one, alice, 'a secret');
        await alice.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'marker' } });
        await marker;
        expect(heard.filter(inRoom)).toEqual([]);
      }
    });

    it('of a node that is killed, the other takes the connections away and says who is gone', async () => {
      const began = performance.now();
      const heard = collect<Presence>(right, 'presence');
      const offline = next<Presence>(
        right,
        'presence',
        (payload) => inRoom(payload) && payload.user.id === alice.id && !payload.online,
        16_000,
      );
      await one.kill();
      expect(await offline).toMatchObject({ user: { id: alice.id, username: alice.username } });
      expect(await ids(two)).toEqual([right.id]);
      expect(await sql(database.url, 'select 1 from connections where node_id not in (select node_id from nodes)')).toEqual([]);
      expect(performance.now() - began).toBeLessThan(16_000);
      expect(heard.filter((payload) => inRoom(payload) && payload.user.id === bob.id && !payload.online)).toEqual([]);
      const told = next<Message>(right, 'message');
      await post(two, alice, 'life goes on');
      expect(await told).toMatchObject({ content: 'life goes on' });
    });
  });
}
