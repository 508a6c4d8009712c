import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectSocket, eventually, makeUser } from '../support/client.js';
import { startServer, type TestServer, within } from '../support/server.js';

/* SIGTERM (contract, section 9): whatever clients are in the middle of, the process ends by itself, well. */

let server: TestServer;
const opened: Socket[] = [];

beforeEach(async () => {
  server = await startServer();
});

afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await server.stop();
});

async function send(text: string): Promise<Socket> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  opened.push(socket);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

async function stopsWithin(limit_ms: number): Promise<void> {
  const began = performance.now();
  expect(await server.stop()).toBe(0);
  expect(performance.now() - began).toBeLessThan(limit_ms);
}

describe('SIGTERM', () => {
  it('ends an idle server at once', () => stopsWithin(5_000));

  it('does not wait for half a header', async () => {
    await send('GET /rooms HTTP/1.1\r\nHost: x\r\nX-Half');
    await stopsWithin(5_000);
  });

  it('waits a while for half a body, and no longer', async () => {
    await send('POST /login HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"user');
    await stopsWithin(17_000);
  });

  it('does not wait for a socket whose client sleeps', async () => {
    const user = await makeUser(server.api);
    const socket = await send(
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await once(socket, 'data');
    const packet = Buffer.from(`40${JSON.stringify({ token: user.access_token })}`);
    // A client's frames are masked; a mask of zeros changes nothing.
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | 126, packet.length >> 8, packet.length & 0xff, 0, 0, 0, 0]), packet]));
    await eventually(
      () => user.api<unknown[]>('/rooms/lobby/connections'),
      ({ body }) => body.length === 1,
    );
    socket.pause();
    await stopsWithin(6_000);
  });

  it('sends sockets elsewhere: their clients connect again by themselves', async () => {
    const user = await makeUser(server.api);
    const socket = await connectSocket(server.url, user.access_token, { reconnection: true });
    const left = new Promise<string>((resolve) => socket.once('disconnect', resolve));
    await stopsWithin(5_000);
    // "io server disconnect" would keep the client from coming back.
    expect(await left).toMatch(/^transport /);
    expect(socket.active).toBe(true);
    socket.disconnect();
  });
});

describe('the notice before it', () => {
  const signalled = async (signal: NodeJS.Signals, notice_ms: string): Promise<TestServer> => {
    const node = await startServer({ env: { SHUTDOWN_NOTICE_MS: notice_ms } });
    process.kill(node.pid, signal);
    return node;
  };

  it('a balancer sees that the node is not ready for as long as SHUTDOWN_NOTICE_MS says; requests are served meanwhile', async () => {
    const node = await signalled('SIGTERM', '8000');
    const ready = (): Promise<{ status: number }> => node.api('/health/ready');
    await eventually(ready, ({ status }) => status === 503);
    // 10 askings, 100 ms apart, as a balancer would: the port does not close in the middle of them.
    for (let asked = 0; asked < 10; asked++) {
      expect(await ready()).toMatchObject({ status: 503, body: { parts: { server: { ok: false, reason: 'is shutting down' } } } });
      expect((await node.api('/health/live')).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await node.stop()).toBe(0);
  });

  it('is skipped for a person at the keyboard', async () => {
    const node = await signalled('SIGINT', '10000');
    expect(await within(node.exited, 8_000, () => node.logs())).toBe(0);
    await node.stop();
  });
});

it('a server whose embedded database is killed ends, so that both can be started anew', async () => {
  const data_dir = await mkdtemp(join(tmpdir(), 'kaiwa-embedded-'));
  try {
    const node = await startServer({ env: { DATABASE_URL: undefined, DATA_DIR: data_dir } });
    const [pid] = (await readFile(join(data_dir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGKILL');
    expect(await within(node.exited, 10_000, () => node.logs())).toBe(1);
    expect(node.logs()).toContain('the embedded database has gone');
  } finally {
    await rm(data_dir, { recursive: true, force: true, maxRetries: 10 });
  }
});
