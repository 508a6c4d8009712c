import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processIdentity } from './process-identity.js';
import { StartError, systemCode } from './start-error.js';

/** Given back by {@link lockDataFolder}. */
export interface DataLock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  /** Tells this process from a later one with the same id. */
  readonly identity: string;
  readonly started_at: string;
}

/**
 * Takes `<data_dir>/kaiwa.lock` for this process. A lock whose process is gone (killed, machine restarted) is taken over.
 *
 * @throws StartError naming the process that holds it.
 */
export async function lockDataFolder(data_dir: string): Promise<DataLock> {
  const path = join(data_dir, 'kaiwa.lock');
  const mine: Holder = {
    pid: process.pid,
    identity: (await processIdentity(process.pid)) ?? '',
    started_at: new Date(Date.now() - process.uptime() * 1000).toISOString(),
  };
  const text = `${JSON.stringify(mine)}\n`;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      // A link appears whole or not at all, so that nobody ever reads half a lock.
      if (await linked(draft, path)) return { release: () => releaseLock(path, text) };
      const found = await readText(path);
      if (found === null) continue;
      const holder = parseHolder(found);
      if (holder && (await processIdentity(holder.pid)) === holder.identity) throw inUse(data_dir, holder);
      await removeStale(path, found);
    }
  } finally {
    await unlink(draft);
  }
  throw new StartError(`DATA_DIR ${data_dir}: several processes are starting on it at once`);
}

function inUse(data_dir: string, holder: Holder): StartError {
  return new StartError(`DATA_DIR ${data_dir}: in use by another Kaiwa process (pid ${holder.pid}, started ${holder.started_at})`);
}

/**
 * Moves a dead process's lock out of the way. Between reading it and moving it another process may have done the same and taken
 * the lock: then what was moved is that process's lock, and goes back.
 */
async function removeStale(path: string, expected: string): Promise<void> {
  const aside = `${path}.stale-${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readText(aside)) !== expected) await linked(aside, path);
  await unlink(aside);
}

async function releaseLock(path: string, text: string): Promise<void> {
  if ((await readText(path)) === text) await unlink(path);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const { pid, identity, started_at } = value as Partial<Record<keyof Holder, unknown>>;
    if (typeof pid !== 'number' || typeof identity !== 'string' || typeof started_at !== 'string') return null;
    return { pid, identity, started_at };
  } catch {
    return null;
  }
}
