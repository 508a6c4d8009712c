import { Injectable } from '@nestjs/common';
import { Storage } from '../../integrations/storage/index.js';
import { NodeLives } from '../../platform/database/index.js';
import { Jobs } from '../../platform/jobs/index.js';
import { Logger } from '../../platform/http/index.js';
import { type CondemnedKey, StorageAccountRepository } from './storage-account.repository.js';

declare module '../../platform/jobs/index.js' {
  interface JobPayloads {
    'storage.collect': object;
  }
}

const BATCH = 200;
const MOST_BATCHES = 500;
const AT_ONCE = 8;
/** A collector that has not said in this time that keys are done is taken for dead. */
const PATIENCE_S = 600;
/** Longer than any upload lasts that goes through one request; what a node has begun that is gone does not wait for it. */
const UNFINISHED_MS = 26 * 3_600_000;
const TIMEOUT_MS = 600_000;

/** Deletes the bytes that no row speaks for: of files that are gone, and of uploads that never became one. */
@Injectable()
export class TrashCollector {
  private readonly expirers: Array<(limit: number) => Promise<number>> = [];

  constructor(
    private readonly account: StorageAccountRepository,
    private readonly storage: Storage,
    private readonly lives: NodeLives,
    private readonly jobs: Jobs,
    private readonly logger: Logger,
  ) {
    jobs.define('storage.collect', {
      scope: 'system',
      timeout_ms: TIMEOUT_MS,
      handler: async (_payload, { signal }) => {
        await this.sweep(signal);
      },
    });
  }

  /** Has the bytes of what was just deleted collected soon; call it after the commit. Where that fails the periodic sweep does it. */
  wake(): void {
    this.jobs
      .enqueue('storage.collect', {}, { key: 'storage.collect', key_mode: 'preserve_run_at' })
      .catch((error: unknown) => this.logger.warn({ err: error }, 'deleted files are cleared away with the next sweep'));
  }

  /** One round over all tenants, in batches; answers how many keys were done. */
  async collect(signal?: AbortSignal): Promise<number> {
    let collected = 0;
    for (let batch = 0; batch < MOST_BATCHES && !signal?.aborted; batch++) {
      const keys = await this.account.condemn(BATCH, PATIENCE_S);
      const done = await this.deleteAll(keys);
      if (done.length > 0) await this.account.forget(done);
      collected += done.length;
      if (keys.length < BATCH) break;
    }
    return collected;
  }

  /** Adds what deletes rows whose time is over, at most so many at once; their bytes are collected in the same round. */
  alsoSweep(expire: (limit: number) => Promise<number>): void {
    this.expirers.push(expire);
  }

  /** Also clears away what died while it was being written, and what has expired. */
  async sweep(signal?: AbortSignal): Promise<number> {
    for (const expire of this.expirers) {
      for (let batch = 0; batch < MOST_BATCHES && !signal?.aborted; batch++) if ((await expire(BATCH)) < BATCH) break;
    }
    const findGone = (node_ids: readonly string[]): Promise<string[]> => this.lives.gone(node_ids);
    const collected = await this.collect(signal);
    return collected + (await this.storage.discardUnfinished(new Date(Date.now() - UNFINISHED_MS), findGone));
  }

  private async deleteAll(keys: readonly CondemnedKey[]): Promise<CondemnedKey[]> {
    const done: CondemnedKey[] = [];
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      await Promise.all(
        keys.slice(at, at + AT_ONCE).map(async (condemned) => {
          try {
            await this.storage.delete(condemned.key);
            done.push(condemned);
          } catch (error) {
            this.logger.warn({ err: error, key: condemned.key }, 'bytes could not be deleted; it will be tried again');
          }
        }),
      );
    }
    return done;
  }
}
