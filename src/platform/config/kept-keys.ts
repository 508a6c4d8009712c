import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigurationError } from './config.schema.js';

const secrets = z.array(z.string().min(32)).min(1);
const schema = z.object({ jwt_secrets: secrets, encryption_keys: secrets });

/** The keys of a server that runs on the embedded database: the first of each list is used for new things, all for old ones. */
export type KeptKeys = z.output<typeof schema>;

/**
 * Reads `<data_dir>/keys.json`, and makes it (two keys of 32 random bytes, readable by its owner alone) where there is none. A damaged
 * file is never replaced: what was encrypted by its keys would be lost.
 *
 * @throws ConfigurationError where the file is damaged.
 */
export async function keepKeys(data_dir: string): Promise<KeptKeys> {
  const path = join(data_dir, 'keys.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    if (error.code === 'EACCES') throw new ConfigurationError([`DATA_DIR: ${path} is not readable by this user`]);
    throw error;
  });
  if (text !== null) return parse(text, path);
  const keys: KeptKeys = { jwt_secrets: [makeKey()], encryption_keys: [makeKey()] };
  await writeFile(`${path}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  return keys;
}

function parse(text: string, path: string): KeptKeys {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new ConfigurationError([`DATA_DIR: ${path} is damaged; bring back a copy, as what it encrypted cannot be read without it`]);
  }
}

function makeKey(): string {
  return randomBytes(32).toString('base64url');
}
