import { describe, expect, it } from '@jest/globals';
import { readRefreshToken, writeRefreshToken } from './refresh-token.js';

const SECRETS = ['the-secret-that-signs-now-0123456789', 'the-secret-of-before-0123456789abcdef'] as const;
const CLAIMS = { sid: '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10', generation: 3 };

describe('refresh tokens', () => {
  const token = writeRefreshToken(SECRETS[0], 'acme', CLAIMS);

  it('are the same each time, so that the current one can be given again', () => {
    expect(writeRefreshToken(SECRETS[0], 'acme', CLAIMS)).toBe(token);
    expect(readRefreshToken(SECRETS, 'acme', token)).toEqual(CLAIMS);
  });

  it('are read by every secret of the list', () => {
    expect(readRefreshToken([SECRETS[1], SECRETS[0]], 'acme', token)).toEqual(CLAIMS);
    expect(readRefreshToken([SECRETS[1]], 'acme', token)).toBeNull();
  });

  it('are nothing in another tenant', () => {
    expect(readRefreshToken(SECRETS, 'umbrella', token)).toBeNull();
  });

  it.each(['', 'rt_', token.slice(0, -1), `${token}A`, token.replace('.3.', '.4.'), token.replace('.3.', '.03.'), token.toUpperCase()])(
    'are not made up: %s',
    (forged) => expect(readRefreshToken(SECRETS, 'acme', forged)).toBeNull(),
  );
});
