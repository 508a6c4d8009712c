import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { within } from './server.js';

const PROGRAMS = ['/usr/bin/turnserver', '/usr/local/bin/turnserver'];

export interface TurnServer {
  /** As browsers are given it. */
  readonly url: string;
  /** Everything written so far. */
  logs(): string;
  stop(): Promise<void>;
}

/** A coturn on this machine alone, whose names and passwords are made with `secret`. Where there is none the suite fails. */
export async function startTurn(secret: string): Promise<TurnServer> {
  const program = PROGRAMS.find((path) => existsSync(path));
  if (!program) throw new Error(`No coturn at ${PROGRAMS.join(', ')}: install the package coturn`);
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'kaiwa-turn-'));
  const child = spawn(
    program,
    [
      '-n',
      '--listening-ip=127.0.0.1',
      '--relay-ip=127.0.0.1',
      `--listening-port=${port}`,
      '--min-port=49160',
      '--max-port=49300',
      '--realm=kaiwa.test',
      '--use-auth-secret',
      `--static-auth-secret=${secret}`,
      '--allow-loopback-peers',
      '--no-cli',
      '--no-tls',
      '--no-dtls',
      '--verbose',
      '--log-file=stdout',
      `--pidfile=${join(folder, 'turn.pid')}`,
      `--userdb=${join(folder, 'turn.db')}`,
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const written: string[] = [];
  const exited = once(child, 'exit');
  await within(listening(child, written, port), 10_000, () => `coturn does not listen:\n${written.join('')}`);
  return {
    url: `turn:127.0.0.1:${port}?transport=udp`,
    logs: () => written.join(''),
    async stop() {
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function listening(child: ChildProcess, written: string[], port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      written.push(chunk.toString('utf8'));
      if (written.join('').includes(`UDP listener opened on: 127.0.0.1:${port}`)) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`coturn ended with ${String(code)}:\n${written.join('')}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
