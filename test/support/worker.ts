import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from './client.js';
import type { TestDatabase } from './database.js';
import { SECRET, within } from './server.js';

const READY_TIMEOUT_MS = 45_000;
const STOP_TIMEOUT_MS = 25_000;

/** A process that runs background jobs alone. */
export interface TestWorker {
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** Everything written so far. */
  logs(): string;
}

/** Starts `dist/src/worker.js` and waits for its log line `working`. */
export async function startWorker(database: TestDatabase): Promise<TestWorker> {
  const data_dir = await mkdtemp(join(tmpdir(), 'kaiwa-worker-'));
  const child = spawn(process.execPath, ['--enable-source-maps', resolve('dist/src/worker.js')], {
    env: { PATH: process.env.PATH ?? '', DATA_DIR: data_dir, DATABASE_URL: database.url, JWT_SECRET: SECRET, ENCRYPTION_KEY: SECRET },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (written += chunk.toString('utf8')));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const worker: TestWorker = {
    logs: () => written,
    async stop() {
      child.kill('SIGTERM');
      const code = await within(exited, STOP_TIMEOUT_MS, () => `the worker does not stop:\n${written}`);
      await rm(data_dir, { recursive: true, force: true });
      return code;
    },
  };
  try {
    await eventually(
      () => Promise.resolve(written),
      (log) => log.includes('"working"'),
      READY_TIMEOUT_MS,
    );
    return worker;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
