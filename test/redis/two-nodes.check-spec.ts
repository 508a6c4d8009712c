import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { describeTwoNodes } from '../realtime/two-nodes.suite.js';
import { collect, connectSocket, eventually, makeUser } from '../support/client.js';
import { createDatabase } from '../support/database.js';
import { startServer, within } from '../support/server.js';

/*
 * The same promises as over PostgreSQL, kept over Redis: `npm run test:redis`. It starts the `redis-server` that is on the PATH, for itself
 * alone. Where there is none, CI fails and a developer's machine is told so.
 */

const found = spawnSync('redis-server', ['--version']).status === 0;

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function startRedis(port: number): Promise<ChildProcess> {
  const redis = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: redis.stdout }).on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve();
    });
    redis.once('exit', (code) => reject(new Error(`redis-server ended (${String(code)})`)));
    redis.once('error', reject);
  });
  await within(ready, 10_000, () => 'redis-server is not ready');
  return redis;
}

if (!found) {
  const message = 'There is no redis-server on the PATH: what two nodes promise over Redis is NOT TESTED';
  describe('two nodes over Redis', () => {
    it(message, () => {
      process.stderr.write(`\n${message}\n\n`);
      expect(process.env.CI ?? '').toBe('');
    });
  });
} else {
  let redis: ChildProcess;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    redis = await startRedis(port);
  });

  afterAll(() => endRedis());

  async function endRedis(): Promise<void> {
    const ended = once(redis, 'exit');
    redis.kill('SIGTERM');
    await ended;
  }

  const env = (): Record<string, string> => ({ SOCKET_ADAPTER: 'redis', REDIS_URL: `redis://127.0.0.1:${port}` });

  describeTwoNodes('Redis streams', env);

  it('while Redis is away the nodes go on, and nothing that was said is missing on the other', async () => {
    const database = await createDatabase();
    const [one, two] = await Promise.all([startServer({ database, env: env() }), startServer({ database, env: env() })]);
    const user = await makeUser(one.api);
    const socket = await connectSocket(two.url, user.access_token);
    const heard = collect<{ seq: number }>(socket, 'message');
    const post = async (): Promise<void> => {
      expect((await user.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'x' } })).status).toBe(201);
    };
    await post();
    await endRedis();
    for (let index = 0; index < 20; index++) await post();
    await eventually(
      () => Promise.resolve(heard),
      ({ length }) => length === 21,
      10_000,
    );
    redis = await startRedis(port);
    for (let index = 0; index < 20; index++) await post();
    await eventually(
      () => Promise.resolve(heard),
      ({ length }) => length === 41,
      10_000,
    );
    expect(heard.map(({ seq }) => seq)).toEqual(Array.from({ length: 41 }, (_, index) => index + 1));
    socket.disconnect();
    expect(await Promise.all([one.stop(), two.stop()])).toEqual([0, 0]);
    await database.drop();
  });
}
