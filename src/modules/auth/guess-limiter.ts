import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { Config } from '../../platform/config/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Scope } from '../../platform/scope/index.js';
import { addressKey } from './address-key.js';
import { LimiterFactory } from './limiter.factory.js';
import { LIMITS } from './limits.js';

interface Gate {
  running: number;
  readonly waiting: Array<() => void>;
}

const MAX_WAITING = 64;

/**
 * Bounds the guessing of passwords (contract, section 0): by account and by address. A locked account still lets its owner in from
 * an address that signed in to it
 * before, and locks for 15 minutes at most, so that nobody can lock its owner out for good.
 */
@Injectable()
export class GuessLimiter {
  private readonly enabled: boolean;
  private readonly accounts: RateLimiterAbstract;
  private readonly addresses: RateLimiterAbstract;
  private readonly locks: RateLimiterAbstract;
  private readonly known: RateLimiterAbstract;
  private readonly gates = new Map<string, Gate>();

  constructor(config: Config, limiters: LimiterFactory) {
    const { login } = LIMITS;
    this.enabled = config.env.RATE_LIMIT !== null;
    this.accounts = limiters.make({ name: 'login-account', points: login.account_failures, seconds: login.window_seconds });
    this.addresses = limiters.make({ name: 'login-address', points: login.address_failures, seconds: login.window_seconds });
    this.locks = limiters.make({ name: 'login-lock', points: 1_000, seconds: login.lock_memory_seconds });
    this.known = limiters.make({ name: 'login-known', points: 1, seconds: login.known_address_seconds });
  }

  /**
   * Checks a password by `verify`, and counts it where it was wrong. `subject` names the account in the tenant, also one that does
   * not exist.
   * @throws RATE_LIMITED
   */
  async attempt(subject: string, verify: () => Promise<boolean>): Promise<boolean> {
    if (!this.enabled) return verify();
    const account = digest(`${Scope.clientId()}\n${subject}`);
    return this.oneOfFew(account, async () => {
      const address = addressKey(Scope.get().address);
      const locked_ms = await this.admit(account, address);
      if (await verify()) {
        await this.remember(account, address);
        return true;
      }
      await this.count(account, address);
      if (locked_ms > 0) throw tooMany(locked_ms);
      return false;
    });
  }

  /** The caller has proved otherwise that the account is its own: its address is let through from now on, and the lock is off. */
  async trust(subject: string): Promise<void> {
    if (this.enabled) await this.remember(digest(`${Scope.clientId()}\n${subject}`), addressKey(Scope.get().address));
  }

  /** How long the account is still locked, in milliseconds, for a caller who may try all the same; refuses all others. */
  private async admit(account: string, address: string): Promise<number> {
    const [byAddress, byAccount] = await Promise.all([this.addresses.get(address), this.accounts.get(account)]);
    if (byAddress && byAddress.consumedPoints >= LIMITS.login.address_failures) throw tooMany(byAddress.msBeforeNext);
    if (!byAccount || byAccount.consumedPoints < LIMITS.login.account_failures) return 0;
    if ((await this.known.get(`${account} ${address}`)) === null) throw tooMany(byAccount.msBeforeNext);
    return byAccount.msBeforeNext;
  }

  private async remember(account: string, address: string): Promise<void> {
    const place = `${account} ${address}`;
    const [known] = await Promise.all([this.known.get(place), this.accounts.delete(account)]);
    if (known === null) await this.known.set(place, 1, LIMITS.login.known_address_seconds);
  }

  private async count(account: string, address: string): Promise<void> {
    const [failures] = await Promise.all([this.accounts.penalty(account), this.addresses.penalty(address)]);
    // Further failures of a locked account, from a known address, do not make its lock longer.
    if (failures.consumedPoints !== LIMITS.login.account_failures) return;
    const { consumedPoints: times } = await this.locks.penalty(account);
    const { first_lock_seconds, longest_lock_seconds } = LIMITS.login;
    await this.accounts.block(account, Math.min(first_lock_seconds * 2 ** (times - 1), longest_lock_seconds));
  }

  /** A few at a time: guesses that come all at once are counted before the next are admitted. */
  private async oneOfFew<T>(account: string, work: () => Promise<T>): Promise<T> {
    const gate = this.gates.get(account) ?? { running: 0, waiting: [] };
    this.gates.set(account, gate);
    if (gate.running >= LIMITS.login.at_a_time) {
      if (gate.waiting.length >= MAX_WAITING) throw new AppError('OVERLOADED', { retry_after_seconds: 2 });
      await new Promise<void>((resolve) => gate.waiting.push(resolve));
    } else {
      gate.running++;
    }
    try {
      return await work();
    } finally {
      const next = gate.waiting.shift();
      if (next) next();
      else if (--gate.running === 0) this.gates.delete(account);
    }
  }
}

function tooMany(ms: number): AppError {
  return new AppError('RATE_LIMITED', { retry_after_seconds: Math.max(1, ms / 1_000) });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
