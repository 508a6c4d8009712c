import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { createDatabase, type TestDatabase } from './database.js';

export const OPERATOR_KEY = 'operator-key-for-tests-alone';

const MAIN = resolve('dist/src/main.js');
// A machine that does much besides takes its time.
const READY_TIMEOUT_MS = 45_000;
const STOP_TIMEOUT_MS = 25_000;
/** Every process of one installation has the same. */
export const SECRET = 'a-secret-for-tests-that-is-long-enough';

/** An answer of the server. `body` is the parsed JSON, the text where it is none, or null where there is nothing. */
export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  body: T;
}

/** What `api` takes besides the path; `json` becomes the body. */
export interface ApiInit extends Omit<RequestInit, 'headers'> {
  headers?: Record<string, string>;
  json?: unknown;
}

/** A request to a server: `api<Room>('/rooms', { method: 'POST', json: { … } })`. */
export type Api = <T = Record<string, unknown>>(path: string, init?: ApiInit) => Promise<Answer<T>>;

export interface ServerOptions {
  /** On top of what the harness sets; undefined unsets. */
  env?: Record<string, string | undefined>;
  /** Shared with another server (two nodes); else a fresh one, dropped at the end. */
  database?: TestDatabase;
}

/** A server in a process of its own. */
export interface TestServer {
  readonly url: string;
  readonly database_url: string;
  readonly database: TestDatabase;
  readonly pid: number;
  readonly api: Api;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: as when the machine goes. */
  kill(): Promise<void>;
  /** Resolved with the exit code when the process has ended. */
  readonly exited: Promise<number | null>;
  /** Everything written so far. */
  logs(): string;
}

/** Starts `dist/src/main.js` on a free port and waits for its log line `listening`. */
export async function startServer({ env = {}, database }: ServerOptions = {}): Promise<TestServer> {
  const owned = database ? null : await createDatabase();
  const used = database ?? (owned as TestDatabase);
  const data_dir = await mkdtemp(join(tmpdir(), 'kaiwa-server-'));
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
    env: definedOnly({
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: resolve('dist/.cache'),
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: data_dir,
      DATABASE_URL: used.url,
      JWT_SECRET: SECRET,
      ENCRYPTION_KEY: SECRET,
      OPERATOR_KEY,
      RATE_LIMIT: 'off',
      SOCKET_ADAPTER: 'memory',
      DATABASE_POOL_SIZE: '6',
      SHUTDOWN_NOTICE_MS: '0',
      ...env,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => written.push(chunk.toString('utf8')));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const cleaned = exited.then(async () => {
    await rm(data_dir, { recursive: true, force: true });
    await owned?.drop();
  });
  // A failed clean-up is reported by whoever waits for it below.
  cleaned.catch(() => undefined);

  const port = await readyPort(child, written);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    database_url: used.url,
    database: used,
    pid: child.pid ?? 0,
    api: apiAt(url),
    exited,
    logs: () => written.join(''),
    async stop() {
      child.kill('SIGTERM');
      const code = await within(exited, STOP_TIMEOUT_MS, () => `the server does not stop:\n${written.join('')}`);
      await cleaned;
      return code;
    },
    async kill() {
      child.kill('SIGKILL');
      await cleaned;
    },
  };
}

/** {@link Api} over `fetch`, following no redirect. */
export function apiAt(url: string): Api {
  return async <T>(path: string, { json, headers, ...init }: ApiInit = {}) => {
    const response = await fetch(new URL(path, url), {
      redirect: 'manual',
      ...init,
      headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: json === undefined ? init.body : JSON.stringify(json),
    });
    return { status: response.status, headers: response.headers, body: parsed(await response.text()) as T };
  };
}

/** Fails with `message()` where the promise takes longer than `timeout_ms`. */
export async function within<T>(promise: Promise<T>, timeout_ms: number, message: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${timeout_ms} ms: ${message()}`)), timeout_ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function readyPort(child: ChildProcess, written: string[]): Promise<number> {
  const ready = new Promise<number>((fulfil, reject) => {
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => {
      written.push(`${line}\n`);
      const port = line.includes('"listening"') ? listeningPort(line) : null;
      if (port !== null) fulfil(port);
    });
    child.once('exit', (code) => reject(new Error(`the server ended (${code ?? 'by a signal'}) before it listened:\n${written.join('')}`)));
    child.once('error', reject);
  });
  try {
    return await within(ready, READY_TIMEOUT_MS, () => `the server does not listen:\n${written.join('')}`);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function listeningPort(line: string): number | null {
  const entry = parsed(line) as { msg?: unknown; port?: unknown };
  return entry.msg === 'listening' && typeof entry.port === 'number' ? entry.port : null;
}

function parsed(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function definedOnly(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
