import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Logger } from '../../platform/http/index.js';
import { type PartHealth, Readiness } from '../../platform/operation/index.js';
import { Storage } from './storage.port.js';

const PATIENCE_MS = 3_000;

/** Says in `/health/ready` whether the storage serves, and makes it ready to serve at the start. */
@Injectable()
export class StorageWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    readiness: Readiness,
    private readonly storage: Storage,
    private readonly logger: Logger,
  ) {
    readiness.add('storage', () => this.look());
  }

  /** A storage that is away does not keep the server from starting: it may come back, and `/health/ready` says that it is away. */
  async onApplicationBootstrap(): Promise<void> {
    const { ok, reason } = await this.look();
    if (!ok) this.logger.warn({ reason }, 'the storage does not serve');
  }

  onApplicationShutdown(): Promise<void> {
    return this.storage.close();
  }

  private async look(): Promise<PartHealth> {
    const late = new AbortController();
    const timeout = pause(PATIENCE_MS, 'late' as const, { signal: late.signal });
    try {
      const answer = await Promise.race([this.storage.check(), timeout]);
      return answer === 'late' ? { ok: false, reason: 'does not answer' } : { ok: true };
    } catch (error) {
      return { ok: false, reason: (error as Error).message };
    } finally {
      late.abort();
      await Promise.allSettled([timeout]);
    }
  }
}
