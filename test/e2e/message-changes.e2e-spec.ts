import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'socket.io-client';
import { collect, connectSocket, emit, eventually, makeUser, next, type TestUser, uniqueName } from '../support/client.js';
import type { Answer, Api, TestServer } from '../support/server.js';
import { stopWell, openStage } from '../support/stage.js';
import type { Message, Failure } from '../support/views.js';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const THUMB = encodeURIComponent('👍');

describe('what happens to messages', () => {
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
  const listen = async (who: TestUser): Promise<Socket> => {
    const socket = await connectSocket(server.url, who.access_token);
    expect(await emit(socket, 'joinRoom', { room_id: room })).toMatchObject({ ok: true });
    return socket;
  };

  describe('changing one', () => {
    const edit = (who: { api: Api }, seq: number | string, content: unknown = 'edited'): Promise<Answer<Message & Failure>> =>
      who.api(`/rooms/${room}/messages/${seq}`, { method: 'PATCH', json: { content } });
    const remove = (who: { api: Api }, seq: number | string): Promise<Answer<Message & Failure>> =>
      who.api(`/rooms/${room}/messages/${seq}`, { method: 'DELETE' });

    it('its words, by its author alone; everyone is told', async () => {
      const socket = await listen(bob);
      const first = await say(alice, 'first');
      const told = next<Message>(socket, 'message:updated');
      const edited = await edit(alice, 1);
      expect(edited).toMatchObject({ status: 200, body: { ...first, content: 'edited', edited_at: TIME } });
      expect(await told).toEqual(edited.body);
      expect((await history(bob)).body).toEqual([edited.body]);
      for (const who of [bob, { api: system }]) expect(await edit(who, 1)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
      expect((await edit(alice, 1, '')).status).toBe(400);
      expect((await edit(alice, 1, 'x'.repeat(8_001))).status).toBe(400);
      for (const seq of [2, 0, -1, 'x', '1.0', '99999999999999999999']) {
        expect(await edit(alice, seq)).toMatchObject({ status: 404, body: { code: 'MESSAGE_NOT_FOUND', message: 'Message not found' } });
      }
      socket.disconnect();
    });

    it('takes it away, by its author or the room’s admin; its place stays', async () => {
      const socket = await listen(bob);
      await say(bob, 'by bob', { reply_to_seq: null });
      await say(bob, 'by bob too');
      await say(alice, 'by alice');
      await alice.api(`/rooms/${room}/messages/1/reactions/${THUMB}`, { method: 'PUT' });
      expect(await remove(bob, 3)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
      const told = next<Message>(socket, 'message:deleted');
      const gone = await remove(bob, 1);
      expect(gone).toMatchObject({ status: 200, body: { seq: 1, content: null, reactions: [], deleted_at: TIME, from: { id: bob.id } } });
      expect(await told).toEqual(gone.body);
      expect((await remove(alice, 2)).status).toBe(200);
      expect((await remove(bob, 1)).body).toEqual(gone.body);
      expect((await history(alice)).body.map(({ seq, content }) => [seq, content])).toEqual([
        [3, 'by alice'],
        [2, null],
        [1, null],
      ]);
      expect(await edit(bob, 1)).toMatchObject({ status: 409, body: { code: 'MESSAGE_DELETED' } });
      expect((await alice.api(`/rooms/${room}/messages/1/reactions/${THUMB}`, { method: 'PUT' })).status).toBe(409);
      expect((await say(alice, 'next')).seq).toBe(4);
      expect((await say(alice, 'an answer to what is gone', { reply_to_seq: 1 })).reply_to_seq).toBe(1);
      socket.disconnect();
    });

    it('the tenant’s admins may take a message out of an open room, members not, a demoted admin neither', async () => {
      await say(alice, 'x');
      await alice.api(`/rooms/${room}`, { method: 'PATCH', json: { visibility: 'open' } });
      await say(alice, 'y');
      const admin = await makeUser(server.api, { client_id: owner.client_id });
      const socket = await connectSocket(server.url, admin.access_token);
      expect(await emit(socket, 'deleteMessage', { room_id: room, seq: 1 })).toMatchObject({ ok: false, code: 'FORBIDDEN' });
      const setRole = (role: string): Promise<Answer> => owner.api(`/users/${admin.id}`, { method: 'PATCH', json: { role } });
      expect((await setRole('admin')).status).toBe(200);
      expect(await emit(socket, 'deleteMessage', { room_id: room, seq: 1 })).toMatchObject({ ok: true });
      expect((await setRole('member')).status).toBe(200);
      expect(await emit(socket, 'deleteMessage', { room_id: room, seq: 2 })).toMatchObject({ ok: false, code: 'FORBIDDEN' });
      expect((await remove(admin, 2)).status).toBe(403);
      socket.disconnect();
    });
  });

  describe('reactions', () => {
    const react = (who: { api: Api }, emoji: string, method = 'PUT', seq = 1): Promise<Answer<Message & Failure>> =>
      who.api(`/rooms/${room}/messages/${seq}/reactions/${encodeURIComponent(emoji)}`, { method });

    it('are put and taken away, each once, and everyone is told', async () => {
      const socket = await listen(bob);
      await say(alice, 'x');
      const heard = collect(socket, 'reaction');
      await react(alice, '👍');
      await react(alice, '👍');
      await react(bob, '🎉');
      await react(bob, '👍');
      expect((await history(bob)).body[0]?.reactions).toEqual([
        { emoji: '👍', user_ids: [alice.id, bob.id] },
        { emoji: '🎉', user_ids: [bob.id] },
      ]);
      expect((await react(alice, '👍', 'DELETE')).body.reactions).toEqual(
        expect.arrayContaining([
          { emoji: '🎉', user_ids: [bob.id] },
          { emoji: '👍', user_ids: [bob.id] },
        ]),
      );
      expect((await react(alice, '👍', 'DELETE')).status).toBe(200);
      expect(await emit(socket, 'react', { room_id: room, seq: 1, emoji: '👍', remove: true })).toMatchObject({
        ok: true,
        message: { seq: 1 },
      });
      await eventually(
        () => Promise.resolve(heard),
        ({ length }) => length === 5,
      );
      expect(heard).toEqual([
        { room_id: room, seq: 1, emoji: '👍', user_id: alice.id, removed: false },
        { room_id: room, seq: 1, emoji: '🎉', user_id: bob.id, removed: false },
        { room_id: room, seq: 1, emoji: '👍', user_id: bob.id, removed: false },
        { room_id: room, seq: 1, emoji: '👍', user_id: alice.id, removed: true },
        { room_id: room, seq: 1, emoji: '👍', user_id: bob.id, removed: true },
      ]);
      socket.disconnect();
    });

    it.each(['❤️', '❤', '👨‍👩‍👧‍👦', '👍🏽', '🇯🇵', '1️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'])('%s is one emoji', async (emoji) => {
      await say(alice, 'x');
      expect((await react(alice, emoji)).body.reactions).toEqual([{ emoji, user_ids: [alice.id] }]);
      expect((await react(alice, emoji, 'DELETE')).body.reactions).toEqual([]);
    });

    it.each(['a', '1', '👍👍', 'い', ' ', '👍 ', '<b>', '🏽x'])('%j is none', async (emoji) => {
      await say(alice, 'x');
      expect(await react(alice, emoji)).toMatchObject({ status: 400, body: { details: [{ field: 'emoji' }] } });
    });

    it('are 50 different ones at most, to which anybody may add their own', async () => {
      await say(alice, 'x');
      const emoji = Array.from({ length: 51 }, (_, index) => String.fromCodePoint(0x1f600 + index));
      for (const one of emoji.slice(0, 50)) expect((await react(alice, one)).status).toBe(200);
      expect(await react(alice, emoji[50] as string)).toMatchObject({ status: 400, body: { details: [{ field: 'emoji' }] } });
      expect((await react(bob, emoji[0] as string)).status).toBe(200);
      expect((await react(alice, emoji[0] as string)).status).toBe(200);
    });

    it('come from people alone, under messages that are there', async () => {
      await say(alice, 'x');
      expect((await react({ api: system }, '👍')).status).toBe(403);
      expect(await react(alice, '👍', 'PUT', 2)).toMatchObject({ status: 404, body: { code: 'MESSAGE_NOT_FOUND' } });
    });
  });

  describe('read markers', () => {
    const read = (who: { api: Api }, seq: unknown): Promise<Answer<Failure>> =>
      who.api(`/rooms/${room}/read`, { method: 'PUT', json: { seq } });
    const unread = async (who: { api: Api }): Promise<unknown> => (await who.api<{ unread: number }>(`/rooms/${room}`)).body.unread;

    it('count what others have said and I have not read, and only go forward', async () => {
      const socket = await listen(alice);
      for (let index = 0; index < 4; index++) await say(alice, 'x');
      await say(bob, 'my own');
      expect([await unread(alice), await unread(bob)]).toEqual([1, 4]);
      const told = next(socket, 'read');
      expect(await read(bob, 3)).toMatchObject({ status: 200, body: { room_id: room, seq: 3 } });
      expect(await told).toEqual({ room_id: room, user: { id: bob.id, username: bob.username }, seq: 3 });
      expect(await unread(bob)).toBe(1);
      expect((await read(bob, 1)).body).toMatchObject({ seq: 3 });
      await alice.api(`/rooms/${room}/messages/4`, { method: 'DELETE' });
      expect(await unread(bob)).toBe(0);
      for (const seq of [0, 6, 1.5, '1', null]) expect((await read(bob, seq)).status).toBe(400);
      expect((await read({ api: system }, 1)).status).toBe(403);
      socket.disconnect();
    });

    it('of whoever comes into an open room, what was said before is read', async () => {
      await say(alice, 'before');
      await alice.api(`/rooms/${room}`, { method: 'PATCH', json: { visibility: 'open' } });
      expect(await unread(owner)).toBe(0);
      await owner.api(`/rooms/${room}/members/${owner.id}`, { method: 'PUT', json: {} });
      await say(alice, 'after');
      expect(await unread(owner)).toBe(1);
    });
  });
});
