import { describe, expect, it } from '@jest/globals';
import { assertPublicUrl, ForbiddenAddressError, guardedLookup, isPrivateAddress } from './address-guard.js';
import { guardedFetch } from './guarded-fetch.js';

describe('isPrivateAddress', () => {
  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '192.0.0.8',
    '198.18.0.1',
    '203.0.113.1',
    '224.0.0.1',
    '255.255.255.255',
    '0.0.0.0',
    '240.0.0.1',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::127.0.0.1',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    'fec0::1',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '2001:db8::1',
    '100::1',
    'not an address',
  ])('%s is', (address) => expect(isPrivateAddress(address)).toBe(true));

  it.each(['8.8.8.8', '::ffff:8.8.8.8', '2606:4700::1111'])('%s is not', (address) => expect(isPrivateAddress(address)).toBe(false));
});

describe('assertPublicUrl', () => {
  it.each([
    'http://127.0.0.1/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://127.1./',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://localhost/',
    'http://app.localhost./',
    'ftp://8.8.8.8/',
    'file:///etc/passwd',
    'http://169.254.169.254/latest/meta-data',
  ])('refuses %s', (url) => expect(() => assertPublicUrl(new URL(url))).toThrow(ForbiddenAddressError));

  it.each(['https://8.8.8.8/', 'https://example.com/', 'http://[2606:4700::1111]/'])('takes %s', (url) => {
    expect(() => assertPublicUrl(new URL(url))).not.toThrow();
  });
});

describe('guardedLookup', () => {
  it('refuses a name whose address is private', async () => {
    const error = await new Promise((resolve) => guardedLookup('localhost', { all: true }, resolve));
    expect(error).toBeInstanceOf(ForbiddenAddressError);
  });
});

describe('guardedFetch', () => {
  it('makes no connection to a private address', async () => {
    await expect(guardedFetch('http://127.0.0.1:1/', { timeout_ms: 500, max_bytes: 10 })).rejects.toBeInstanceOf(ForbiddenAddressError);
  });
});
