import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { SignJWT } from 'jose';
import pg from 'pg';
import { NODE_FLAGS } from '../../src/cli/flags.ts';

/* What every part stands on: one PostgreSQL as the server brings it, a database with users, rooms and messages, our server and the limit
   servers as processes of their own, and the clock of what each has used. */

export const SECRET = 'only-for-benchmarks-and-long-enough';
export const CLIENT_ID = 'bench';
const ROOT = resolve(import.meta.dirname, '../..');
const USERS = 1_000;
const ROOMS = 50;
const MESSAGES = 100_000;

export interface Process {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Stage {
  readonly database_url: string;
  /** A token for each user: the room it names is the one given, or the user's own `bench<n % 50>`; of members where no role is given. */
  tokens(count: number, room_id?: string, role?: string): Promise<string[]>;
  startOurs(env?: Record<string, string>): Promise<Process>;
  startLimit(file: string): Promise<Process>;
  /** CPU that PostgreSQL has used so far, in microseconds. */
  databaseCpu(): number;
  close(): Promise<void>;
}

/** Builds the stage in a folder of its own. */
export async function openStage(): Promise<Stage> {
  const { startEmbeddedServer, migrate } = (await import(
    join(ROOT, 'dist/src/platform/database/index.js')
  )) as typeof import('../../src/platform/database/index.js');
  const { Config, readEnvironment } = (await import(
    join(ROOT, 'dist/src/platform/config/index.js')
  )) as typeof import('../../src/platform/config/index.js');
  const folder = await mkdtemp(join(tmpdir(), 'kaiwa-bench-'));
  const silent = { debug() {}, info() {}, warn() {}, error: (message: string) => process.stderr.write(`${message}\n`) };
  const cluster = await startEmbeddedServer({ data_dir: folder, log: silent });
  const env = readEnvironment({ DATABASE_URL: cluster.url, JWT_SECRET: SECRET, ENCRYPTION_KEY: SECRET });
  await migrate(new Config(env, { url: cluster.url, migration_url: cluster.url }, [SECRET], [SECRET], 'bench'));
  const users = await seed(cluster.url);
  const postmaster = Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  const started: Process[] = [];

  const start = async (args: string[], environment: Record<string, string>): Promise<Process> => {
    const made = await spawnServer(args, environment, join(folder, `server-${started.length}.log`));
    started.push(made);
    return made;
  };

  return {
    database_url: cluster.url,
    tokens: (count, room_id, role) =>
      Promise.all(users.slice(0, count).map((id, index) => sign(id, room_id ?? `bench${index % ROOMS}`, index, role))),
    startOurs: (extra = {}) =>
      // As `npm start` runs it.
      start([...NODE_FLAGS, 'dist/src/main.js'], {
        PORT: '0',
        HOST: '127.0.0.1',
        DATA_DIR: join(folder, 'data'),
        DATABASE_URL: cluster.url,
        DATABASE_POOL_SIZE: '10',
        SOCKET_ADAPTER: 'memory',
        JWT_SECRET: SECRET,
        ENCRYPTION_KEY: SECRET,
        // On, and out of the way.
        RATE_LIMIT: '9000000/90000000',
        NODE_ENV: 'production',
        ...extra,
      }),
    startLimit: (file) =>
      start([join('test/bench/limit', file)], { DATABASE_URL: cluster.url, JWT_SECRET: SECRET, POOL_SIZE: '10', NODE_ENV: 'production' }),
    databaseCpu: () => cpuOfChildren(postmaster),
    close: async () => {
      for (const server of started) await server.stop();
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** CPU that a process has used so far, in microseconds; 0 where the system does not say. */
export function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return 0;
  }
}

/** Memory that a process holds, in MB. */
export function memoryOf(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) / 1024;
}

/** Runs a load and reads the last line that it prints; `go` is called once it says that it is ready. */
export async function runLoad<T>(file: string, options: object, go?: () => void): Promise<T> {
  const child = spawn(process.execPath, [join(ROOT, 'test/bench/load', file)], { stdio: ['pipe', 'pipe', 'inherit'] });
  // By standard input, since a thousand tokens are too long for an argument.
  child.stdin.write(`${JSON.stringify(options)}\n`);
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === '{"ready":true}') {
      go?.();
      child.stdin.write('go\n');
    } else last = line;
  }
  return JSON.parse(last) as T;
}

async function spawnServer(args: string[], environment: Record<string, string>, log: string): Promise<Process> {
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const written = createWriteStream(log);
  const port = await new Promise<number>((fulfil, reject) => {
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${String(code)}; see ${log}`)));
    let heard = '';
    const look = (chunk: Buffer): void => {
      heard += chunk.toString();
      const found = /"port":(\d+).*"msg":"listening"|"msg":"listening".*"port":(\d+)/.exec(heard);
      if (!found) return;
      child.stdout?.off('data', look);
      fulfil(Number(found[1] ?? found[2]));
    };
    child.stdout?.on('data', look);
  });
  child.stdout?.pipe(written);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function sign(user_id: string, room_id: string, index: number, role = 'member'): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ client_id: CLIENT_ID, email: `bench${index}@example.com`, room_id, role, sid: randomUUID() })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: createHash('sha256').update(SECRET).digest('hex').slice(0, 8) })
    .setSubject(user_id)
    .setIssuer('kaiwa')
    .setAudience('kaiwa')
    .setIssuedAt(now)
    .setExpirationTime(now + 86_400)
    .sign(new TextEncoder().encode(SECRET));
}

async function seed(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `
      insert into tenants (client_id, name, timezone, phone_region, registration) values ('${CLIENT_ID}', 'Bench', 'Asia/Tokyo', 'JP', 'open');
      insert into users (client_id, id, username, username_key, email, email_key, search_key)
        select '${CLIENT_ID}', gen_random_uuid(), 'bench' || n, 'bench' || n, 'bench' || n || '@example.com', 'bench' || n || '@example.com', 'bench' || n
        from generate_series(0, ${USERS - 1}) n;
      insert into rooms (client_id, id, name, visibility) select '${CLIENT_ID}', 'bench' || n, 'Bench', 'open' from generate_series(0, ${ROOMS - 1}) n;
      insert into rooms (client_id, id, name, visibility, last_seq, indexed_seq) values ('${CLIENT_ID}', 'bench', 'Bench', 'open', ${MESSAGES}, ${MESSAGES}),
        ('${CLIENT_ID}', 'hall', 'Hall', 'open', 0, 0);
      insert into messages (client_id, room_id, seq, id, sender_id, content, rev, posted_rev, created_at)
        select '${CLIENT_ID}', 'bench', n, gen_random_uuid(), (select id from users where username = 'bench0'), 'こんにちは, this is message ' || n, 0, 0, now()
        from generate_series(1, ${MESSAGES}) n;
      create table limit_messages (like messages including defaults including indexes);
      create sequence limit_seq cache 1;
      vacuum analyze;`
        .split(';\n')
        .slice(0, -1)
        .join(';\n'),
    );
    await client.query('vacuum analyze');
    const { rows } = await client.query<{ id: string }>(
      `select id from users where client_id = '${CLIENT_ID}' order by substr(username, 6)::int`,
    );
    return rows.map((row) => row.id);
  } finally {
    await client.end();
  }
}

function cpuOfChildren(parent: number): number {
  let total = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      if (Number(fields[1]) === parent || Number(entry) === parent) total += (Number(fields[11]) + Number(fields[12])) * 10_000;
    } catch {
      // The process has ended meanwhile; what it had used is not counted.
      continue;
    }
  }
  return total;
}
