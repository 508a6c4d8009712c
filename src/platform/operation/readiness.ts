import { Injectable } from '@nestjs/common';
import { Database, Listener } from '../database/index.js';
import { JobRunner } from '../jobs/index.js';

/** One part of the server, and what is wrong with it where something is. */
export interface PartHealth {
  ok: boolean;
  reason?: string;
}

type Probe = () => Promise<PartHealth> | PartHealth;

/** Whether this node should be sent requests, and if not, why. */
@Injectable()
export class Readiness {
  private readonly probes = new Map<string, Probe>();
  private stopping = false;

  constructor(database: Database, listener: Listener, jobs: JobRunner) {
    this.add('database', async () => {
      await database.ping();
      return listener.connected ? { ok: true } : { ok: false, reason: 'notifications are not coming in' };
    });
    this.add('jobs', () => jobs.healthy());
  }

  /** Adds a part that must be well for the server to be ready. */
  add(part: string, probe: Probe): void {
    this.probes.set(part, probe);
  }

  /** From now on the node is not ready: what balances the load sends requests elsewhere. */
  beginShutdown(): void {
    this.stopping = true;
  }

  /** Asks every part. */
  async check(): Promise<{ ready: boolean; parts: Record<string, PartHealth> }> {
    const parts: Record<string, PartHealth> = {};
    await Promise.all(
      [...this.probes].map(async ([part, probe]) => {
        try {
          parts[part] = await probe();
        } catch {
          parts[part] = { ok: false, reason: 'does not answer' };
        }
      }),
    );
    if (this.stopping) parts['server'] = { ok: false, reason: 'is shutting down' };
    return { ready: Object.values(parts).every((part) => part.ok), parts };
  }
}
