import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startEmbeddedServer, StartError } from '../../src/platform/database/index.js';

const log = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
let data_dir: string;
const started: Array<{ stop(): Promise<void> }> = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kaiwa-embedded-'));
  // As root, PostgreSQL runs as another user.
  await chmod(folder, 0o711);
  data_dir = join(folder, 'data');
});

afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  for (const server of started.splice(0)) await server.stop();
  // PostgreSQL may still be stopping behind a process that was killed.
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

async function start(options: { settings?: Record<string, string> } = {}) {
  const server = await startEmbeddedServer({ data_dir, log, ...options });
  started.push(server);
  return server;
}

/** A process of its own that starts the database, says where, and stays. */
async function startElsewhere(): Promise<{ child: ChildProcess; url: string }> {
  const built = pathToFileURL(resolve('dist/src/platform/database/index.js')).href;
  const script = `const { startEmbeddedServer } = await import(${JSON.stringify(built)});
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const server = await startEmbeddedServer({ data_dir: ${JSON.stringify(data_dir)}, log });
    process.stdout.write(server.url);
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [url] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: url.toString('utf8') };
}

async function query<T extends pg.QueryResultRow>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('the embedded server', () => {
  it('starts in an empty folder, keeps what is committed over a restart, and its port', async () => {
    const first = await start();
    await query(first.url, 'create table kept (value int); insert into kept values (7)');
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'select value from kept')).toEqual([{ value: 7 }]);
    expect(new URL(second.url).port).toBe(new URL(first.url).port);
  });

  it('keeps its password to its owner, and listens on loopback alone', async () => {
    const { url } = await start();
    const { mode } = await stat(join(data_dir, 'postgres.json'));
    expect(mode & 0o777).toBe(0o600);
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    const [row] = await query(
      url,
      `select current_setting('listen_addresses') as listen, current_setting('unix_socket_directories') as sockets,
              current_setting('data_checksums') as checksums, current_setting('timezone') as zone, pg_encoding_to_char(encoding) as encoding
         from pg_database where datname = current_database()`,
    );
    expect(row).toEqual({ listen: '127.0.0.1', sockets: '', checksums: 'on', zone: 'UTC', encoding: 'UTF8' });
  });

  it('starts in a folder as `mktemp -d` makes it, and opens it no further than it must', async () => {
    data_dir = await mkdtemp(join(folder, 'private-'));
    await start();
    const { mode } = await stat(data_dir);
    expect(mode & 0o767).toBe(0o700);
  });

  it('refuses a second start on the same folder and names the process', async () => {
    const { child } = await startElsewhere();
    await expect(start()).rejects.toThrow(new RegExp(`in use by another Kaiwa process \\(pid ${child.pid ?? 0}, `));
    await expect(start()).rejects.toBeInstanceOf(StartError);
  });

  it('takes over from a killed process and loses nothing committed', async () => {
    const { child, url } = await startElsewhere();
    await query(url, 'create table kept (value int); insert into kept values (8)');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const server = await start();
    expect(await query(server.url, 'select value from kept')).toEqual([{ value: 8 }]);
  });

  it('stops PostgreSQL when its process is killed', async () => {
    const { child, url } = await startElsewhere();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const ended = new Promise((fulfil) => client.once('end', fulfil));
    client.on('error', () => undefined);
    child.kill('SIGKILL');
    await ended;
  });

  it('starts after an initdb that was killed half way', async () => {
    await mkdir(join(data_dir, 'postgres.new-1', 'cluster', 'base'), { recursive: true });
    await writeFile(join(data_dir, 'postgres.new-1', 'cluster', 'PG_VERSION'), '18\n');
    const server = await start();
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await readdir(data_dir)).filter((name) => name.includes('.new'))).toEqual([]);
  });

  it('starts where the id of a dead postmaster, and of a dead holder of the lock, belongs to a stranger', async () => {
    const first = await start();
    const pidFile = join(data_dir, 'postgres', 'postmaster.pid');
    const text = await readFile(pidFile, 'utf8');
    await first.stop();
    await writeFile(pidFile, text.replace(/^\d+/, String(process.ppid)));
    await writeFile(join(data_dir, 'kaiwa.lock'), JSON.stringify({ pid: process.ppid, identity: 'another boot/1', started_at: '' }));
    const second = await start();
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('gives the folder free when it stops, twice if asked', async () => {
    const server = await start();
    await Promise.all([server.stop(), server.stop()]);
    await server.exited;
    expect((await readdir(data_dir)).sort()).toEqual(['postgres', 'postgres.json']);
  });

  it('says in one line what PostgreSQL has against its settings', async () => {
    await expect(start({ settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
      /^the embedded database did not start in .*: invalid value for parameter "shared_buffers": "plenty"$/,
    );
    await expect(start()).resolves.toBeDefined();
  });

  it('refuses a folder that is a file, and one that holds something else', async () => {
    await writeFile(data_dir, '');
    await expect(start()).rejects.toThrow(`DATA_DIR ${data_dir}: not a folder (EEXIST)`);
    if (process.platform === 'linux') {
      data_dir = '/proc/kaiwa/data';
      await expect(start()).rejects.toThrow('DATA_DIR /proc/kaiwa/data: /proc/kaiwa: no folder can be made there (ENOENT)');
    }
    data_dir = join(folder, 'other');
    await mkdir(join(data_dir, 'postgres', 'photos'), { recursive: true });
    await expect(start()).rejects.toThrow(/not a database folder/);
  });

  it('refuses a damaged password file', async () => {
    await mkdir(data_dir);
    await writeFile(join(data_dir, 'postgres.json'), '{"password":');
    await expect(start()).rejects.toThrow(/postgres\.json: damaged/);
  });
});
