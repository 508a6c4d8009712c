import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';

/** A folder that servers keep files in. */
export async function makeFolder(): Promise<{ env: Record<string, string>; keys(): Promise<string[]>; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'kaiwa-files-'));
  return {
    env: { DATA_DIR: folder },
    keys: async () => {
      const found = await readdir(join(folder, 'storage'), { recursive: true, withFileTypes: true }).catch(() => []);
      return found
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, 'storage').length + 1))
        .map((path) => path.replaceAll(sep, '/'))
        .sort();
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
