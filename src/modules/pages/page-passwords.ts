import { Injectable } from '@nestjs/common';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { Config } from '../../platform/config/index.js';
import { sameSecret, SecretBox } from '../../platform/crypto/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Scope } from '../../platform/scope/index.js';
import { addressKey, LimiterFactory } from '../auth/index.js';

/** Wrong passwords for one page from one address, and for all pages from one address, before that address has to wait. */
const PAGE_GUESSES = 20;
const ADDRESS_GUESSES = 200;
const WINDOW_SECONDS = 15 * 60;

/** Passwords of pages: sealed at rest, shown to editors, compared in constant time, and not to be guessed (contract, section 5). */
@Injectable()
export class PagePasswords {
  private readonly limited: boolean;
  private readonly byPage: RateLimiterAbstract;
  private readonly byAddress: RateLimiterAbstract;

  constructor(
    config: Config,
    limiters: LimiterFactory,
    private readonly box: SecretBox,
  ) {
    this.limited = config.env.RATE_LIMIT !== null;
    this.byPage = limiters.make({ name: 'page-password', points: PAGE_GUESSES, seconds: WINDOW_SECONDS });
    this.byAddress = limiters.make({ name: 'page-password-address', points: ADDRESS_GUESSES, seconds: WINDOW_SECONDS });
  }

  seal(page_id: string, password: string | null): string | null {
    return password === null ? null : this.box.seal(password, placeOf(page_id));
  }

  open(page_id: string, sealed: string | null): string | null {
    return sealed === null ? null : this.box.open(sealed, placeOf(page_id));
  }

  /**
   * Checks what a reader gives. A guess is counted before it is looked at, so that guesses which come all at once count too; a right one
   * is given back.
   * @throws INCORRECT_PASSWORD, RATE_LIMITED
   */
  async check(page_id: string, sealed: string | null, given: string | null): Promise<void> {
    // Who gives none guesses nothing: a link is opened without its password first.
    if (given === null || given === '') throw new AppError('INCORRECT_PASSWORD');
    const address = addressKey(Scope.get().address);
    const pair = `${Scope.clientId()} ${page_id} ${address}`;
    if (this.limited) await Promise.all([take(this.byPage, pair), take(this.byAddress, address)]);
    const password = this.open(page_id, sealed);
    if (password === null || !sameSecret(password, given)) throw new AppError('INCORRECT_PASSWORD');
    if (this.limited) await Promise.all([this.byPage.reward(pair), this.byAddress.reward(address)]);
  }
}

/** The library rejects with its result where the limit is passed. */
async function take(limiter: RateLimiterAbstract, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (passed) {
    if (passed instanceof Error) throw passed;
    const { msBeforeNext } = passed as { msBeforeNext: number };
    throw new AppError('RATE_LIMITED', { retry_after_seconds: Math.max(1, msBeforeNext / 1_000) });
  }
}

/** A password opens at its own page alone. */
function placeOf(page_id: string): string {
  return `page ${Scope.clientId()} ${page_id}`;
}
