import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { Config } from '../../platform/config/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Turnstile } from '../../platform/queue/index.js';
import { Scope } from '../../platform/scope/index.js';
import { addressKey } from './address-key.js';
import { LimiterFactory } from './limiter.factory.js';
import { LIMITS } from './limits.js';

const MAX_WAITING = 64;

/**
 * Bounds the guessing of passwords (contract, section 0): by account and by address. What strangers get wrong never counts
 * against an address from which the owner has signed in, and a lock lasts 15 minutes at most, so that nobody can lock the
 * owner out for good.
 */
@Injectable()
export class GuessLimiter {
  private readonly enabled: boolean;
  private readonly accounts: RateLimiterAbstract;
  private readonly addresses: RateLimiterAbstract;
  private readonly locks: RateLimiterAbstract;
  private readonly known: RateLimiterAbstract;
  /** Failures of an account from an address that is known for it. */
  private readonly pairs: RateLimiterAbstract;
  private readonly gates = new Map<string, Turnstile>();

  constructor(config: Config, limiters: LimiterFactory) {
    const { login } = LIMITS;
    this.enabled = config.env.RATE_LIMIT !== null;
    this.accounts = limiters.make({ name: 'login-account', points: login.account_failures, seconds: login.window_seconds });
    this.addresses = limiters.make({ name: 'login-address', points: login.address_failures, seconds: login.window_seconds });
    this.locks = limiters.make({ name: 'login-lock', points: 1_000, seconds: login.lock_memory_seconds });
    this.pairs = limiters.make({ name: 'login-pair', points: login.known_failures, seconds: login.window_seconds });
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
    const address = addressKey(Scope.get().address);
    return this.oneOfFew(account, async () => {
      const isKnown = await this.admit(account, address);
      if (await verify()) {
        await this.remember(account, address, isKnown);
        return true;
      }
      if (isKnown) await this.pairs.penalty(`${account} ${address}`);
      else await this.count(account, address);
      return false;
    });
  }

  /** The caller has proved otherwise that the account is its own: its address is let through from now on, and the lock is off. */
  async trust(subject: string): Promise<void> {
    if (this.enabled) await this.remember(digest(`${Scope.clientId()}\n${subject}`), addressKey(Scope.get().address), false);
  }

  /** Whether the owner has signed in from there before: then only what failed from there counts. */
  private async admit(account: string, address: string): Promise<boolean> {
    const { account_failures, address_failures, known_failures } = LIMITS.login;
    const pair = `${account} ${address}`;
    if ((await this.known.get(pair)) !== null) {
      refuseFrom(known_failures, await this.pairs.get(pair));
      return true;
    }
    const [byAddress, byAccount] = await Promise.all([this.addresses.get(address), this.accounts.get(account)]);
    refuseFrom(address_failures, byAddress);
    refuseFrom(account_failures, byAccount);
    return false;
  }

  private async remember(account: string, address: string, isKnown: boolean): Promise<void> {
    const pair = `${account} ${address}`;
    await Promise.all([this.accounts.delete(account), this.pairs.delete(pair)]);
    if (!isKnown) await this.known.set(pair, 1, LIMITS.login.known_address_seconds);
  }

  private async count(account: string, address: string): Promise<void> {
    const [failures] = await Promise.all([this.accounts.penalty(account), this.addresses.penalty(address)]);
    if (failures.consumedPoints !== LIMITS.login.account_failures) return;
    const { consumedPoints: times } = await this.locks.penalty(account);
    const { first_lock_seconds, longest_lock_seconds } = LIMITS.login;
    await this.accounts.block(account, Math.min(first_lock_seconds * 2 ** (times - 1), longest_lock_seconds));
  }

  /** A few at a time: guesses that come all at once are counted before the next are admitted. */
  private async oneOfFew<T>(account: string, work: () => Promise<T>): Promise<T> {
    const gate = this.gates.get(account) ?? new Turnstile(LIMITS.login.at_a_time, MAX_WAITING);
    this.gates.set(account, gate);
    try {
      return await gate.pass(work);
    } finally {
      if (gate.isIdle) this.gates.delete(account);
    }
  }
}

/** @throws RATE_LIMITED where `failures` or more were counted */
function refuseFrom(failures: number, counted: RateLimiterRes | null): void {
  if (counted === null || counted.consumedPoints < failures) return;
  throw new AppError('RATE_LIMITED', { retry_after_seconds: Math.max(1, counted.msBeforeNext / 1_000) });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
