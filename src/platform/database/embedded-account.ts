import { execFile } from 'node:child_process';
import { access, chmod, chown, constants, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { StartError, systemCode } from './start-error.js';

const run = promisify(execFile);

/** The OS user that PostgreSQL runs as: it refuses to run as root. */
export interface Account {
  readonly name: string;
  /** For `spawn` and `chown`; undefined where PostgreSQL runs as this process's own user. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
}

const ACCOUNT = 'postgres';

/**
 * Finds the user to run PostgreSQL as: this process's own; and where that is root, the owner of the cluster that exists, else
 * the system's `postgres`, which is made where it is missing.
 */
export async function findAccount(cluster: string): Promise<Account> {
  if (process.getuid?.() !== 0) return { name: ownName(), ids: undefined };
  const owner = await stat(cluster).catch(() => null);
  if (owner && owner.uid !== 0) return { name: `uid ${owner.uid}`, ids: { uid: owner.uid, gid: owner.gid } };
  const found = await lookUp();
  if (found) return { name: ACCOUNT, ids: found };
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      ACCOUNT,
    ]);
  } catch {
    // Another process may have made it meanwhile: what counts is whether it is there now.
  }
  const made = await lookUp();
  if (made) return { name: ACCOUNT, ids: made };
  throw new StartError(
    `PostgreSQL does not run as root, and no user "${ACCOUNT}" could be made: run as a non-root user, or set DATABASE_URL`,
  );
}

/** True where the account can enter this folder; for this process's own account, where it can also write there. */
export async function canUse(account: Account, folder: string): Promise<boolean> {
  try {
    if (account.ids) await run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...account.ids, cwd: '/', env: {} });
    else await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Lets the account pass through a folder of our own, as `mktemp -d` makes it (0700), and no more than pass: not list, not write. Where
 * the folder's group has no rights there, the account's group takes its place; else all others may pass.
 */
export async function letThrough(account: Account, folder: string): Promise<void> {
  const { mode, uid } = await stat(folder);
  if (!account.ids || uid !== process.getuid?.()) return;
  if (mode & 0o070) return chmod(folder, (mode & 0o777) | 0o001);
  await chown(folder, uid, account.ids.gid);
  await chmod(folder, (mode & 0o777) | 0o010);
}

/** The first line that a program gives to say that it runs, as this account; throws where it does not. */
export async function tryProgram(account: Account, program: string): Promise<string> {
  try {
    const { stdout } = await run(program, ['--version'], { ...account.ids, cwd: '/', env: {}, timeout: 10_000 });
    return stdout.trim();
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    const line = stderr?.trim().split('\n')[0];
    throw new Error(line || systemCode(error) || 'it does not run', { cause: error });
  }
}

async function lookUp(): Promise<Account['ids']> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', ACCOUNT]), run('id', ['-g', ACCOUNT])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
