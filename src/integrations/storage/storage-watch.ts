import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Readiness } from '../../platform/operation/index.js';
import { Storage } from './storage.port.js';

const PATIENCE_MS = 3_000;

/** Says in `/health/ready` whether the storage serves. */
@Injectable()
export class StorageWatch implements OnApplicationShutdown {
  constructor(
    readiness: Readiness,
    private readonly storage: Storage,
  ) {
    readiness.add('storage', async () => {
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
    });
  }

  onApplicationShutdown(): Promise<void> {
    return this.storage.close();
  }
}
