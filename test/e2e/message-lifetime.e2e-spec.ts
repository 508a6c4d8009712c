import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connectSocket, emit, eventually, makeUser, type TestUser, uniqueName } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import { stopWell } from '../support/stage.js';

interface Message {
  seq: number;
  content: string | null;
  created_at: string;
  expires_at: string | null;
}

describe('messages that live for a while', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  let room: string;

  beforeAll(async () => {
    server = await startServer();
    [alice, bob] = await Promise.all([makeUser(server.api), makeUser(server.api)]);
  });

  afterAll(async () => {
    await stopWell(server);
  });

  beforeEach(async () => {
    room = uniqueName('r');
    await alice.api('/rooms', { method: 'POST', json: { id: room, name: 'x', visibility: 'private', member_ids: [bob.id] } });
  });

  const post = (json: object, who = alice): Promise<Answer<Message>> =>
    who.api<Message>(`/rooms/${room}/messages`, { method: 'POST', json });
  const seqs = async (query = ''): Promise<number[]> =>
    (await bob.api<Message[]>(`/rooms/${room}/messages${query}`)).body.map(({ seq }) => seq);
  /** As if its time were up: nothing else of it changes. */
  const age = async (...places: number[]): Promise<void> => {
    await sql(
      server.database_url,
      `update messages set expires_at = now() - interval '1 millisecond' where room_id = $1 and seq = any($2)`,
      [room, places],
    );
  };
  const stored = async (): Promise<number[]> =>
    (await sql<{ seq: string }>(server.database_url, 'select seq from messages where room_id = $1 order by seq', [room])).map(({ seq }) =>
      Number(seq),
    );
  const lifetime = ({ created_at, expires_at }: Message): number | null =>
    expires_at === null ? null : (Date.parse(expires_at) - Date.parse(created_at)) / 1_000;

  it('as long as the message says, else the room, else for ever; a change of the room counts from then on', async () => {
    expect(lifetime((await post({ content: 'a' })).body)).toBeNull();
    expect(lifetime((await post({ content: 'b', ttl_seconds: 90 })).body)).toBe(90);
    await alice.api(`/rooms/${room}`, { method: 'PATCH', json: { message_ttl_seconds: 3_600 } });
    expect(lifetime((await post({ content: 'c' })).body)).toBe(3_600);
    expect(lifetime((await post({ content: 'd', ttl_seconds: 90 })).body)).toBe(90);
    await alice.api(`/rooms/${room}`, { method: 'PATCH', json: { message_ttl_seconds: null } });
    expect(lifetime((await post({ content: 'e' })).body)).toBeNull();
    const lives = (await bob.api<Message[]>(`/rooms/${room}/messages`)).body.map(lifetime).reverse();
    expect(lives).toEqual([null, 90, 3_600, 90, null]);
  });

  it('expired, they are in no answer, although they are not swept yet', async () => {
    for (const content of ['kept one', 'secret two', 'kept three', 'secret four']) await post({ content, ttl_seconds: 600 });
    expect((await bob.api<{ unread: number }>(`/rooms/${room}`)).body.unread).toBe(4);
    expect((await bob.api<Message[]>('/messages/search?q=secret')).body).toHaveLength(2);
    await age(2, 4);
    expect(await seqs()).toEqual([3, 1]);
    expect(await seqs('?after_seq=0')).toEqual([1, 3]);
    expect(await seqs('?before_seq=3')).toEqual([1]);
    expect((await bob.api<Message[]>('/messages/search?q=secret')).body).toEqual([]);
    expect((await bob.api<Message[]>(`/messages/search?q=secret&room_id=${room}`)).body).toEqual([]);
    const seen = (await bob.api<{ unread: number; last_seq: number; last_message: Message }>(`/rooms/${room}`)).body;
    expect(seen).toMatchObject({ unread: 2, last_seq: 4, last_message: { seq: 3 } });
    const [listed] = (await bob.api<Array<{ id: string }>>('/rooms?limit=200')).body.filter(({ id }) => id === room);
    expect(listed).toEqual(seen);
    for (const [method, path, json] of [
      ['PATCH', '', { content: 'x' }],
      ['DELETE', ''],
      ['PUT', '/reactions/%F0%9F%91%8D'],
      ['DELETE', '/reactions/%F0%9F%91%8D'],
    ] as const) {
      expect(await alice.api(`/rooms/${room}/messages/2${path}`, { method, json })).toMatchObject({
        status: 404,
        body: { code: 'MESSAGE_NOT_FOUND' },
      });
    }
    const socket = await connectSocket(server.url, bob.access_token);
    const joined = await emit<{ missed: Message[]; changed: Message[]; last_seq: number }>(socket, 'joinRoom', {
      room_id: room,
      after_seq: 0,
    });
    expect(joined.missed.map(({ seq }) => seq)).toEqual([1, 3]);
    expect(joined).toMatchObject({ changed: [], last_seq: 4, has_more: false });
    socket.disconnect();
    expect(await stored()).toEqual([1, 2, 3, 4]);
  });

  it('one that was changed and has expired is not among what changed', async () => {
    await post({ content: 'a', ttl_seconds: 600 });
    await post({ content: 'b', ttl_seconds: 600 });
    await post({ content: 'c' });
    for (const seq of [1, 2]) await alice.api(`/rooms/${room}/messages/${seq}`, { method: 'PATCH', json: { content: 'changed' } });
    await age(1);
    const socket = await connectSocket(server.url, bob.access_token);
    const { changed } = await emit<{ changed: Message[] }>(socket, 'joinRoom', { room_id: room, after_seq: 3 });
    expect(changed.map(({ seq }) => seq)).toEqual([2]);
    socket.disconnect();
  });

  it('their places stay empty, and Link leads past them to the end and no further', async () => {
    for (let index = 1; index <= 6; index++) await post({ content: `m${index}`, ttl_seconds: 600 });
    await age(1, 2, 5);
    const first = await bob.api<Message[]>(`/rooms/${room}/messages?limit=3`);
    expect(first.body.map(({ seq }) => seq)).toEqual([6, 4, 3]);
    expect(first.headers.has('link')).toBe(false);
    expect((await bob.api(`/rooms/${room}/messages?limit=2`)).headers.has('link')).toBe(true);
    expect((await bob.api(`/rooms/${room}/messages?limit=2&after_seq=3`)).headers.has('link')).toBe(false);
    await age(3, 4, 6);
    expect(await seqs()).toEqual([]);
    expect((await bob.api(`/rooms/${room}`)).body).toMatchObject({ last_seq: 6, last_message: null, unread: 0 });
    expect((await post({ content: 'next' })).body.seq).toBe(7);
  });

  it('the name of one that has expired is free again, swept or not', async () => {
    const first = await post({ content: 'a', client_message_id: 'x', ttl_seconds: 600 });
    expect((await post({ content: 'a', client_message_id: 'x' })).status).toBe(200);
    await age(1);
    const answers = await Promise.all(Array.from({ length: 5 }, () => post({ content: 'b', client_message_id: 'x' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.seq))).toEqual(new Set([2]));
    expect(first.body.seq).toBe(1);
    expect(await seqs()).toEqual([2]);
  });

  it('the sweeping job takes them away with their words, and nothing else', async () => {
    for (let index = 1; index <= 4; index++) await post({ content: `swept ${index}`, ttl_seconds: 600 });
    await post({ content: 'swept never' });
    await alice.api(`/rooms/${room}/messages/1/reactions/%F0%9F%91%8D`, { method: 'PUT' });
    expect((await bob.api<Message[]>(`/messages/search?q=swept&room_id=${room}`)).body).toHaveLength(5);
    await age(1, 3);
    await sql(server.database_url, `select graphile_worker.add_job('messages.sweep')`);
    await eventually(stored, (places) => places.length < 5, 15_000);
    expect(await stored()).toEqual([2, 4, 5]);
    const indexed = await sql<{ seq: string }>(server.database_url, 'select seq from message_search where room_id = $1 order by seq', [
      room,
    ]);
    expect(indexed.map(({ seq }) => Number(seq))).toEqual([2, 4, 5]);
    expect(await sql(server.database_url, 'select 1 from reactions where room_id = $1', [room])).toEqual([]);
    expect(await seqs()).toEqual([5, 4, 2]);
  });
});
