import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bundle } from './bundle.ts';

/*
 * Builds dist where it is not what the sources say. Node runs this file as it stands, by leaving the types out: nothing here may import
 * the application, which is not built yet.
 */

const ROOT = dirname(dirname(import.meta.dirname));
const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.stamp');
const LOCK = join(DIST, '.lock');
const LOCK_TIMEOUT_MS = 300_000;
const SOURCES = ['src', 'migrations'];
const TOOLS = ['tsconfig.json', '.config/tsconfig.build.json', 'nest-cli.json', 'package-lock.json'];

interface Stamp {
  sources: string;
  tools: string;
}

/** Brings dist up to date: nothing where its stamp agrees, else `nest build`. Ends the process where the build fails. */
export async function build(): Promise<void> {
  if (isCurrent()) return;
  mkdirSync(DIST, { recursive: true });
  await lock();
  try {
    // Another process may have built it while this one waited.
    if (!isCurrent()) await compile();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

async function compile(): Promise<void> {
  const wanted = currentStamp();
  const tools = readStamp()?.tools;
  rmSync(STAMP, { force: true });
  if (tools === wanted.tools) removeOrphans();
  else empty();
  process.stderr.write('Building …\n');
  const nest = join(dirname(createRequire(import.meta.url).resolve('@nestjs/cli/package.json')), 'bin', 'nest.js');
  const { status } = spawnSync(process.execPath, [nest, 'build'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    process.stderr.write('The build failed.\n');
    rmSync(LOCK, { force: true });
    process.exit(status || 1);
  }
  await copyPages();
  // Written under another name first, so that a stamp is whole or absent; of what was read before the build, so that a change during it counts.
  writeFileSync(`${STAMP}.new`, JSON.stringify(wanted));
  renameSync(`${STAMP}.new`, STAMP);
}

/** The pages that are served as they stand in the sources, from folders of that name; of a `*.bundle.js` and all that it imports one file is made. */
async function copyPages(): Promise<void> {
  for (const path of filesIn(join(ROOT, 'src')).filter((file) => basename(dirname(file)) === 'page')) {
    const copy = join(DIST, relative(ROOT, path));
    mkdirSync(dirname(copy), { recursive: true });
    if (path.endsWith('.bundle.js')) await bundle(path, copy);
    else copyFileSync(path, copy);
  }
}

function isCurrent(): boolean {
  const found = readStamp();
  if (!found || !existsSync(join(DIST, 'src', 'main.js'))) return false;
  const wanted = currentStamp();
  return found.sources === wanted.sources && found.tools === wanted.tools;
}

function readStamp(): Stamp | null {
  return existsSync(STAMP) ? (JSON.parse(readFileSync(STAMP, 'utf8')) as Stamp) : null;
}

function currentStamp(): Stamp {
  const sources = SOURCES.flatMap((folder) => filesIn(join(ROOT, folder))).filter((path) => !path.endsWith('.spec.ts'));
  return { sources: digest(sources.sort()), tools: digest(TOOLS.map((path) => join(ROOT, path))) };
}

function digest(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths)
    hash
      .update(`${relative(ROOT, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  return hash.digest('hex');
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The compiler never deletes: what a renamed source left behind would go on being found. */
function removeOrphans(): void {
  for (const path of SOURCES.flatMap((folder) => filesIn(join(DIST, folder)))) {
    const source = join(ROOT, relative(DIST, path)).replace(/(\.d)?\.[cm]?[jt]s(\.map)?$/, '.ts');
    if (!existsSync(source)) unlinkSync(path);
  }
}

function empty(): void {
  for (const name of readdirSync(DIST)) {
    if (join(DIST, name) !== LOCK) rmSync(join(DIST, name), { recursive: true, force: true });
  }
}

/** One build at a time; the lock of a build that was killed is taken over. */
async function lock(): Promise<void> {
  for (let waited = 0; waited < LOCK_TIMEOUT_MS; waited += 200) {
    try {
      const file = openSync(LOCK, 'wx');
      writeFileSync(file, String(process.pid));
      closeSync(file);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    await delay(200);
    const holder = existsSync(LOCK) ? Number(readFileSync(LOCK, 'utf8')) : 0;
    if (holder > 0 && !isRunning(holder)) rmSync(LOCK, { force: true });
  }
  process.stderr.write(`Another build holds ${LOCK} for too long.\n`);
  process.exit(1);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

if (import.meta.main) await build();
