import { beforeEach, describe, expect, it } from '@jest/globals';
import { Config, readEnvironment } from '../../platform/config/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Scope } from '../../platform/scope/index.js';
import { GuessLimiter } from './guess-limiter.js';
import { LimiterFactory } from './limiter.factory.js';
import { LIMITS } from './limits.js';

function limiter(RATE_LIMIT = 'on'): GuessLimiter {
  const config = new Config(readEnvironment({ RATE_LIMIT }), { url: '', migration_url: '' }, [], [], 'test');
  return new GuessLimiter(config, new LimiterFactory(null));
}

/** What a guess comes to: `right`, `wrong`, or the code that refused it. */
async function guess(guesses: GuessLimiter, address: string, right: boolean, client_id = 'acme'): Promise<string> {
  const scope = { client_id, actor: null, request_id: 'r', address, transaction: null };
  try {
    return (await Scope.run(scope, () => guesses.attempt('user 1', async () => right))) ? 'right' : 'wrong';
  } catch (error) {
    return error instanceof AppError ? error.code : 'failed';
  }
}

describe('GuessLimiter', () => {
  const { account_failures, address_failures, known_failures } = LIMITS.login;
  let guesses: GuessLimiter;
  const fail = async (times: number, address: string): Promise<string[]> => {
    const outcomes: string[] = [];
    for (let n = 0; n < times; n++) outcomes.push(await guess(guesses, address, false));
    return outcomes;
  };

  beforeEach(() => {
    guesses = limiter();
  });

  it('locks an account after so many failures, even to the right password', async () => {
    expect(new Set(await fail(account_failures, '203.0.113.1'))).toEqual(new Set(['wrong']));
    expect(await guess(guesses, '203.0.113.1', true)).toBe('RATE_LIMITED');
    expect(await guess(guesses, '203.0.113.2', true)).toBe('RATE_LIMITED');
  });

  it('lets the owner in from where they signed in before, and nobody guess from there freely', async () => {
    const home = '198.51.100.9';
    expect(await guess(guesses, home, true)).toBe('right');
    await fail(account_failures, '203.0.113.1');
    expect([await guess(guesses, home, false), await guess(guesses, home, true)]).toEqual(['wrong', 'right']);
    expect(new Set(await fail(known_failures, home))).toEqual(new Set(['wrong']));
    expect(await guess(guesses, home, true)).toBe('RATE_LIMITED');
    expect(await guess(guesses, '198.51.100.10', true)).toBe('right');
  });

  it('does not count what strangers at the same address get wrong against its owners', async () => {
    const office = '198.51.100.9';
    expect(await guess(guesses, office, true)).toBe('right');
    const scope = { client_id: 'acme', actor: null, request_id: 'r', address: office, transaction: null };
    for (let n = 0; n < address_failures; n++) await Scope.run(scope, () => guesses.attempt(`name ${n}`, async () => false));
    expect(await guess(guesses, office, true)).toBe('right');
  });

  it('does not lock the same account of another tenant', async () => {
    await fail(account_failures, '203.0.113.1');
    expect(await guess(guesses, '203.0.113.1', true, 'umbrella')).toBe('right');
  });

  it('forgets failures with a success', async () => {
    await fail(account_failures - 1, '203.0.113.1');
    expect(await guess(guesses, '203.0.113.1', true)).toBe('right');
    expect(await guess(guesses, '203.0.113.1', false)).toBe('wrong');
    expect(await guess(guesses, '203.0.113.7', true)).toBe('right');
  });

  it('admits few guesses that come all at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => guess(guesses, '203.0.113.1', false)));
    const checked = outcomes.filter((outcome) => outcome === 'wrong').length;
    expect(checked).toBeGreaterThanOrEqual(account_failures);
    expect(checked).toBeLessThan(account_failures + LIMITS.login.at_a_time);
  });

  it('lets sign-ins that come all at once through', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => guess(guesses, '203.0.113.1', true)));
    expect(new Set(outcomes)).toEqual(new Set(['right']));
  });

  it('refuses an address that fails at many accounts', async () => {
    const scope = { client_id: 'acme', actor: null, request_id: 'r', address: '203.0.113.5', transaction: null };
    for (let n = 0; n < address_failures; n++) await Scope.run(scope, () => guesses.attempt(`name ${n}`, async () => false));
    expect(await guess(guesses, '203.0.113.5', true)).toBe('RATE_LIMITED');
    expect(await guess(guesses, '203.0.113.6', true)).toBe('right');
  });

  it('lets a caller in who has proved the account otherwise', async () => {
    await fail(account_failures, '203.0.113.1');
    const scope = { client_id: 'acme', actor: null, request_id: 'r', address: '203.0.113.8', transaction: null };
    await Scope.run(scope, () => guesses.trust('user 1'));
    expect(await guess(guesses, '203.0.113.8', true)).toBe('right');
  });

  it('counts nothing where RATE_LIMIT is off', async () => {
    guesses = limiter('off');
    await fail(account_failures * 2, '203.0.113.1');
    expect(await guess(guesses, '203.0.113.1', true)).toBe('right');
  });
});
