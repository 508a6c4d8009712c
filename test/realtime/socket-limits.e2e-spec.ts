import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Socket } from 'socket.io-client';
import { connectSocket, emit, eventually, makeTenant, makeUser, type TestUser } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { stopWell } from '../support/stage.js';

interface Ack {
  ok: boolean;
  code?: string;
}

/** What one person, or one address, may have of this server. */
describe('the limits of sockets', () => {
  let server: TestServer;
  let owner: TestUser;
  const open: Socket[] = [];

  const join = async (user: TestUser): Promise<Socket> => {
    const socket = await connectSocket(server.url, user.access_token);
    open.push(socket);
    return socket;
  };

  beforeAll(async () => {
    // A caller's 120 a minute leave 5 messages a second, and bursts of 10.
    server = await startServer({ env: { RATE_LIMIT: '120/1000000', TRUST_PROXY: 'loopback' } });
    owner = await makeTenant(server.api);
  });

  afterAll(async () => {
    for (const socket of open) socket.disconnect();
    await stopWell(server);
  });

  it('a person’s sockets share one budget of events; another person’s is untouched', async () => {
    const [user, other] = await Promise.all([
      makeUser(server.api, { client_id: owner.client_id }),
      makeUser(server.api, { client_id: owner.client_id }),
    ]);
    const sockets = [await join(user), await join(user), await join(user)];
    const theirs = await join(other);
    const sent = await Promise.all(
      Array.from({ length: 60 }, (_, index) => emit<Ack>(sockets[index % 3] as Socket, 'sendMessage', { content: 'x' })),
    );
    const passed = sent.filter(({ ok }) => ok).length;
    // Three budgets would let 30 pass at once.
    expect(passed).toBeGreaterThanOrEqual(10);
    expect(passed).toBeLessThan(30);
    expect(sent.filter(({ ok }) => !ok).every(({ code }) => code === 'RATE_LIMITED')).toBe(true);
    expect(await emit<Ack>(theirs, 'sendMessage', { content: 'x' })).toMatchObject({ ok: true });
  });

  it('a person has 100 sockets on a node at most; one that closes makes room', async () => {
    const user = await makeUser(server.api, { client_id: owner.client_id });
    const sockets = await Promise.all(Array.from({ length: 100 }, () => join(user)));
    await expect(join(user)).rejects.toThrow(/^Too many requests$/);
    await join(await makeUser(server.api, { client_id: owner.client_id }));
    sockets[0]?.disconnect();
    await eventually(
      () => join(user).then(Boolean, () => false),
      (connected) => connected,
    );
    await expect(join(user)).rejects.toThrow(/^Too many requests$/);
  });

  it('those that come all at once are counted too', async () => {
    const user = await makeUser(server.api, { client_id: owner.client_id });
    const answers = await Promise.all(
      Array.from({ length: 115 }, () =>
        join(user).then(
          () => 'let in',
          (error: Error) => error.message,
        ),
      ),
    );
    expect(answers.filter((answer) => answer === 'let in')).toHaveLength(100);
    expect(answers.filter((answer) => answer === 'Too many requests')).toHaveLength(15);
  });

  it('a person who connects again and again is refused, and served by REST all the same', async () => {
    const user = await makeUser(server.api, { client_id: owner.client_id });
    for (let n = 0; n < 120; n++) (await connectSocket(server.url, user.access_token)).disconnect();
    await expect(join(user)).rejects.toThrow(/^Too many requests$/);
    expect((await user.api('/getUserInfo')).status).toBe(200);
    await join(await makeUser(server.api, { client_id: owner.client_id }));
  });

  it('handshakes that fail are counted by address, and are refused where there are too many', async () => {
    const knock = (address: string): Promise<string> =>
      connectSocket(server.url, 'nonsense', { extraHeaders: { 'x-forwarded-for': address } }).then(
        () => 'let in',
        (error: Error) => error.message,
      );
    const answers = await Promise.all(Array.from({ length: 130 }, () => knock('203.0.113.7')));
    const refused = answers.filter((answer) => answer === 'Too many requests').length;
    expect(refused).toBeGreaterThanOrEqual(5);
    expect(answers.filter((answer) => answer === 'Unauthorized')).toHaveLength(130 - refused);
    expect(await knock('203.0.113.8')).toBe('Unauthorized');
    const asked = await server.api('/rooms', { headers: { authorization: 'Bearer nonsense', 'x-forwarded-for': '203.0.113.7' } });
    expect(asked.status).toBe(429);
  });

  it.each([
    ['HTTP/2, as Java’s client does', '/health/live', 'h2c', 200],
    ['a WebSocket where there are none', '/rooms', 'websocket', 401],
    ['something else where there are some', '/socket.io/?EIO=4&transport=polling', 'h2c', 200],
  ])('who offers %s gets an answer all the same', async (_what, path, protocol, status) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
    const [heard] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(heard.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('who names no host is answered by the front', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write('GET /health/live HTTP/1.1\r\n\r\n');
    const [heard] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(heard.toString()).toMatch(/^HTTP\/1.1 400 [^]*"code":"INVALID_HOST"/);
  });

  it.each(['polling', 'websocket'])('a handshake by %s that names two hosts is refused', async (transport) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const upgrade =
      transport === 'polling'
        ? ''
        : 'Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade\r\n';
    socket.write(`GET /socket.io/?EIO=4&transport=${transport} HTTP/1.1\r\nHost: a\r\nHost: b\r\n${upgrade}\r\n`);
    const [heard] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(heard.toString()).toMatch(/^HTTP\/1.1 400 /);
  });
});
