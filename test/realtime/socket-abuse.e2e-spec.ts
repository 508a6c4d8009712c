import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Socket } from 'socket.io-client';
import { collect, connectSocket, emit, eventually, makeUser, next, type TestUser, uniqueName } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';

interface Refusal {
  ok: boolean;
  code?: string;
  message?: string;
  details?: Array<{ field: string; message: string }>;
}

/** Sends a Socket.IO packet as it stands, past the client's own checks (`2<ack id>["event",…]`). */
function sendRaw(socket: Socket, packet: string): void {
  (socket.io.engine as unknown as { write(data: string): void }).write(packet);
}

describe('what a hostile client sends', () => {
  let server: TestServer;
  let user: TestUser;
  let socket: Socket;
  let witness: Socket;

  beforeAll(async () => {
    server = await startServer();
    user = await makeUser(server.api);
    socket = await connectSocket(server.url, user.access_token);
    witness = await connectSocket(server.url, (await makeUser(server.api)).access_token);
  });

  afterAll(async () => {
    socket.disconnect();
    witness.disconnect();
    expect(await server.stop()).toBe(0);
    expect(server.logs()).not.toMatch(/"level":(50|60)|unhandled/i);
  });

  /** The server still serves this socket and others. */
  const stillServes = async (): Promise<void> => {
    const heard = next(witness, 'message');
    expect(await emit<Refusal>(socket, 'sendMessage', { content: 'still here' })).toMatchObject({ ok: true });
    expect(await heard).toMatchObject({ content: 'still here' });
  };

  const room = { room_id: 'lobby' };
  it.each<[event: string, payload: unknown, fields: string[]]>([
    ['joinRoom', {}, ['room_id']],
    ['joinRoom', { room_id: 'Not A Name' }, ['room_id']],
    ['joinRoom', { ...room, after_seq: -1 }, ['after_seq']],
    ['joinRoom', { ...room, after_seq: '1' }, ['after_seq']],
    ['joinRoom', { ...room, after_seq: 1.5 }, ['after_seq']],
    ['joinRoom', { ...room, after_seq: 2 ** 53 }, ['after_seq']],
    ['joinRoom', { ...room, other: 1 }, ['other']],
    ['leaveRoom', { room_id: null }, ['room_id']],
    ['sendMessage', {}, ['content']],
    ['sendMessage', { content: '' }, ['content']],
    ['sendMessage', { content: 7 }, ['content']],
    ['sendMessage', { content: 'a\u0000b' }, ['content']],
    ['sendMessage', { content: '\ud83d' }, ['content']],
    ['sendMessage', { content: 'あ'.repeat(8_001) }, ['content']],
    ['sendMessage', { content: 'x', room_id: 'lobby/other' }, ['room_id']],
    ['sendMessage', { content: 'x', room_id: ['lobby'] }, ['room_id']],
    ['sendMessage', { content: 'x', sender_id: 7, ttl_seconds: 0, reply_to_seq: 0 }, ['sender_id', 'reply_to_seq', 'ttl_seconds']],
    ['sendMessage', { content: 'x', client_message_id: '' }, ['client_message_id']],
    ['sendMessage', { content: 'x', file_ids: [7] }, ['file_ids']],
    ['sendMessage', { content: 'x', client_id: 'other' }, ['client_id']],
    ['sendMessage', { content: 'x', reply_to_seq: 999_999 }, ['reply_to_seq']],
    ['editMessage', { ...room, seq: 0, content: '' }, ['seq', 'content']],
    ['deleteMessage', room, ['seq']],
    ['react', { ...room, seq: 1 }, ['emoji']],
    ['react', { ...room, seq: 1, emoji: '👍', remove: 'yes' }, ['remove']],
    ['markRead', { ...room, seq: 'last' }, ['seq']],
    ['markRead', { ...room, seq: 999_999 }, ['seq']],
    ['typing', {}, ['room_id']],
    ['renewToken', {}, ['token']],
  ])('%s %j is refused, naming each wrong field', async (event, payload, fields) => {
    const ack = await emit<Refusal>(socket, event, payload);
    expect(ack).toMatchObject({ ok: false, code: 'VALIDATION_FAILED', message: 'Some fields are not valid' });
    expect(new Set(ack.details?.map(({ field }) => field))).toEqual(new Set(fields));
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 1],
    ['a text', 'lobby'],
    ['a list', [{ room_id: 'lobby' }]],
    ['bytes', Buffer.from('lobby')],
    ['an object with a prototype of its own', JSON.parse('{"__proto__": {"room_id": "lobby"}, "constructor": 1}')],
  ])('a payload that is %s is refused by every event', async (_, payload) => {
    for (const event of [
      'joinRoom',
      'leaveRoom',
      'sendMessage',
      'editMessage',
      'deleteMessage',
      'react',
      'markRead',
      'typing',
      'renewToken',
    ]) {
      expect(await emit<Refusal>(socket, event, payload)).toMatchObject({ ok: false, code: 'VALIDATION_FAILED' });
    }
  });

  it('unknown events are answered, whatever their name is', async () => {
    for (const event of ['nonsense', 'message', 'session:ended', 'error', '__proto__', 'constructor', 'toString', 'x'.repeat(500)]) {
      expect(await emit<Refusal>(socket, event)).toMatchObject({ ok: false, code: 'UNKNOWN_EVENT' });
    }
    await stillServes();
  });

  it('an event whose name is a number, which the protocol allows, ends nothing', async () => {
    sendRaw(socket, '2901[5]');
    sendRaw(socket, '2[5,{"room_id":"lobby"}]');
    await stillServes();
  });

  it('events without an acknowledgement work, and wrong ones do no harm', async () => {
    const heard = next(witness, 'message');
    socket.emit('sendMessage', null);
    socket.emit('sendMessage');
    socket.emit('nonsense', 1, 2, 3);
    socket.emit('error', 'x');
    socket.emit('sendMessage', { content: 'without an ack' });
    expect(await heard).toMatchObject({ content: 'without an ack' });
  });

  it('the server takes none of its own events from a client', async () => {
    const messages = collect(witness, 'message');
    socket.emit('message', { room_id: 'lobby', seq: 1, content: 'forged' });
    socket.emit('kaiwa', 'room', {
      client_id: user.client_id,
      room_id: 'lobby',
      event: 'message',
      payload: { content: 'forged' },
      seq: 99,
    });
    await stillServes();
    expect(messages).toMatchObject([{ content: 'still here' }]);
  });

  it('a packet that is none closes that client alone', async () => {
    for (const packet of ['2["disconnect"]', '2{}', '2[', '9', '51-["sendMessage",{"_placeholder":true,"num":9}]']) {
      const other = await connectSocket(server.url, user.access_token);
      const closed = new Promise((resolve) => other.once('disconnect', resolve));
      sendRaw(other, packet);
      // What the server takes for an unfinished packet, it goes on waiting for; the next one does not fit.
      sendRaw(other, '9');
      await closed;
      await stillServes();
    }
  });

  it('a frame of more than 64 KiB closes that client alone', async () => {
    const other = await connectSocket(server.url, user.access_token);
    const closed = new Promise((resolve) => other.once('disconnect', resolve));
    other.emit('sendMessage', { content: 'x'.repeat(65 * 1024) });
    await closed;
    await stillServes();
    const connections = await eventually(
      async () => (await user.api<unknown[]>('/rooms/lobby/connections')).body,
      (body) => body.length === 2,
    );
    expect(connections).toHaveLength(2);
  });

  it('the longest message fits in a frame, in any script', async () => {
    for (const character of ['あ', '😀', '\n', '"']) {
      const content = character.repeat(8_000);
      const ack = await emit<{ ok: boolean; message: { content: string } }>(socket, 'sendMessage', { content });
      expect(ack.ok).toBe(true);
      expect(ack.message.content).toBe(content);
    }
  });

  it('names nobody may use: another room, another message, another speaker', async () => {
    const missing = uniqueName('room');
    for (const [event, payload] of [
      ['joinRoom', { room_id: missing }],
      ['sendMessage', { room_id: missing, content: 'x' }],
      ['editMessage', { room_id: missing, seq: 1, content: 'x' }],
      ['deleteMessage', { room_id: missing, seq: 1 }],
      ['react', { room_id: missing, seq: 1, emoji: '👍' }],
      ['markRead', { room_id: missing, seq: 1 }],
      ['typing', { room_id: missing }],
    ] as const) {
      expect(await emit<Refusal>(socket, event, payload)).toEqual({ ok: false, code: 'ROOM_NOT_FOUND', message: 'Room not found' });
    }
    const speaker = await makeUser(server.api);
    expect(await emit<Refusal>(socket, 'sendMessage', { content: 'x', sender_id: speaker.id })).toMatchObject({
      ok: false,
      code: 'NOT_YOURSELF',
    });
    expect(await emit<Refusal>(socket, 'editMessage', { ...room, seq: 900_000, content: 'x' })).toMatchObject({
      code: 'MESSAGE_NOT_FOUND',
    });
  });
});
