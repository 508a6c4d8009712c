import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { lockDataFolder } from './data-lock.js';
import { type Account, canUse, findAccount, letThrough } from './embedded-account.js';
import { prepareBinaries } from './embedded-binaries.js';
import { type Cluster, type ClusterLog, clusterExists, createCluster, launch, type Postmaster, stopOrphan } from './embedded-cluster.js';
import { StartError, systemCode } from './start-error.js';

/** How to start the embedded database. */
export interface EmbeddedOptions {
  /** Where everything is kept; made if missing. One process at a time holds it. */
  readonly data_dir: string;
  readonly log: ClusterLog;
  /** Where PostgreSQL's user cannot reach `data_dir`: true puts the database under /var/lib instead, false refuses. */
  readonly relocate?: boolean;
  /** PostgreSQL settings on top of the built-in ones. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The running embedded database. */
export interface EmbeddedServer {
  /** A superuser's URL, password included. */
  readonly url: string;
  /** Resolved once PostgreSQL has gone, whether asked to or not. */
  readonly exited: Promise<void>;
  /** Stops PostgreSQL (fast, at most 10 s, then by force) and gives the folder free. May be called again. */
  stop(): Promise<void>;
}

/** What is kept in `<data_dir>/postgres.json`, readable by its owner alone. */
interface Kept {
  readonly password: string;
  readonly port: number;
  /** The cluster's folder, relative to `data_dir` where it lies inside. */
  readonly folder: string;
}

const DATABASE = 'kaiwa';
const STOP_TIMEOUT_MS = 10_000;

/**
 * Starts the PostgreSQL that comes with the packages, in `<data_dir>/postgres`, on a free port of 127.0.0.1 (the one it had last time,
 * where that is still free), and makes the database on the first start. What a killed server left behind is cleared first: an
 * unfinished initdb, a lock, a running postmaster.
 *
 * @throws StartError with one line for the operator: the folder is in use, cannot be written, cannot be reached, or PostgreSQL refuses.
 */
export async function startEmbeddedServer(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const data_dir = resolve(options.data_dir);
  try {
    await makeFolder(data_dir);
    const lock = await lockDataFolder(data_dir);
    try {
      const { url, postmaster } = await start(data_dir, options);
      let stopping: Promise<void> | undefined;
      const stop = async (): Promise<void> => {
        await postmaster.stop(STOP_TIMEOUT_MS);
        await lock.release();
      };
      return { url, exited: postmaster.exited, stop: () => (stopping ??= stop()) };
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw readable(error, data_dir);
  }
}

/** Node's own recursive `mkdir` tries for ever where the system says of a folder that is there that it is not, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || (await stat(dirname(path)).catch(() => null)) !== null) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
}

async function start(data_dir: string, options: EmbeddedOptions): Promise<{ url: string; postmaster: Postmaster }> {
  const kept = await readKept(data_dir);
  const standard = join(data_dir, 'postgres');
  const recorded = kept ? resolve(data_dir, kept.folder) : standard;
  const account = await findAccount(recorded);
  const home = recorded === standard ? await chooseHome(data_dir, account, options) : resolve(recorded, '..');
  const cluster: Cluster = {
    folder: join(home, 'postgres'),
    account,
    binaries: await prepareBinaries(account, home),
    log: options.log,
  };
  const password = kept?.password ?? randomBytes(24).toString('base64url');
  const folder = home === data_dir ? 'postgres' : cluster.folder;
  if (!kept) await keep(data_dir, { password, port: 0, folder });
  if (!(await clusterExists(cluster.folder))) await createCluster(cluster, password);
  else await stopOrphan(cluster);

  const { port, postmaster } = await launchOnFreePort(cluster, kept?.port ?? 0, options.settings ?? {});
  try {
    if (port !== kept?.port || folder !== kept.folder) await keep(data_dir, { password, port, folder });
    const base = `postgresql://postgres:${password}@127.0.0.1:${port}/`;
    await ensureDatabase(base);
    return { url: base + DATABASE, postmaster };
  } catch (error) {
    await postmaster.stop(STOP_TIMEOUT_MS);
    throw error;
  }
}

async function chooseHome(data_dir: string, account: Account, { relocate, log }: EmbeddedOptions): Promise<string> {
  if (await canUse(account, data_dir)) return data_dir;
  const refusal = `DATA_DIR ${data_dir}: the embedded database runs as user "${account.name}", which cannot reach this folder; choose another DATA_DIR`;
  if (!account.ids) throw new StartError(`DATA_DIR ${data_dir}: not writable by user "${account.name}"`);
  await letThrough(account, data_dir);
  if (await canUse(account, data_dir)) return data_dir;
  if (!relocate || process.platform !== 'linux') throw new StartError(`${refusal} or run as a non-root user`);
  const home = `/var/lib/kaiwa-${createHash('sha256').update(data_dir).digest('hex').slice(0, 12)}`;
  await mkdir(home, { recursive: true, mode: 0o700 });
  await letThrough(account, home);
  if (!(await canUse(account, home))) throw new StartError(`${refusal} or run as a non-root user`);
  log.warn(`user "${account.name}", which the embedded database runs as, cannot reach ${data_dir}: the database is kept in ${home}`);
  return home;
}

/** Another process may take the port between its choice and PostgreSQL's start: then another one is chosen. */
async function launchOnFreePort(
  cluster: Cluster,
  preferred: number,
  settings: Readonly<Record<string, string>>,
): Promise<{ port: number; postmaster: Postmaster }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(attempt === 1 ? preferred : 0);
    try {
      return { port, postmaster: await launch(cluster, port, settings) };
    } catch (error) {
      if (attempt === 3 || !(error instanceof StartError) || !/TCP\/IP socket|bind/.test(error.message)) throw error;
    }
  }
}

async function freePort(preferred: number): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      if (preferred === 0) reject(error);
      else freePort(0).then(resolvePort, reject);
    });
    probe.listen({ host: '127.0.0.1', port: preferred, exclusive: true }, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolvePort(port));
    });
  });
}

async function ensureDatabase(base: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${base}postgres`, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(DATABASE)}`);
  } finally {
    await client.end();
  }
}

async function readKept(data_dir: string): Promise<Kept | null> {
  const path = join(data_dir, 'postgres.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
  let value: Partial<Record<keyof Kept, unknown>>;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    value = {};
  }
  const { password, port, folder } = value;
  if (typeof password !== 'string' || typeof port !== 'number' || typeof folder !== 'string') {
    throw new StartError(`${path}: damaged; the database's password is kept there`);
  }
  return { password, port, folder };
}

async function keep(data_dir: string, kept: Kept): Promise<void> {
  const path = join(data_dir, 'postgres.json');
  await writeFile(`${path}.new`, `${JSON.stringify(kept)}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}

const WRITE_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'not writable by this user',
  EPERM: 'not writable by this user',
  EROFS: 'not writable',
  ENOSPC: 'the disk is full',
  ENOENT: 'no folder can be made there',
  ENOTDIR: 'not a folder',
  EEXIST: 'not a folder',
};

/** Says in one line what stands in the way of writing a folder; every other error stays as it is. */
function readable(error: unknown, data_dir: string): unknown {
  const code = systemCode(error);
  const wrong = WRITE_ERRORS[code];
  if (wrong === undefined) return error;
  const { path } = error as NodeJS.ErrnoException;
  const where = path === undefined || path === data_dir ? '' : `${path}: `;
  return new StartError(`DATA_DIR ${data_dir}: ${where}${wrong} (${code})`, { cause: error });
}
