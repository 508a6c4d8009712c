import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'socket.io-client';
import { collect, connectSocket, emit, makeTenant, makeUser, next, type TestUser, uniqueName } from '../support/client.js';
import type { Answer, Api, TestServer } from '../support/server.js';
import { stopWell, openStage } from '../support/stage.js';
import { type Message, type Failure, NOBODY } from '../support/views.js';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const THUMB = encodeURIComponent('👍');

describe('messages', () => {
  let server: TestServer;
  let owner: TestUser;
  let alice: TestUser;
  let bob: TestUser;
  let system: Api;
  /** Alice's, with Bob in it; a new one for each test. */
  let room: string;

  beforeAll(async () => {
    ({ server, owner, alice, bob, system } = await openStage(['rooms']));
  });

  afterAll(async () => {
    await stopWell(server);
  });

  beforeEach(async () => {
    room = uniqueName('r');
    await alice.api('/rooms', { method: 'POST', json: { id: room, name: 'x', visibility: 'private', member_ids: [bob.id] } });
  });

  const post = <T = Message>(who: { api: Api }, json: unknown, id = room): Promise<Answer<T>> =>
    who.api<T>(`/rooms/${id}/messages`, { method: 'POST', json });
  const say = async (who: { api: Api }, content: string, more: object = {}): Promise<Message> => {
    const answer = await post(who, { content, ...more });
    expect(answer.status).toBe(201);
    return answer.body;
  };
  const history = (who: { api: Api }, query = '', id = room): Promise<Answer<Message[]>> =>
    who.api<Message[]>(`/rooms/${id}/messages${query}`);
  const seqs = ({ body }: Answer<Message[]>): number[] => body.map(({ seq }) => seq);
  const nextOf = (answer: Answer): string | undefined => /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
  const listen = async (who: TestUser): Promise<Socket> => {
    const socket = await connectSocket(server.url, who.access_token);
    expect(await emit(socket, 'joinRoom', { room_id: room })).toMatchObject({ ok: true });
    return socket;
  };

  it('the answer, the event, the ack and the history show the same message', async () => {
    const socket = await listen(bob);
    const words = 'おはよう "世界" \\ \n\t\u0001\u2028 é 😀 </script>';
    const heard = next<Message>(socket, 'message');
    const posted = await post(alice, { content: words });
    expect(posted.status).toBe(201);
    expect(posted.body).toEqual({
      room_id: room,
      seq: 1,
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      from: { id: alice.id, username: alice.username, email: alice.email },
      content: words,
      file_ids: [],
      reply_to_seq: null,
      reactions: [],
      created_at: TIME,
      edited_at: null,
      deleted_at: null,
      expires_at: null,
    });
    expect(await heard).toEqual(posted.body);
    const told = next<Message>(socket, 'message');
    const ack = await emit<{ message: Message }>(socket, 'sendMessage', {
      room_id: room,
      content: words,
      reply_to_seq: 1,
      ttl_seconds: 60,
    });
    expect(ack).toEqual({ ok: true, message: await told });
    expect(ack.message).toMatchObject({ seq: 2, reply_to_seq: 1, expires_at: TIME });
    // The sender is known by now, so the second answer is put together another way than the first.
    const third = await post(alice, { content: words });
    expect((await history(alice)).body).toEqual([third.body, ack.message, posted.body]);
    expect(Object.keys((await history(alice)).body[0] ?? {})).toEqual(Object.keys(posted.body));
    const [listed] = (await alice.api<Array<{ id: string; last_message: Message }>>('/rooms?limit=200')).body.filter(
      ({ id }) => id === room,
    );
    expect(listed?.last_message).toEqual(third.body);
    socket.disconnect();
  });

  it('many writers at once get places without a gap, in the order of their commits', async () => {
    const posted = await Promise.all(Array.from({ length: 100 }, (_, index) => post(index % 2 ? alice : bob, { content: `m${index}` })));
    expect(posted.map(({ body }) => body.seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    const stored = (await history(alice, '?limit=200')).body.reverse();
    expect(stored).toEqual(posted.map(({ body }) => body).sort((a, b) => a.seq - b.seq));
    const times = stored.map(({ created_at }) => created_at);
    expect(times).toEqual([...times].sort());
  });

  describe('client_message_id', () => {
    it('sent 20 times at once, it is stored once and shown once', async () => {
      const socket = await listen(bob);
      const heard = collect<Message>(socket, 'message');
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => post(alice, { content: `try ${index}`, client_message_id: 'c-1' })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 19 }, () => 200), 201]);
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
      const last = next(socket, 'message', ({ content }) => content === 'last');
      await say(alice, 'last');
      await last;
      expect(heard.map(({ seq }) => seq)).toEqual([1, 2]);
      expect(seqs(await history(alice))).toEqual([2, 1]);
      socket.disconnect();
    });

    it('by socket and by REST are one', async () => {
      const socket = await listen(alice);
      const first = await emit<{ message: Message }>(socket, 'sendMessage', { room_id: room, content: 'a', client_message_id: 'x' });
      const again = await post(alice, { content: 'b', client_message_id: 'x' });
      expect(again).toMatchObject({ status: 200, body: first.message });
      socket.disconnect();
    });

    it('belongs to its sender and its room', async () => {
      const other = uniqueName('r');
      await alice.api('/rooms', { method: 'POST', json: { id: other, name: 'x', visibility: 'private' } });
      expect((await post(alice, { content: 'a', client_message_id: 'x' })).status).toBe(201);
      expect((await post(bob, { content: 'b', client_message_id: 'x' })).status).toBe(201);
      expect((await post(alice, { content: 'c', client_message_id: 'x' }, other)).status).toBe(201);
      expect((await post(alice, { content: 'd', client_message_id: 'X' })).status).toBe(201);
    });

    it('of a message that was edited or deleted since shows it as it is now', async () => {
      const first = await say(alice, 'a', { client_message_id: 'x' });
      await alice.api(`/rooms/${room}/messages/1`, { method: 'PATCH', json: { content: 'edited' } });
      expect(await post(alice, { content: 'a', client_message_id: 'x' })).toMatchObject({
        status: 200,
        body: { id: first.id, content: 'edited' },
      });
      await alice.api(`/rooms/${room}/messages/1`, { method: 'DELETE' });
      expect(await post(alice, { content: 'a', client_message_id: 'x' })).toMatchObject({
        status: 200,
        body: { id: first.id, content: null },
      });
    });
  });

  describe('history', () => {
    beforeEach(async () => {
      for (let index = 1; index <= 7; index++) await say(alice, `m${index}`);
    });

    it('newest first, before and after a place, and between two', async () => {
      expect(seqs(await history(bob))).toEqual([7, 6, 5, 4, 3, 2, 1]);
      expect(seqs(await history(bob, '?limit=2'))).toEqual([7, 6]);
      expect(seqs(await history(bob, '?before_seq=4'))).toEqual([3, 2, 1]);
      expect(seqs(await history(bob, '?before_seq=4&limit=2'))).toEqual([3, 2]);
      expect(seqs(await history(bob, '?after_seq=4'))).toEqual([5, 6, 7]);
      expect(seqs(await history(bob, '?after_seq=0&limit=2'))).toEqual([1, 2]);
      expect(seqs(await history(bob, '?after_seq=2&before_seq=5'))).toEqual([3, 4]);
      expect(seqs(await history(bob, '?after_seq=7'))).toEqual([]);
      expect(seqs(await history(bob, '?before_seq=1'))).toEqual([]);
    });

    it.each([
      ['?limit=3', [7, 6, 5, 4, 3, 2, 1], 3],
      ['?limit=7', [7, 6, 5, 4, 3, 2, 1], 1],
      ['?limit=2&before_seq=5', [4, 3, 2, 1], 2],
      ['?limit=3&after_seq=1', [2, 3, 4, 5, 6, 7], 2],
      ['?limit=1&after_seq=5', [6, 7], 2],
      ['?limit=2&after_seq=1&before_seq=6', [2, 3, 4, 5], 2],
    ])('%s leads by Link to all of it in %j, and no further', async (query, expected, pages) => {
      const seen: number[] = [];
      let count = 0;
      for (let path: string | undefined = `/rooms/${room}/messages${query}`; path; count++) {
        const page: Answer<Message[]> = await bob.api<Message[]>(path);
        seen.push(...seqs(page));
        path = nextOf(page);
      }
      expect(seen).toEqual(expected);
      expect(count).toBe(pages);
    });

    it('what is no range is refused', async () => {
      for (const query of ['?limit=0', '?limit=201', '?limit=x', '?before_seq=0', '?after_seq=-1', '?after_seq=1.5', '?before_seq=1e400']) {
        expect(await history(bob, query)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
      }
      expect((await history(bob, '', uniqueName('none'))).status).toBe(404);
    });
  });

  describe('what is taken', () => {
    it('content of 1 to 8,000 characters, counted as people count them', async () => {
      for (const content of ['a', ' ', 'あ'.repeat(8_000), '😀'.repeat(8_000)]) {
        expect((await say(alice, content)).content).toBe(content);
      }
    });

    it.each<[string, unknown, string[]]>([
      ['nothing', {}, ['content']],
      ['no body at all', undefined, ['content']],
      ['empty content', { content: '' }, ['content']],
      ['content that is null', { content: null }, ['content']],
      ['content that is no text', { content: ['a'] }, ['content']],
      ['8,001 characters', { content: 'あ'.repeat(8_001) }, ['content']],
      ['8,001 emoji', { content: '😀'.repeat(8_001) }, ['content']],
      ['NUL', { content: 'a\0b' }, ['content']],
      ['half a surrogate pair', { content: 'a\ud83d' }, ['content']],
      ['the other half', { content: '\ude00a' }, ['content']],
      ['files that are no ids', { content: 'x', file_ids: [7] }, ['file_ids']],
      ['an answer to what is not there', { content: 'x', reply_to_seq: 1 }, ['reply_to_seq']],
      ['a lifetime of nothing', { content: 'x', ttl_seconds: 0 }, ['ttl_seconds']],
      ['an empty name', { content: 'x', client_message_id: '' }, ['client_message_id']],
      ['a name that is too long', { content: 'x', client_message_id: 'x'.repeat(201) }, ['client_message_id']],
      ['a sender that is no id', { content: 'x', sender_id: 7 }, ['sender_id']],
      [
        'what is the server’s',
        { content: 'x', seq: 7, id: NOBODY, from: null, created_at: '2020-01-01T00:00:00.000Z' },
        ['seq', 'id', 'from', 'created_at'],
      ],
      [
        'everything at once',
        { content: '', file_ids: 1, ttl_seconds: 'x', nonsense: 1 },
        ['content', 'file_ids', 'ttl_seconds', 'nonsense'],
      ],
    ])('%s is refused, naming each wrong field', async (_, json, fields) => {
      const refused = await post<Failure>(alice, json);
      expect(refused).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', message: 'Some fields are not valid' } });
      expect(refused.body.details?.map(({ field }) => field).sort()).toEqual([...fields].sort());
      expect(seqs(await history(alice))).toEqual([]);
    });

    it('raw JSON with a NUL or a broken pair written out, and broken JSON', async () => {
      for (const body of ['{"content":"a\\u0000"}', '{"content":"\\ud800"}', '{"content":"x"', '[]', '"x"', 'null']) {
        const answer = await alice.api(`/rooms/${room}/messages`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        });
        expect([body, answer.status]).toEqual([body, 400]);
      }
      expect((await post(alice, { content: 'x', nonsense: 'y'.repeat(256 * 1024) })).status).toBe(413);
    });

    it('one that PostgreSQL refuses does not take its neighbours along', async () => {
      const answers = await Promise.all([
        post(alice, { content: 'good' }),
        post(alice, { content: 'too far', reply_to_seq: Number.MAX_SAFE_INTEGER }),
        post(alice, { content: 'good', ttl_seconds: 315_360_000 }),
        post(bob, { content: 'good', reply_to_seq: 500 }),
        post(bob, { content: 'good' }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([201, 400, 201, 400, 201]);
      expect(seqs(await history(alice))).toEqual([3, 2, 1]);
    });
  });

  describe('who speaks', () => {
    it('a system names a user of the tenant', async () => {
      expect(await system(`/rooms/${room}/messages`, { method: 'POST', json: { content: 'x', sender_id: alice.id } })).toMatchObject({
        status: 201,
        body: { seq: 1, from: { id: alice.id, username: alice.username, email: alice.email } },
      });
      const unnamed = await post<Failure>({ api: system }, { content: 'x' });
      expect(unnamed).toMatchObject({ status: 400, body: { details: [{ field: 'sender_id' }] } });
      for (const id of [room, 'lobby']) {
        expect(await post<Failure>({ api: system }, { content: 'x', sender_id: NOBODY }, id)).toMatchObject({
          status: 404,
          body: { code: 'USER_NOT_FOUND', message: 'User not found' },
        });
      }
      const foreigner = await makeTenant(server.api);
      expect((await post({ api: system }, { content: 'x', sender_id: foreigner.id }, 'lobby')).status).toBe(404);
      // A user who is not in the private room cannot be made to speak there.
      expect(await post<Failure>({ api: system }, { content: 'x', sender_id: owner.id })).toMatchObject({
        status: 404,
        body: { code: 'ROOM_NOT_FOUND' },
      });
    });

    it('a person speaks for nobody else, not even the owner', async () => {
      expect((await post(alice, { content: 'x', sender_id: alice.id.toUpperCase() })).status).toBe(201);
      expect(await post<Failure>(alice, { content: 'x', sender_id: bob.id })).toMatchObject({
        status: 403,
        body: { code: 'NOT_YOURSELF' },
      });
      expect((await post(owner, { content: 'x', sender_id: alice.id }, 'lobby')).status).toBe(403);
      expect((await post(alice, { content: 'x', sender_id: NOBODY })).status).toBe(403);
    });
  });

  it('whose author is gone, it stays without a name', async () => {
    const carol = await makeUser(server.api, { client_id: owner.client_id });
    await alice.api(`/rooms/${room}/members/${carol.id}`, { method: 'PUT', json: {} });
    await say(carol, 'I was here');
    await say(alice, 'hello');
    await carol.api(`/rooms/${room}/messages/2/reactions/${THUMB}`, { method: 'PUT' });
    const socket = await listen(alice);
    const left = next(socket, 'member:left');
    expect((await carol.api('/user', { method: 'DELETE' })).status).toBe(200);
    expect(await left).toEqual({ room_id: room, user: { id: carol.id, username: carol.username } });
    expect((await history(alice)).body).toMatchObject([
      { seq: 2, content: 'hello', reactions: [] },
      { seq: 1, content: 'I was here', from: null },
    ]);
    expect((await alice.api(`/rooms/${room}/messages/1`, { method: 'DELETE' })).status).toBe(200);
    expect((await post({ api: system }, { content: 'x', sender_id: carol.id })).status).toBe(404);
    socket.disconnect();
  });
});
