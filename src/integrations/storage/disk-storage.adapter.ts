import { constants, createReadStream } from 'node:fs';
import { access, type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { newId } from '../../platform/ids/index.js';
import { BlockWriter } from './block-writer.js';
import {
  assertKey,
  type ByteRange,
  type FindGone,
  ObjectMissingError,
  ObjectTooLargeError,
  type PutOptions,
  Storage,
  StorageFailedError,
  type StoredObject,
} from './storage.port.js';

/** Where files are written until they are whole; on the same volume, so that a rename is all that is left. */
const INCOMING = '.incoming';
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const SETTLE_TRIES = 5;
/** Read at once: larger reads are faster still, and each download that stalls holds two of them. */
const READ_BYTES = 128 * 1024;
/** Between a part's id and its node in the part's name; ids have none of it. */
const OF_NODE = '@';

/**
 * A folder. A file is written beside, forced to the disk and then renamed, so that under its own name it is whole at any moment; the
 * rename is forced to the disk as well.
 */
export class DiskStorage extends Storage {
  private readonly incoming: string;

  /** `node_id`: whoever writes here, so that what a node leaves unfinished is known for its own. */
  constructor(
    private readonly root: string,
    private readonly node_id: string,
  ) {
    super();
    this.incoming = join(root, INCOMING);
  }

  async put(key: string, source: AsyncIterable<Buffer>, { max_bytes = Infinity }: PutOptions = {}): Promise<StoredObject> {
    const path = this.pathOf(key);
    const part = join(this.incoming, `${newId()}${OF_NODE}${encodeURIComponent(this.node_id)}`);
    const file = await this.create(part);
    let stored: StoredObject;
    try {
      try {
        stored = await write(file, source, max_bytes);
      } finally {
        await file.close();
      }
      await this.settle(part, path);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    return stored;
  }

  async open(key: string, range?: ByteRange): Promise<Readable> {
    const path = this.pathOf(key);
    const bytes = createReadStream(path, { highWaterMark: READ_BYTES, ...(range ? { start: range.start, end: range.end } : {}) });
    // It is open, or it says why not, before anybody is told of it.
    await new Promise<void>((resolve, reject) => {
      bytes.once('open', () => resolve());
      bytes.once('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'ENOENT' ? new ObjectMissingError(key, { cause: error }) : failed(error));
      });
    });
    return bytes;
  }

  async delete(key: string): Promise<void> {
    const path = this.pathOf(key);
    try {
      await unlink(path);
      await syncFolder(dirname(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw failed(error);
    }
    await this.removeEmpty(dirname(path));
  }

  async discardUnfinished(before: Date, findGone: FindGone): Promise<number> {
    const names = await readdir(this.incoming).catch(ifAbsent<string[]>([]));
    const gone = new Set(await findGone([...new Set(names.map(nodeOf).filter((node_id) => node_id !== ''))]));
    let discarded = 0;
    for (const name of names) {
      const path = join(this.incoming, name);
      // A file that is being written has just been written to.
      const found = await stat(path).catch(ifAbsent(null));
      if (!found || (found.mtime >= before && !gone.has(nodeOf(name)))) continue;
      await rm(path, { force: true });
      discarded++;
    }
    return discarded;
  }

  async check(): Promise<void> {
    try {
      await mkdir(this.incoming, { recursive: true, mode: FOLDER_MODE });
      await access(this.incoming, constants.W_OK);
    } catch (error) {
      throw failed(error);
    }
  }

  async close(): Promise<void> {}

  private async create(part: string): Promise<FileHandle> {
    try {
      return await open(part, 'wx', FILE_MODE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw failed(error);
    }
    await mkdir(this.incoming, { recursive: true, mode: FOLDER_MODE });
    return open(part, 'wx', FILE_MODE).catch((error: unknown) => {
      throw failed(error);
    });
  }

  /** Folders that nothing is left in go too: a tenant's, once the tenant is gone. */
  private async removeEmpty(folder: string): Promise<void> {
    for (let at = folder; at.length > this.root.length; at = dirname(at)) {
      const [outcome] = await Promise.allSettled([rmdir(at)]);
      if (outcome.status === 'rejected') return;
    }
  }

  private async settle(part: string, path: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.place(part, path);
      } catch (error) {
        // The folder was empty, and whoever emptied it has just removed it.
        if (attempt >= SETTLE_TRIES || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw failed(error);
      }
    }
  }

  private async place(part: string, path: string): Promise<void> {
    const folder = dirname(path);
    const made = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    await rename(part, path);
    await syncFolder(folder);
    // A folder that is new has to be known to the one above it, and so on up to the first that was there.
    for (let at = folder; made !== undefined && at.length >= made.length; at = dirname(at)) await syncFolder(dirname(at));
  }

  private pathOf(key: string): string {
    assertKey(key);
    return join(this.root, key.replaceAll('/', sep));
  }
}

/** The node that writes a part; empty where its name does not say. */
function nodeOf(name: string): string {
  const [, node_id = ''] = name.split(OF_NODE);
  try {
    return decodeURIComponent(node_id);
  } catch {
    return '';
  }
}

async function write(file: FileHandle, source: AsyncIterable<Buffer>, max_bytes: number): Promise<StoredObject> {
  const writer = new BlockWriter(file);
  try {
    for await (const chunk of source) {
      if (writer.bytes + chunk.length > max_bytes) throw new ObjectTooLargeError(max_bytes);
      const full = writer.add(chunk);
      if (full) await full;
    }
    return await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Forces the names in a folder to the disk. */
async function syncFolder(path: string): Promise<void> {
  // Windows opens no folder; there a rename is as durable as it gets.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function failed(error: unknown): StorageFailedError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new StorageFailedError(`The disk does not serve (${code ?? message})`, { cause: error });
}

function ifAbsent<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return instead;
    throw failed(error);
  };
}
