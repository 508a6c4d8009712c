import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { StorageFailedError, type StoredObject } from './storage.port.js';

/** Written at once: large enough that the cost of a call is lost among its bytes, small enough for many uploads at a time. */
const BLOCK_BYTES = 256 * 1024;
/** Blocks that wait for the next upload. */
const MOST_SPARE = 32;

const spare: Buffer[] = [];

/**
 * Writes what comes into a file in large blocks, and works out the SHA-256 on the way. One block is written while the next one is filled; more is not
 * held. What comes is copied, and blocks are used again: chunks that waited for the disk would outlive the collector's young generation, and cost three times
 * as much as the copy.
 */
export class BlockWriter {
  private readonly hash = createHash('sha256');
  private block: Buffer | null = null;
  private filled = 0;
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
    const copied = this.fill(chunk, 0);
    return this.filled < BLOCK_BYTES ? null : this.addRest(chunk, copied);
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
    if (this.block) giveBack(this.block);
    this.block = null;
  }

  private async addRest(chunk: Buffer, from: number): Promise<void> {
    let at = from;
    for (;;) {
      if (this.filled === BLOCK_BYTES) await this.flush();
      if (at === chunk.length) return;
      at += this.fill(chunk, at);
    }
  }

  /** Copies what fits into the block; answers how much that was. */
  private fill(chunk: Buffer, from: number): number {
    this.block ??= spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    const copied = chunk.copy(this.block, this.filled, from);
    this.filled += copied;
    return copied;
  }

  /** Begins to write the block, once the one before it is written. */
  private async flush(): Promise<void> {
    const { block, filled } = this;
    await this.writing;
    if (block === null) return;
    this.block = null;
    this.filled = 0;
    this.writing = this.write(block, filled);
    // Whoever waits for it hears of a failure; until then it is nobody's.
    this.writing.catch(() => undefined);
  }

  private async write(block: Buffer, bytes: number): Promise<void> {
    try {
      // A disk that is nearly full takes less than it is given.
      for (let at = 0; at < bytes;) at += (await this.file.write(block, at, bytes - at)).bytesWritten;
    } catch (error) {
      throw failed(error);
    } finally {
      giveBack(block);
    }
  }
}

function giveBack(block: Buffer): void {
  if (spare.length < MOST_SPARE) spare.push(block);
}

function failed(error: unknown): StorageFailedError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new StorageFailedError(`The disk does not take it (${code ?? message})`, { cause: error });
}
