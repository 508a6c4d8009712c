import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { StorageFailedError, type StoredObject } from './storage.port.js';

/** Written at once: large enough that the cost of a call is lost among its bytes, small enough for many uploads at a time. */
const BLOCK_BYTES = 512 * 1024;

/**
 * Writes what comes into a file in large blocks, and works out the SHA-256 on the way. One block is being written while the next
 * one is gathered; more is not held.
 */
export class BlockWriter {
  private readonly hash = createHash('sha256');
  private gathered: Buffer[] = [];
  private gathered_bytes = 0;
  private writing: Promise<void> | null = null;
  private total = 0;

  constructor(private readonly file: FileHandle) {}

  /** How many bytes have come. */
  get bytes(): number {
    return this.total;
  }

  /** Takes a chunk; answers a promise where the next one has to wait for it. */
  add(chunk: Buffer): Promise<void> | null {
    this.total += chunk.length;
    this.hash.update(chunk);
    this.gathered.push(chunk);
    this.gathered_bytes += chunk.length;
    return this.gathered_bytes < BLOCK_BYTES ? null : this.flush();
  }

  /** Resolves once all is on the disk. @throws StorageFailedError */
  async finish(): Promise<StoredObject> {
    await this.flush();
    await this.writing;
    try {
      await this.file.sync();
    } catch (error) {
      throw failed(error);
    }
    return { bytes: this.total, sha256: this.hash.digest('hex') };
  }

  /** Resolves once nothing is being written any more; of no interest is whether it was. */
  async abandon(): Promise<void> {
    await Promise.allSettled([this.writing]);
  }

  private async flush(): Promise<void> {
    await this.writing;
    if (this.gathered.length === 0) return;
    this.writing = this.write(this.gathered);
    // Whoever waits for it hears of a failure; until then it is nobody's.
    this.writing.catch(() => undefined);
    this.gathered = [];
    this.gathered_bytes = 0;
  }

  private async write(buffers: Buffer[]): Promise<void> {
    try {
      let left = buffers;
      while (left.length > 0) {
        const { bytesWritten } = await this.file.writev(left);
        left = after(left, bytesWritten);
      }
    } catch (error) {
      throw failed(error);
    }
  }
}

/** What is left of `buffers` after their first bytes: a disk that is nearly full takes less than it was given. */
function after(buffers: Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  for (const [index, buffer] of buffers.entries()) {
    if (skip < buffer.length) return [buffer.subarray(skip), ...buffers.slice(index + 1)];
    skip -= buffer.length;
  }
  return [];
}

function failed(error: unknown): StorageFailedError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new StorageFailedError(`The disk does not take it (${code ?? message})`, { cause: error });
}
