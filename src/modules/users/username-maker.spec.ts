import { describe, expect, it } from '@jest/globals';
import { usernameFault } from '../tenancy/index.js';
import { numbered, usernameFrom } from './username-maker.js';

describe('usernames made of emails', () => {
  it.each([
    ['Taro.Tanaka@example.com', 'taro.tanaka'],
    ['taro+news@example.com', 'taronews'],
    ['"a@b c"@example.com', 'abc'],
    ['_x_@example.com', 'x'],
    ["!#$%&'*@example.com", 'user'],
    ['太郎@example.com', '太郎'],
    [`${'x'.repeat(64)}@example.com`, 'x'.repeat(64)],
  ])('%s gives %s', (email, username) => {
    expect(usernameFrom(email)).toBe(username);
    expect(usernameFault(usernameFrom(email))).toBeNull();
  });

  it('are numbered where they are taken, and stay within 64 characters', () => {
    expect([1, 2, 3].map((n) => numbered('taro', n))).toEqual(['taro', 'taro_2', 'taro_3']);
    expect(numbered('😀'.repeat(64), 20)).toBe(`${'😀'.repeat(61)}_20`);
  });
});
