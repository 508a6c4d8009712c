import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';
import {
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
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { stopWell } from '../support/stage.js';

interface Message {
  room_id: string;
  seq: number;
  content: string | null;
}

interface Joined {
  ok: boolean;
  room: { id: string; my_role: string; last_seq: number };
  missed: Message[];
  has_more: boolean;
  last_seq: number;
  changed: Message[];
  changed_has_more: boolean;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const seqs = (messages: Message[]): number[] => messages.map(({ seq }) => seq);

describe('coming back into a room', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  let room: string;
  let socket: Socket;

  beforeAll(async () => {
    server = await startServer();
    [alice, bob] = await Promise.all([makeUser(server.api), makeUser(server.api)]);
  });

  afterAll(async () => {
    socket.disconnect();
    await stopWell(server);
  });

  beforeEach(async () => {
    socket?.disconnect();
    room = uniqueName('r');
    await alice.api('/rooms', { method: 'POST', json: { id: room, name: 'x', visibility: 'private', member_ids: [bob.id] } });
    socket = await connectSocket(server.url, bob.access_token);
  });

  const post = (content: string, id = room): Promise<Answer<Message>> =>
    alice.api<Message>(`/rooms/${id}/messages`, { method: 'POST', json: { content } });
  const postMany = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 50) {
      await Promise.all(range(index, Math.min(index + 50, count) - 1).map((one) => post(`m${one}`)));
    }
  };
  const join = (after_seq?: number | null, id = room, who = socket): Promise<Joined> =>
    emit<Joined>(who, 'joinRoom', { room_id: id, after_seq });
  const leave = (): Promise<unknown> => emit(socket, 'leaveRoom', { room_id: room });

  it('is given the room as it is, and nothing of what was before where it says nothing', async () => {
    await postMany(3);
    const joined = await join();
    expect(joined).toEqual({
      ok: true,
      room: (await bob.api(`/rooms/${room}`)).body,
      missed: [],
      has_more: false,
      last_seq: 3,
      changed: [],
      changed_has_more: false,
    });
    expect(await join(null)).toMatchObject({ ok: true, missed: [], last_seq: 3 });
  });

  it('is given what came since, oldest first, as the history shows it', async () => {
    await postMany(5);
    const joined = await join(2);
    expect(joined).toMatchObject({ has_more: false, last_seq: 5 });
    expect(joined.missed).toEqual((await bob.api(`/rooms/${room}/messages?after_seq=2`)).body);
    expect(seqs(joined.missed)).toEqual([3, 4, 5]);
    await leave();
    expect((await join(5)).missed).toEqual([]);
    await leave();
    expect((await join(99)).missed).toEqual([]);
    await leave();
    expect(seqs((await join(0)).missed)).toEqual([1, 2, 3, 4, 5]);
  });

  it('of more than 200, the first 200, and the rest by REST', async () => {
    await postMany(230);
    const joined = await join(10);
    expect(seqs(joined.missed)).toEqual(range(11, 210));
    expect(joined).toMatchObject({ has_more: true, last_seq: 230 });
    const rest = await bob.api<Message[]>(`/rooms/${room}/messages?after_seq=210&limit=200`);
    expect(seqs(rest.body)).toEqual(range(211, 230));
    await leave();
    expect(await join(30)).toMatchObject({ has_more: false });
  });

  it('is given what was edited, deleted or reacted to of what it has, as it is now', async () => {
    await postMany(6);
    await join(6);
    await leave();
    const messages = `/rooms/${room}/messages`;
    await alice.api(`${messages}/1`, { method: 'PATCH', json: { content: 'edited' } });
    await alice.api(`${messages}/2`, { method: 'DELETE' });
    await alice.api(`${messages}/3/reactions/%F0%9F%91%8D`, { method: 'PUT' });
    await alice.api(`${messages}/4/reactions/%F0%9F%91%8D`, { method: 'PUT' });
    await alice.api(`${messages}/4/reactions/%F0%9F%91%8D`, { method: 'DELETE' });
    await post('7');
    await alice.api(`${messages}/7`, { method: 'PATCH', json: { content: 'new and edited' } });
    const joined = await join(6);
    expect(joined.missed).toMatchObject([{ seq: 7, content: 'new and edited' }]);
    expect(joined.changed).toEqual((await bob.api<Message[]>(`${messages}?before_seq=5`)).body.reverse());
    expect(joined.changed).toMatchObject([{ content: 'edited' }, { content: null }, { reactions: [{ emoji: '👍' }] }, { reactions: [] }]);
    expect(joined.changed_has_more).toBe(false);
    await leave();
    // Message 7 came after all of these changes.
    expect((await join(7)).changed).toMatchObject([{ seq: 7 }]);
  });

  it('of more than 200 changes it is told that there are more', async () => {
    await postMany(205);
    await Promise.all(range(1, 205).map((seq) => alice.api(`/rooms/${room}/messages/${seq}/reactions/%F0%9F%91%8D`, { method: 'PUT' })));
    const joined = await join(205);
    expect(joined.changed).toHaveLength(200);
    expect(joined.changed_has_more).toBe(true);
  });

  it('leaving ends what it hears, and is no error twice, nor for a room that is none', async () => {
    await join();
    expect(await leave()).toEqual({ ok: true });
    const heard = collect(socket, 'message');
    await post('not heard');
    expect(await leave()).toEqual({ ok: true });
    expect(await emit(socket, 'leaveRoom', { room_id: uniqueName('none') })).toEqual({ ok: true });
    await join();
    const last = next<Message>(socket, 'message');
    await post('heard');
    expect(await last).toMatchObject({ seq: 2 });
    expect(heard).toHaveLength(1);
  });

  it('what it asks for in a row happens in that order', async () => {
    const witness = await connectSocket(server.url, alice.access_token);
    await join(undefined, room, witness);
    const heard = collect<Message>(socket, 'message');
    const isIn = async (): Promise<boolean> =>
      (await alice.api<Array<{ connection_id: string }>>(`/rooms/${room}/connections`)).body.some(
        ({ connection_id }) => connection_id === socket.id,
      );
    for (let round = 0; round < 10; round++) {
      await Promise.all([join(), join(), leave(), join(), leave()]);
      expect(await isIn()).toBe(false);
      await Promise.all([join(), leave(), join(), join()]);
      expect(await isIn()).toBe(true);
    }
    heard.length = 0;
    await post('once');
    const { body } = await post('and once');
    await eventually(
      () => Promise.resolve(heard.at(-1)?.seq),
      (seq) => seq === body.seq,
    );
    expect(seqs(heard)).toEqual([body.seq - 1, body.seq]);
    witness.disconnect();
  });

  it('joining twice at once while others write gives nothing twice', async () => {
    const heard = collect<Message>(socket, 'message');
    let stop = false;
    const writing = (async () => {
      while (!stop) await post('x');
    })();
    for (let round = 0; round < 20; round++) {
      const joins = await Promise.all([join(), join(), join()]);
      expect(joins.every(({ ok }) => ok)).toBe(true);
      await leave();
    }
    stop = true;
    await writing;
    expect(new Set(seqs(heard)).size).toBe(heard.length);
  });

  /**
   * A client that follows a room as the contract says: it remembers the last place it has, and after each absence asks for what came since.
   * What it is given and what it hears live go on one list; what it hears before it is given what it missed comes after that.
   */
  class Follower {
    readonly list: number[] = [];
    private held: number[] | null = null;

    constructor(private current: Socket) {
      this.hear();
    }

    last(): number {
      return this.list.at(-1) ?? 0;
    }

    async comeIn(): Promise<void> {
      this.held ??= [];
      const joined = await join(this.last(), room, this.current);
      expect(joined.ok).toBe(true);
      this.list.push(...seqs(joined.missed));
      for (let more = joined.has_more; more;) {
        const page = await bob.api<Message[]>(
          `/rooms/${room}/messages?after_seq=${this.last()}&before_seq=${joined.last_seq + 1}&limit=200`,
        );
        this.list.push(...seqs(page.body));
        more = page.headers.has('link');
      }
      this.list.push(...this.held);
      this.held = null;
    }

    async leave(): Promise<void> {
      expect(await emit(this.current, 'leaveRoom', { room_id: room })).toEqual({ ok: true });
    }

    /** Loses the connection and makes another, which is in the token's room before it asks for anything. */
    async reconnect(token: string): Promise<void> {
      this.current.disconnect();
      this.held = [];
      this.current = io(server.url, { transports: ['websocket'], forceNew: true, reconnection: false, auth: { token } });
      this.hear();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.current.once('connect', resolve).once('connect_error', reject);
      await promise;
    }

    close(): void {
      this.current.disconnect();
    }

    private hear(): void {
      this.current.on('message', ({ room_id, seq }: Message) => {
        if (room_id === room) (this.held ?? this.list).push(seq);
      });
    }
  }

  const follow = async (wander: (follower: Follower) => Promise<void>): Promise<number[]> => {
    const follower = new Follower(socket);
    await follower.comeIn();
    let over = false;
    const writing = Promise.all(
      range(1, 3).map(async (writer) => {
        for (let index = 0; index < 334; index++) await post(`${writer} ${index}`);
      }),
    ).then(() => (over = true));
    let absences = 0;
    for (; !over; absences++) {
      const enough = follower.last() + Math.floor(Math.random() * 40);
      await eventually(() => Promise.resolve(over || follower.last() >= enough), Boolean);
      await wander(follower);
      await follower.comeIn();
    }
    await writing;
    const { body } = await post('the last one');
    await eventually(
      () => Promise.resolve(follower.last()),
      (seq) => seq >= body.seq,
    );
    follower.close();
    expect(absences).toBeGreaterThan(5);
    return follower.list;
  };

  it('by leaving and joining at random while 3 write 1,000 messages, it has each once and in order', async () => {
    expect(await follow((follower) => follower.leave())).toEqual(range(1, 1_003));
  });

  it('by losing its connection at random, in the room that its token names, too', async () => {
    const session = await signIn(server.api, { ...bob, room_id: room });
    await emit(socket, 'leaveRoom', { room_id: 'lobby' });
    expect(await follow((follower) => follower.reconnect(session.access_token))).toEqual(range(1, 1_003));
  });

  it('two tenants’ rooms of one name hear nothing of each other', async () => {
    const [ours, theirs] = await Promise.all([makeTenant(server.api), makeTenant(server.api)]);
    const id = uniqueName('same');
    const sockets = await Promise.all(
      [ours, theirs].map(async (owner) => {
        await owner.api('/rooms', { method: 'POST', json: { id, name: 'x', visibility: 'open' } });
        const own = await connectSocket(server.url, owner.access_token);
        expect((await join(undefined, id, own)).ok).toBe(true);
        return own;
      }),
    );
    const [left, right] = sockets as [Socket, Socket];
    const heard: Array<[string, unknown]> = [];
    right.onAny((event: string, payload: unknown) => heard.push([event, payload]));
    const messages = `/rooms/${id}/messages`;
    const last = next(left, 'read');
    await ours.api(messages, { method: 'POST', json: { content: 'ours' } });
    await ours.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'ours' } });
    await ours.api(`${messages}/1`, { method: 'PATCH', json: { content: 'edited' } });
    await ours.api(`${messages}/1/reactions/%F0%9F%91%8D`, { method: 'PUT' });
    await ours.api(`${messages}/1`, { method: 'DELETE' });
    await emit(left, 'typing', { room_id: id });
    await ours.api(`/rooms/${id}/read`, { method: 'PUT', json: { seq: 1 } });
    await last;
    expect(await emit(right, 'sendMessage', { room_id: id, content: 'theirs' })).toMatchObject({ ok: true, message: { seq: 1 } });
    expect(await join(0, id, left)).toMatchObject({ last_seq: 1 });
    expect((await ours.api<unknown[]>(`/rooms/${id}/connections`)).body).toHaveLength(1);
    expect(heard.filter(([event]) => event !== 'presence')).toMatchObject([['message', { seq: 1, content: 'theirs' }]]);
    for (const one of sockets) one.disconnect();
  });
});
