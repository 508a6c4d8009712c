import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { isForeignKeyViolation } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { newId } from '../../../platform/ids/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { TurnLeaseRepository } from './turn-lease.repository.js';

/** Longer than a turn may take, with what stores it. */
const LEASE_SECONDS = 45;
/** How long a turn waits for the one before it, and how many of a call do so on one node. */
const LONGEST_WAIT_MS = 10_000;
const MOST_WAITING = 4;
const ASK_EVERY_MS = 60;

/** A call that is being answered, until it is given back. */
export interface TurnLease {
  release(): Promise<void>;
}

/**
 * A call is answered one turn at a time, whichever node a turn comes to, so that each turn knows what was said before it. A turn that comes
 * meanwhile waits: four of a call at most, and ten seconds.
 */
@Injectable()
export class TurnLeases {
  private readonly waiting = new Map<string, number>();

  constructor(private readonly leases: TurnLeaseRepository) {}

  /** Waits for the call to be free and takes it. @throws CALL_BUSY, CALL_NOT_FOUND */
  async take(call_id: string, signal: AbortSignal): Promise<TurnLease> {
    const lease = await this.tryTake(call_id);
    if (lease) return lease;
    const key = `${Scope.clientId()}/${call_id}`;
    const waiting = this.waiting.get(key) ?? 0;
    if (waiting >= MOST_WAITING) throw busy();
    this.waiting.set(key, waiting + 1);
    try {
      return await this.await(call_id, signal);
    } finally {
      const left = (this.waiting.get(key) ?? 1) - 1;
      if (left > 0) this.waiting.set(key, left);
      else this.waiting.delete(key);
    }
  }

  /** Takes the call where it is free, else null. @throws CALL_NOT_FOUND */
  async tryTake(call_id: string): Promise<TurnLease | null> {
    const holder = newId();
    try {
      if (!(await this.leases.take(call_id, holder, LEASE_SECONDS))) return null;
    } catch (error) {
      throw isForeignKeyViolation(error) ? new AppError('CALL_NOT_FOUND', { cause: error }) : error;
    }
    return { release: () => this.leases.release(call_id, holder) };
  }

  /** True while a turn of the call is being answered, on any node. */
  isTaken(call_id: string): Promise<boolean> {
    return this.leases.isTaken(call_id);
  }

  private async await(call_id: string, signal: AbortSignal): Promise<TurnLease> {
    const deadline = performance.now() + LONGEST_WAIT_MS;
    while (performance.now() < deadline && !signal.aborted) {
      await pause(ASK_EVERY_MS * (0.5 + Math.random()));
      const lease = await this.tryTake(call_id);
      if (lease) return lease;
    }
    throw busy();
  }
}

function busy(): AppError {
  return new AppError('CALL_BUSY', { retry_after_seconds: 1 });
}
