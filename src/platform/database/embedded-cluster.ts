import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from './embedded-account.js';
import type { Binaries } from './embedded-binaries.js';
import { processCommand } from './process-identity.js';
import { StartError, systemCode } from './start-error.js';

/** Takes PostgreSQL's own messages; any pino logger does. */
export interface ClusterLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** One PostgreSQL cluster: its folder, and who runs it with which programs. */
export interface Cluster {
  readonly folder: string;
  readonly account: Account;
  readonly binaries: Binaries;
  readonly log: ClusterLog;
}

/** A running postmaster. */
export interface Postmaster {
  /** Resolved when it has gone, for whatever reason. */
  readonly exited: Promise<void>;
  /** Fast shutdown: open transactions are rolled back, what is committed is kept. Forced after `timeout_ms`. */
  stop(timeout_ms: number): Promise<void>;
}

/** Small and quiet: a server on a laptop, which may also stand idle for days. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync',
  max_logical_replication_workers: '0',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  // A statement's error goes to the application that sent it; its text and values (which may be personal) stay out of the log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_line_prefix: '',
};

/** What PostgreSQL's programs see: nothing of our environment, which holds secrets. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** True once {@link createCluster} has finished here. */
export async function clusterExists(folder: string): Promise<boolean> {
  try {
    const entries = await readdir(folder);
    if (entries.includes('PG_VERSION')) return true;
    if (entries.length > 0) throw new StartError(`${folder}: not a database folder; move it away or choose another DATA_DIR`);
    await rmdir(folder);
    return false;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Runs initdb beside the cluster's place and moves the result there once it is whole, so that a killed start leaves nothing behind. */
export async function createCluster({ folder, account, binaries }: Cluster, password: string): Promise<void> {
  await removeUnfinished(folder);
  // A name of its own: the initdb of a killed start may still be writing to the other.
  const staging = `${folder}.new-${process.pid}`;
  const passwordFile = join(staging, 'password');
  await mkdir(staging, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account.ids) {
    await chown(staging, account.ids.uid, account.ids.gid);
    await chown(passwordFile, account.ids.uid, account.ids.gid);
  }
  const child = spawn(
    binaries.initdb,
    [
      `--pgdata=${join(staging, 'cluster')}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Sorted by code point, the same on every system, with Unicode's upper and lower case.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ],
    { ...account.ids, cwd: '/', env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const errors: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) {
    await rm(staging, { recursive: true, force: true });
    throw new StartError(`the embedded database could not be made in ${folder}: ${firstError(errors.join('').split('\n'))}`);
  }
  await rename(join(staging, 'cluster'), folder);
  await rm(staging, { recursive: true });
  const parent = await open(dirname(folder));
  await parent.sync().finally(() => parent.close());
}

async function removeUnfinished(folder: string): Promise<void> {
  const prefix = `${basename(folder)}.new-`;
  const found = (await readdir(dirname(folder))).filter((entry) => entry.startsWith(prefix));
  await Promise.all(found.map((entry) => rm(join(dirname(folder), entry), { recursive: true, force: true, maxRetries: 10 })));
}

/**
 * Stops the postmaster that a killed server left running, and clears its pid file. PostgreSQL itself takes any process with that id for
 * another postmaster and would never start again: a stranger (ids come back quickly in containers), or a dead one that nobody reaps.
 */
export async function stopOrphan({ folder, log }: Cluster): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid');
  const text = await readFile(pidFile, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  });
  const pid = Number.parseInt(text ?? '', 10);
  if (!(pid > 0)) return;
  const runs = async (): Promise<boolean> => (await processCommand(pid))?.includes(folder) ?? false;
  if (await runs()) log.info(`stopping the database that a killed server left running (pid ${pid})`);
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    for (let waited = 0; waited < 10_000; waited += 20) {
      if (!(await runs())) return rm(pidFile, { force: true });
      if (waited === 0) signalTo(pid, signal);
      await delay(20);
    }
  }
  throw new StartError(`${folder}: the database that a killed server left running (pid ${pid}) does not stop`);
}

/**
 * Starts the postmaster on a port of 127.0.0.1 and waits until it takes connections. It is detached, so that the terminal's ^C reaches it
 * through us alone, after requests are finished; a watcher that holds our end of a pipe stops it should this process be killed.
 */
export async function launch(cluster: Cluster, port: number, settings: Readonly<Record<string, string>>): Promise<Postmaster> {
  const { account, binaries, folder, log } = cluster;
  const options = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(binaries.postgres, ['-D', folder, '-p', String(port), ...options], {
    ...account.ids,
    cwd: '/',
    env: ENVIRONMENT,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const watcher = watch(child, cluster);
  const exited = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  void exited.then(() => watcher?.kill('SIGKILL'));
  const last: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const lines = createInterface({ input: child.stderr });
    lines.on('line', (line) => {
      last.push(line);
      if (last.length > 20) last.shift();
      log[/\b(FATAL|PANIC|WARNING): /.test(line) ? 'warn' : 'debug'](`postgres: ${line}`);
      if (line.includes('database system is ready to accept connections')) resolve();
    });
    // After 'close' of the lines, not at 'exit': the reason is in the last of them.
    lines.once('close', () => reject(new StartError(`the embedded database did not start in ${folder}: ${firstError(last)}`)));
    child.once('error', reject);
  });
  return { exited, stop: (timeout_ms) => stop(child, exited, timeout_ms) };
}

async function stop(child: ChildProcess, exited: Promise<void>, timeout_ms: number): Promise<void> {
  for (const [signal, patience_ms] of [
    ['SIGINT', timeout_ms],
    ['SIGQUIT', 3_000],
    ['SIGKILL', 3_000],
  ] as const) {
    child.kill(signal);
    const timer = new AbortController();
    const late = delay(patience_ms, true, { signal: timer.signal }).catch(() => true);
    const tooLate = await Promise.race([exited.then(() => false), late]);
    timer.abort();
    if (!tooLate) return;
  }
}

/** A shell that waits for the end of its input, which comes when this process ends in any way, then asks for a fast shutdown. */
function watch(postmaster: ChildProcess, { account, log }: Cluster): ChildProcess | null {
  if (process.platform === 'win32' || postmaster.pid === undefined) return null;
  const watcher = spawn('/bin/sh', ['-c', 'read -r line; kill -INT "$1"', 'kaiwa-database-watcher', String(postmaster.pid)], {
    ...account.ids,
    cwd: '/',
    env: ENVIRONMENT,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without it a killed server's database is still found, and stopped, by the next start.
  watcher.once('error', (error) => log.warn(`no watcher for the database: ${error.message}`));
  return watcher;
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}

/** The line that says what is wrong, without PostgreSQL's prefix. */
function firstError(lines: readonly string[]): string {
  const line = lines.find((entry) => /error|fatal|panic/i.test(entry)) ?? lines.find(Boolean) ?? 'no reason given';
  return line.replace(/^.*?(initdb: error|FATAL|PANIC):\s*/, '').replace(/^postgres: /, '');
}
