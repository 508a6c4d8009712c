import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type Lock, type Locker, type RequestRelease } from '@tus/server';
import { Config } from '../../../platform/config/index.js';
import { NodeLives } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { Logger } from '../../../platform/http/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { TusError } from './tus-error.js';
import { UploadRepository } from './upload.repository.js';

/** A writer that does not renew its lease in this time is taken for dead; one whose node is gone, at once. */
const LEASE_S = 30;
const RENEW_EVERY_MS = 8_000;
const LOOK_EVERY_MS = 150;
/** How long who comes second waits for the first to let go. */
const PATIENCE_MS = 5_000;
const RETRY_AFTER_S = 5;
/** Between the node and the writer in `locked_by`. */
const OF_NODE = '/';

/** One writer at a time for each upload, over all nodes: a lease on its row. Who wants it asks the writer before, where that is on this node. */
@Injectable()
export class UploadLocker implements Locker {
  private readonly writers = new Map<string, RequestRelease>();
  private readonly pending = new Map<string, Promise<unknown>>();

  constructor(
    private readonly config: Config,
    private readonly uploads: UploadRepository,
    private readonly lives: NodeLives,
    private readonly logger: Logger,
  ) {}

  newLock(id: string): Lock {
    const writer = `${this.config.node_id}${OF_NODE}${randomUUID()}`;
    return new UploadLock(id, writer, this.writers, this.pending, this.uploads, this.lives, this.logger);
  }

  /** Runs `work` as the upload's one writer. @throws UPLOAD_LOCKED where another does not let go within seconds */
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
  private readonly name: string;
  private renewal: NodeJS.Timeout | null = null;

  constructor(
    private readonly id: string,
    private readonly writer: string,
    private readonly writers: Map<string, RequestRelease>,
    private readonly pending: Map<string, Promise<unknown>>,
    private readonly uploads: UploadRepository,
    private readonly lives: NodeLives,
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
      else if (await this.takeFromGone()) continue;
      if (performance.now() > deadline) throw new AppError('UPLOAD_LOCKED', { retry_after_seconds: RETRY_AFTER_S });
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

  /** True where the writer's node is gone and the upload is free now. Were it not gone, what it writes would find the upload elsewhere. */
  private async takeFromGone(): Promise<boolean> {
    const holder = await this.uploads.holderOf(this.id);
    const node_id = holder?.slice(0, holder.lastIndexOf(OF_NODE));
    if (!holder || !node_id || (await this.lives.gone([node_id], { is_patient: false })).length === 0) return false;
    await this.uploads.release(this.id, holder);
    return true;
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
