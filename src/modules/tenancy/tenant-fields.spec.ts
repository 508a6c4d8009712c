import { describe, expect, it } from '@jest/globals';
import { validatorOf } from '../../platform/http/index.js';
import { phoneKey } from './phone-number.js';
import { hostName, isTimezone } from './tenant-fields.js';
import { CreateTenantDto } from './tenant.dto.js';

describe('host names', () => {
  it.each([
    ['app.example.com', 'app.example.com'],
    ['APP.Example.COM.', 'app.example.com'],
    ['日本語.example', 'xn--wgv71a119e.example'],
    ['localhost', 'localhost'],
  ])('%s is %s', (given, host) => {
    expect(hostName(given)).toBe(host);
  });

  it.each([
    '',
    'a b',
    'https://a.example',
    'a.example/x',
    'a.example:80',
    '127.0.0.1',
    '0x7f.1',
    '[::1]',
    '-a.example',
    'a..example',
    'u@a.example',
    7,
    null,
  ])('refuses %j', (given) => {
    expect(hostName(given)).toBeNull();
  });
});

describe('time zones', () => {
  it.each(['Asia/Tokyo', 'UTC', 'America/Argentina/Buenos_Aires', 'Etc/GMT+9'])('takes %s', (zone) => {
    expect(isTimezone(zone)).toBe(true);
  });

  it.each(['Asia/Nowhere', '+09:00', '', 'Asia/Tokyo; drop', 9, null])('refuses %j', (zone) => {
    expect(isTimezone(zone)).toBe(false);
  });
});

describe('phone numbers', () => {
  it.each(['09012345678', '+819012345678', '090-1234-5678', '０９０−１２３４−５６７８', '+81 90 1234 5678', '(090) 1234 5678'])(
    '%s is one number in Japan',
    (number) => {
      expect(phoneKey(number, 'JP')).toBe('+819012345678');
    },
  );

  it('is read by the region where it has no country code', () => {
    expect(phoneKey('(415) 555-2671', 'US')).toBe('+14155552671');
    expect(phoneKey('+14155552671', 'JP')).toBe('+14155552671');
  });

  it.each(['', 'abc', '12', '+999999999999999999'])('%j is none', (number) => {
    expect(phoneKey(number, 'JP')).toBeNull();
  });
});

describe('a new tenant', () => {
  it('has every wrong field named at once, those of the owner too', () => {
    const { errors } = validatorOf(CreateTenantDto).validate({
      client_id: 'No!',
      name: '',
      timezone: 'Mars/Base',
      phone_region: 'XX',
      registration: 'perhaps',
      domains: ['a b'],
      phone_numbers: [7],
      oidc: { issuer: 'ftp://x', audience: 'a' },
      owner: { username: 'a@b', email: 'no', password: 'password', role: 'owner' },
      plan: 'gold',
    });
    expect(errors?.map(({ field }) => field).sort()).toEqual([
      'client_id',
      'domains',
      'name',
      'oidc.audience',
      'oidc.issuer',
      'owner.email',
      'owner.password',
      'owner.role',
      'owner.username',
      'phone_numbers',
      'phone_region',
      'plan',
      'registration',
      'timezone',
    ]);
  });
});
