import { Injectable } from '@nestjs/common';
import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { Config } from '../../platform/config/index.js';
import { AppError } from '../../platform/errors/index.js';
import type { KaiwaResponse } from '../../platform/http/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { addressKey } from './address-key.js';
import { LimiterFactory } from './limiter.factory.js';
import { LIMITS } from './limits.js';

interface Pair {
  readonly caller: RateLimiterAbstract;
  readonly tenant: RateLimiterAbstract;
  readonly policy: string;
}

const ACTS = ['registration', 'password_reset'] as const;

/** What a public route counts besides requests. */
export type CountedAct = (typeof ACTS)[number];

/** True for the name of a {@link CountedAct}. */
export function isCountedAct(name: string): name is CountedAct {
  return (ACTS as readonly string[]).includes(name);
}

/** The limits of requests (contract, section 0): per caller and per tenant in windows of a minute, and those of some public acts. */
@Injectable()
export class RateLimits {
  /** False where RATE_LIMIT is off. */
  readonly enabled: boolean;
  private readonly pair: Pair | null;
  private readonly acts: Record<CountedAct, { address: RateLimiterAbstract; account: RateLimiterAbstract }>;

  constructor(config: Config, limiters: LimiterFactory) {
    const limit = config.env.RATE_LIMIT;
    const seconds = LIMITS.window_seconds;
    this.enabled = limit !== null;
    this.pair = limit && {
      caller: limiters.make({ name: 'caller', points: limit.caller, seconds }),
      tenant: limiters.make({ name: 'tenant', points: limit.tenant, seconds }),
      policy: `"caller";q=${limit.caller};w=${seconds}, "tenant";q=${limit.tenant};w=${seconds}`,
    };
    const act = (name: CountedAct): { address: RateLimiterAbstract; account: RateLimiterAbstract } => ({
      address: limiters.make({ name: `${name}-address`, points: LIMITS[name].address, seconds: LIMITS[name].address_window_seconds }),
      account: limiters.make({ name: `${name}-account`, points: LIMITS[name].account, seconds: LIMITS[name].account_window_seconds }),
    });
    this.acts = { registration: act('registration'), password_reset: act('password_reset') };
  }

  /** The key that a caller is counted by; an anonymous one by its address. */
  callerKey(actor: Actor | null, client_id: string | null, address: () => string): string {
    return actor === null ? `address ${addressKey(address())}` : `${client_id ?? ''} ${actor.kind} ${actor.id}`;
  }

  /**
   * Counts one request, and says in the answer's headers what is left (draft-ietf-httpapi-ratelimit-headers-10).
   * @throws RATE_LIMITED
   */
  async count(caller: string, client_id: string | null, response: KaiwaResponse | null): Promise<void> {
    const { pair } = this;
    if (pair === null) return;
    const own = await take(pair.caller, caller);
    if (response !== null) {
      response.setHeader('RateLimit-Policy', pair.policy);
      response.setHeader('RateLimit', `"caller";r=${own.remainingPoints};t=${seconds(own)}`);
    }
    if (own.consumedPoints > pair.caller.points) throw refusal(own);
    if (client_id === null) return;
    const all = await take(pair.tenant, client_id);
    if (all.consumedPoints <= pair.tenant.points) return;
    response?.setHeader('RateLimit', `"tenant";r=0;t=${seconds(all)}`);
    throw refusal(all);
  }

  /**
   * Counts an act by the address that it comes from.
   * @throws RATE_LIMITED
   */
  async countAddress(act: CountedAct, address: string): Promise<void> {
    if (!this.enabled) return;
    const { address: limiter } = this.acts[act];
    const taken = await take(limiter, addressKey(address));
    if (taken.consumedPoints > limiter.points) throw refusal(taken);
  }

  /**
   * Counts an act by the account that it is about.
   * @throws RATE_LIMITED
   */
  async countAccount(act: CountedAct, account: string): Promise<void> {
    if (!this.enabled) return;
    const { account: limiter } = this.acts[act];
    const taken = await take(limiter, account);
    if (taken.consumedPoints > limiter.points) throw refusal(taken);
  }
}

/** The library rejects with its result where the limit is passed. */
async function take(limiter: RateLimiterAbstract, key: string): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(key);
  } catch (passed) {
    if (passed instanceof RateLimiterRes) return passed;
    throw passed;
  }
}

function seconds({ msBeforeNext }: RateLimiterRes): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1_000));
}

function refusal(taken: RateLimiterRes): AppError {
  return new AppError('RATE_LIMITED', { retry_after_seconds: seconds(taken) });
}
