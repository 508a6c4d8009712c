import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Figure, Settings } from '../run.ts';
import { memoryOf } from '../stage.ts';
import { median } from './compare.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const IDLE_MS = 5_000;

/** What `npm start` runs, on data and a build that are there: until it is ready, and what it holds when idle. */
export async function start({ rounds }: Settings): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kaiwa-start-'));
  const seconds: number[] = [];
  const memory: number[] = [];
  try {
    for (let round = 0; round <= rounds; round++) {
      const port = await freePort();
      const began = performance.now();
      // The start script becomes the server, so this is the server's pid too.
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'src/cli/start.ts'], {
        cwd: ROOT,
        env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port), HOST: '127.0.0.1', DATA_DIR: folder },
        stdio: 'ignore',
      });
      const exited = once(child, 'exit');
      await ready(`http://127.0.0.1:${port}/health/ready`);
      const took = (performance.now() - began) / 1000;
      if (round > 0) {
        seconds.push(took);
        await new Promise((fulfil) => setTimeout(fulfil, IDLE_MS));
        memory.push(memoryOf(child.pid ?? 0));
      }
      child.kill('SIGTERM');
      await exited;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const only = { limit: null, ratio: null, rounds, server_us: null, pg_us: null, limit_us: null };
  return [
    { part: 'start', ours: median(seconds), unit: 's to ready', ...only },
    { part: 'start_memory', ours: median(memory), unit: 'MB idle (the server, without PostgreSQL)', ...only },
  ];
}

async function ready(url: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const status = await fetch(url).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    await new Promise((fulfil) => setTimeout(fulfil, 20));
  }
  throw new Error('the server does not get ready');
}

function freePort(): Promise<number> {
  return new Promise((fulfil) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => fulfil(port));
    });
  });
}
