import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'kaiwa-recording-';

/** Runs `work` with a new folder for recordings, which is gone when it settles. */
export async function inAudioFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes the folders that a killed process left: those that nothing was put into for so long that no run can still be at them, whoever's of this machine. */
export async function clearAudioFolders(longest_run_ms: number): Promise<void> {
  for (const name of (await readdir(tmpdir())).filter((one) => one.startsWith(PREFIX))) {
    const path = join(tmpdir(), name);
    const { mtimeMs } = await stat(path);
    if (mtimeMs < Date.now() - 2 * longest_run_ms) await rm(path, { recursive: true, force: true });
  }
}
