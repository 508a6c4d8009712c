import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type Lock, type Locker, type RequestRelease } from '@tus/server';
import { Logger } from '../../../platform/http/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { TusError } from './tus-error.js';
import { UploadRepository } from './upload.repository.js';

/** A writer that does not renew its lease in this time is taken for dead. */
const LEASE_S = 30;
const RENEW_EVERY_MS = 8_000;
const LOOK_EVERY_MS = 150;
const PATIENCE_MS = 20_000;

/** One writer at a time for each upload, over all nodes: a lease on its row. Who wants it asks the writer before, where that is on this node. */
@Injectable()
export class UploadLocker implements Locker {
  private readonly writers = new Map<string, RequestRelease>();
  private readonly pending = new Map<string, Promise<unknown>>();

  constructor(
    private readonly uploads: UploadRepository,
    private readonly logger: Logger,
  ) {}

  newLock(id: string): Lock {
    return new UploadLock(id, this.writers, this.pending, this.uploads, this.logger);
  }

  /** Runs `work` as the upload's one writer. Rejects with tus's ERR_LOCK_TIMEOUT where another does not let go. */
  async hold<T>(id: string, work: () => Promise<T>): Promise<T> {
    const lock = this.newLock(id);
    await lock.lock(new AbortController().signal, () => undefined);
    try {
      return await work();
    } finally {
      await lock.unlock();
    }
  }

  /** Keeps the upload locked until what still writes has come to its end, whatever becomes of the request. */
  async track<T>(id: string, work: Promise<T>): Promise<T> {
    const name = nameOf(id);
    this.pending.set(name, work);
    try {
      return await work;
    } finally {
      if (this.pending.get(name) === work) this.pending.delete(name);
    }
  }
}

class UploadLock implements Lock {
  private readonly writer = randomUUID();
  private readonly name: string;
  private renewal: NodeJS.Timeout | null = null;

  constructor(
    private readonly id: string,
    private readonly writers: Map<string, RequestRelease>,
    private readonly pending: Map<string, Promise<unknown>>,
    private readonly uploads: UploadRepository,
    private readonly logger: Logger,
  ) {
    this.name = nameOf(id);
  }

  async lock(signal: AbortSignal, letGo: RequestRelease): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      if (signal.aborted) throw new TusError('ABORTED');
      const holder = this.writers.get(this.name);
      if (holder) await holder();
      else if ((await this.uploads.acquire(this.id, this.writer, LEASE_S)) !== 'taken') break;
      if (performance.now() > deadline) throw new TusError('ERR_LOCK_TIMEOUT');
      await pause(LOOK_EVERY_MS);
    }
    this.writers.set(this.name, letGo);
    this.renewal = setInterval(() => {
      this.uploads
        .acquire(this.id, this.writer, LEASE_S)
        .catch((error: unknown) => this.logger.warn({ err: error }, 'the lease of an upload could not be renewed'));
    }, RENEW_EVERY_MS);
    this.renewal.unref();
  }

  async unlock(): Promise<void> {
    await Promise.allSettled([this.pending.get(this.name)]);
    if (this.renewal) clearInterval(this.renewal);
    this.writers.delete(this.name);
    await this.uploads.release(this.id, this.writer);
  }
}

function nameOf(id: string): string {
  return `${Scope.clientId()}/${id}`;
}
