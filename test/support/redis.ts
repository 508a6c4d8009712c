import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';
import { within } from './server.js';

/** A Redis server of a suite's own, from the `redis-server` on the PATH. */
export interface TestRedis {
  readonly url: string;
  /** Ends it; {@link start} brings it back at the same place, empty. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Runs `suites` where there is a `redis-server`; where there is none that is said aloud, and fails in CI. */
export function withRedis(suites: () => void): void {
  if (spawnSync('redis-server', ['--version']).status === 0) return suites();
  const message = 'There is no redis-server on the PATH: what several nodes promise over Redis is NOT TESTED';
  describe('over Redis', () => {
    it(message, () => {
      process.stderr.write(`\n${message}\n\n`);
      expect(process.env.CI ?? '').toBe('');
    });
  });
}

/** Starts a Redis server on a free port. */
export async function startTestRedis(): Promise<TestRedis> {
  const port = await freePort();
  let redis = await startRedis(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      if (redis.exitCode !== null || redis.signalCode !== null) return;
      const ended = once(redis, 'exit');
      redis.kill('SIGTERM');
      await ended;
    },
    async start() {
      redis = await startRedis(port);
    },
  };
}

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
