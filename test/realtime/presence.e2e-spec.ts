import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Socket } from 'socket.io-client';
import { collect, connectSocket, emit, eventually, makeUser, next, type TestUser, uniqueName } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import { stopWell, openStage } from '../support/stage.js';
import type { Message } from '../support/views.js';

interface Presence {
  room_id: string;
  user: { id: string; username?: string };
  online: boolean;
}

describe('who is in a room', () => {
  let server: TestServer;
  let owner: TestUser;
  let alice: TestUser;
  let bob: TestUser;
  let room: string;
  /** Alice's, in the room. */
  let witness: Socket;
  const open: Socket[] = [];

  beforeAll(async () => {
    ({ server, owner, alice, bob } = await openStage(['rooms']));
  });

  afterAll(async () => {
    for (const socket of open) socket.disconnect();
    await stopWell(server);
  });

  beforeEach(async () => {
    for (const socket of open.splice(0)) socket.disconnect();
    room = uniqueName('r');
    await alice.api('/rooms', { method: 'POST', json: { id: room, name: 'x', visibility: 'private', member_ids: [bob.id] } });
    witness = await enter(alice);
  });

  async function connect(user: TestUser): Promise<Socket> {
    const socket = await connectSocket(server.url, user.access_token);
    open.push(socket);
    return socket;
  }
  async function enter(user: TestUser): Promise<Socket> {
    const socket = await connect(user);
    const heard = next(
      socket,
      'presence',
      ({ room_id, user: who }) => room_id === room && (who as { id: string }).id === user.id,
      300,
    ).catch(() => null);
    expect(await emit(socket, 'joinRoom', { room_id: room })).toMatchObject({ ok: true });
    await heard;
    return socket;
  }
  const post = (who: TestUser, content: string): Promise<Answer<Message>> =>
    who.api<Message>(`/rooms/${room}/messages`, { method: 'POST', json: { content } });
  const ofBob = (payload: { room_id: string; user: { id: string } }): boolean => payload.room_id === room && payload.user.id === bob.id;
  const ids = async (): Promise<string[]> =>
    (await alice.api<Array<{ connection_id: string }>>(`/rooms/${room}/connections`)).body.map(({ connection_id }) => connection_id).sort();

  it('a person is there with the first tab and gone with the last', async () => {
    const heard = collect<Presence>(witness, 'presence');
    const [first, second] = [await connect(bob), await connect(bob)];
    const online = next<Presence>(witness, 'presence', ofBob);
    await emit(first, 'joinRoom', { room_id: room });
    expect(await online).toEqual({ room_id: room, user: { id: bob.id, username: bob.username }, online: true });
    await emit(second, 'joinRoom', { room_id: room });
    expect(await ids()).toEqual([witness.id, first.id, second.id].sort());
    first.disconnect();
    await eventually(ids, (found) => found.length === 2);
    const offline = next<Presence>(witness, 'presence', ofBob);
    await emit(second, 'leaveRoom', { room_id: room });
    expect(await offline).toEqual({ room_id: room, user: { id: bob.id, username: bob.username }, online: false });
    expect(await ids()).toEqual([witness.id]);
    // That he is there may be said again when a tab goes while another comes; that he is gone may not.
    const told = heard.filter(ofBob).map(({ online: there }) => there);
    expect(told.filter((there, index) => there !== told[index - 1])).toEqual([true, false]);
  });

  it('of tabs that come and go at once, the last word is true', async () => {
    const heard = collect<Presence>(witness, 'presence');
    const lastWord = (): Promise<boolean | undefined> => Promise.resolve(heard.filter(ofBob).at(-1)?.online);
    for (let round = 0; round < 15; round++) {
      const before = await enter(bob);
      before.disconnect();
      const after = await enter(bob);
      await eventually(ids, (found) => found.length === 2 && found.includes(after.id as string));
      await eventually(lastWord, (online) => online === true);
      const tabs = await Promise.all([enter(bob), enter(bob)]);
      for (const tab of [after, ...tabs]) tab.disconnect();
      expect(await eventually(ids, (found) => found.length === 1)).toEqual([witness.id]);
      await eventually(lastWord, (online) => online === false);
    }
  });

  it('what the database does not take away at once goes soon after', async () => {
    const tab = await enter(bob);
    const offline = next<Presence>(witness, 'presence', (payload) => ofBob(payload) && !payload.online, 10_000);
    await sql(server.database_url, 'alter table connections rename to connections_away');
    try {
      tab.disconnect();
      await eventually(
        () => Promise.resolve(server.logs()),
        (logs) => logs.includes('could not be taken away'),
      );
    } finally {
      await sql(server.database_url, 'alter table connections_away rename to connections');
    }
    expect(await offline).toMatchObject({ online: false });
    expect(await ids()).toEqual([witness.id]);
  });

  it('typing is told to the others, not to the one who types, on none of their tabs', async () => {
    const [typing, second] = [await enter(bob), await enter(bob)];
    const heard = [typing, second].map((socket) => collect(socket, 'typing'));
    const told = next(witness, 'typing');
    expect(await emit(typing, 'typing', { room_id: room })).toEqual({ ok: true });
    expect(await told).toEqual({ room_id: room, user: { id: bob.id, username: bob.username } });
    const marker = [typing, second].map((socket) => next(socket, 'message'));
    await post(alice, 'marker');
    await Promise.all(marker);
    expect(heard).toEqual([[], []]);
  });

  it('who comes in by whatever way is told once', async () => {
    await alice.api(`/rooms/${room}`, { method: 'PATCH', json: { visibility: 'open' } });
    const newcomers = await Promise.all(Array.from({ length: 4 }, () => makeUser(server.api, { client_id: owner.client_id })));
    const [writer, joiner, added, reader] = newcomers as [TestUser, TestUser, TestUser, TestUser];
    const heard = collect<Presence>(witness, 'member:joined');
    await Promise.all([post(writer, 'a'), post(writer, 'b'), post(writer, 'c')]);
    const socket = await enter(joiner);
    await emit(socket, 'joinRoom', { room_id: room });
    for (let round = 0; round < 2; round++) await alice.api(`/rooms/${room}/members/${added.id}`, { method: 'PUT', json: {} });
    for (let round = 0; round < 2; round++) await reader.api(`/rooms/${room}/read`, { method: 'PUT', json: { seq: 1 } });
    const left = next(witness, 'member:left');
    await writer.api(`/rooms/${room}/members/${writer.id}`, { method: 'DELETE' });
    expect(await left).toEqual({ room_id: room, user: { id: writer.id, username: writer.username } });
    expect(heard.filter(({ room_id }) => room_id === room).map(({ user }) => user)).toEqual(
      newcomers.map(({ id, username }) => ({ id, username })),
    );
  });

  describe('who is put out of a private room', () => {
    it('hears of it, and then nothing any more', async () => {
      const [socket, second] = [await enter(bob), await enter(bob)];
      const heard = collect<Message>(socket, 'message');
      const [told, offline] = [next(socket, 'member:left'), next<Presence>(witness, 'presence', ofBob)];
      expect((await alice.api(`/rooms/${room}/members/${bob.id}`, { method: 'DELETE' })).status).toBe(204);
      expect(await told).toEqual({ room_id: room, user: { id: bob.id, username: bob.username } });
      await post(alice, 'a secret');
      expect(await offline).toMatchObject({ online: false });
      expect(await ids()).toEqual([witness.id]);
      for (const one of [socket, second]) {
        const payload = { room_id: room, seq: 1, content: 'x', emoji: '👍' };
        for (const [event, fields] of [
          ['joinRoom', []],
          ['sendMessage', ['content']],
          ['editMessage', ['seq', 'content']],
          ['deleteMessage', ['seq']],
          ['react', ['seq', 'emoji']],
          ['markRead', ['seq']],
          ['typing', []],
        ] as Array<[string, Array<keyof typeof payload>]>) {
          const sent = Object.fromEntries(['room_id' as const, ...fields].map((field) => [field, payload[field]]));
          expect(await emit(one, event, sent)).toMatchObject({ ok: false, code: 'ROOM_NOT_FOUND' });
        }
      }
      expect(heard).toEqual([]);
      expect((await alice.api<unknown[]>(`/rooms/${room}/members`)).body).toHaveLength(1);
    });

    it('does not get in by a join that was on its way', async () => {
      for (let round = 0; round < 15; round++) {
        await alice.api(`/rooms/${room}/members/${bob.id}`, { method: 'PUT', json: {} });
        const socket = await connect(bob);
        const heard = collect<Message>(socket, 'message');
        await Promise.all([
          emit(socket, 'joinRoom', { room_id: room }),
          emit(socket, 'markRead', { room_id: room, seq: 1 }),
          alice.api(`/rooms/${room}/members/${bob.id}`, { method: 'DELETE' }),
        ]);
        heard.length = 0;
        const marker = next<Message>(socket, 'message', ({ room_id }) => room_id === 'lobby');
        await post(alice, 'a secret');
        await alice.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'marker' } });
        await marker;
        expect(heard.filter(({ room_id }) => room_id === room)).toEqual([]);
        expect((await bob.api(`/rooms/${room}`)).status).toBe(404);
        expect(await eventually(ids, (found) => !found.includes(socket.id as string))).toEqual([witness.id]);
        socket.disconnect();
      }
    });

    it('who leaves an open room by REST goes on hearing it until the socket leaves', async () => {
      await alice.api(`/rooms/${room}`, { method: 'PATCH', json: { visibility: 'open' } });
      const socket = await enter(bob);
      await bob.api(`/rooms/${room}/members/${bob.id}`, { method: 'DELETE' });
      const heard = next<Message>(socket, 'message');
      await post(alice, 'x');
      expect(await heard).toMatchObject({ room_id: room });
    });
  });

  it('where an open room becomes private, its members stay and the others are put out', async () => {
    await alice.api(`/rooms/${room}`, { method: 'PATCH', json: { visibility: 'open' } });
    const [member, former] = [await enter(bob), await enter(owner)];
    await owner.api(`/rooms/${room}/members/${owner.id}`, { method: 'DELETE' });
    await alice.api(`/rooms/${room}`, { method: 'PATCH', json: { visibility: 'private' } });
    const heard = collect<Message>(former, 'message');
    const [toMember, toAdmin] = [next<Message>(member, 'message'), next<Message>(witness, 'message')];
    await post(alice, 'among ourselves');
    expect([await toMember, await toAdmin]).toMatchObject([{ content: 'among ourselves' }, { content: 'among ourselves' }]);
    expect(await eventually(ids, (found) => found.length === 2)).toEqual([witness.id, member.id].sort());
    expect(heard).toEqual([]);
  });

  it('who leaves a room in the moment in which it becomes private hears nothing of it any more', async () => {
    await alice.api(`/rooms/${room}`, { method: 'PATCH', json: { visibility: 'open' } });
    const former = await enter(bob);
    const heard = collect<Message>(former, 'message');
    const closer = new pg.Client({ connectionString: server.database_url });
    await closer.connect();
    try {
      await closer.query('begin');
      await closer.query(`update rooms set visibility = 'private' where id = $1`, [room]);
      const left = bob.api(`/rooms/${room}/members/${bob.id}`, { method: 'DELETE' });
      await eventually(
        () => sql(server.database_url, `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`),
        ({ length }) => length === 1,
      );
      await closer.query('commit');
      expect((await left).status).toBe(204);
    } finally {
      await closer.end();
    }
    const told = next<Message>(witness, 'message');
    await post(alice, 'among ourselves');
    expect(await told).toMatchObject({ content: 'among ourselves' });
    expect(await eventually(ids, (found) => found.length === 1)).toEqual([witness.id]);
    expect(heard).toEqual([]);
  });

  it('where a room is deleted, its sockets are in it no longer, nor in one of the same name', async () => {
    const socket = await enter(bob);
    const heard = collect<Message>(socket, 'message');
    expect((await alice.api(`/rooms/${room}`, { method: 'DELETE' })).status).toBe(204);
    expect(await sql(server.database_url, 'select 1 from connections where room_id = $1', [room])).toEqual([]);
    await alice.api('/rooms', { method: 'POST', json: { id: room, name: 'x', visibility: 'private' } });
    await emit(witness, 'joinRoom', { room_id: room });
    const told = next<Message>(witness, 'message');
    await post(alice, 'a new beginning');
    expect(await told).toMatchObject({ seq: 1 });
    expect(heard).toEqual([]);
  });

  it('in an anonymous room nobody is named, anywhere', async () => {
    await sql(server.database_url, 'update rooms set is_anonymous = true, is_fixed = true where id = $1', [room]);
    const heard: unknown[] = [];
    witness.onAny((event: string, payload: { room_id: string }) => payload.room_id === room && heard.push([event, payload]));
    const socket = await enter(bob);
    await emit(socket, 'typing', { room_id: room });
    const sent = await emit<{ message: { from: object } }>(socket, 'sendMessage', { room_id: room, content: 'x' });
    expect(sent.message.from).toEqual({ id: bob.id });
    await emit(socket, 'markRead', { room_id: room, seq: 1 });
    await emit(socket, 'editMessage', { room_id: room, seq: 1, content: 'other words' });
    const told = next<Presence>(witness, 'presence', (payload) => ofBob(payload) && !payload.online);
    const answers = await Promise.all(
      ['', '/members', '/connections', '/messages'].map(async (path) => (await alice.api<unknown>(`/rooms/${room}${path}`)).body),
    );
    answers.push((await alice.api<unknown>(`/messages/search?q=words&room_id=${room}`)).body);
    expect(answers.at(-1)).toHaveLength(1);
    socket.disconnect();
    await told;
    expect(heard.map((one) => (one as [string])[0])).toEqual(
      expect.arrayContaining(['presence', 'typing', 'message', 'read', 'message:updated']),
    );
    for (const hint of [bob.username, bob.email]) {
      expect(JSON.stringify(heard)).not.toContain(hint);
      expect(JSON.stringify(answers)).not.toContain(hint);
    }
    for (const [method, path, json] of [
      ['DELETE', ''],
      ['PATCH', '', { name: 'x' }],
      ['DELETE', `/members/${bob.id}`],
      ['PUT', `/members/${owner.id}`, {}],
    ] as const) {
      expect((await alice.api(`/rooms/${room}${path}`, { method, json })).status).toBe(409);
    }
  });
});

describe('where events are limited', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ env: { RATE_LIMIT: 'on' } });
  });

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
  });

  it('of 1,000 joins at once some are refused, and others do not feel it', async () => {
    const [flooding, other] = await Promise.all([makeUser(server.api), makeUser(server.api)]);
    const [flood, calm] = await Promise.all([
      connectSocket(server.url, flooding.access_token),
      connectSocket(server.url, other.access_token),
    ]);
    const joining = Promise.all(
      Array.from({ length: 1_000 }, () => emit<{ ok: boolean; code?: string }>(flood, 'joinRoom', { room_id: 'lobby' })),
    );
    const began = performance.now();
    for (let index = 0; index < 20; index++) {
      expect(await emit(calm, 'sendMessage', { content: 'x' })).toMatchObject({ ok: true });
    }
    expect(performance.now() - began).toBeLessThan(2_000);
    const acks = await joining;
    const refused = acks.filter(({ ok }) => !ok);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['RATE_LIMITED']));
    expect(refused.length).toBeGreaterThan(800);
    expect(refused.length).toBeLessThan(1_000);
    expect(await emit(flood, 'sendMessage', { content: 'not what it flooded with' })).toMatchObject({ ok: true });
    flood.disconnect();
    calm.disconnect();
  });
});
