import { describe, expect, it } from '@jest/globals';
import { validatorOf } from '../../platform/http/index.js';
import { IsNewPassword, IsUsername, passwordFault, usernameFault } from './account-fields.js';

class Account {
  @IsUsername()
  username: string;

  @IsNewPassword()
  password: string;
}

describe('usernames', () => {
  it.each(['a', '田中 太郎', 'ﾀﾛｳ', '👩‍👩‍👧', 'x'.repeat(64), '😀'.repeat(64), "o'brien", '__proto__'])('takes %s', (username) => {
    expect(usernameFault(username)).toBeNull();
  });

  it.each([
    ['', 'must be text of 1 to 64 characters'],
    ['x'.repeat(65), 'must be text of 1 to 64 characters'],
    ['😀'.repeat(65), 'must be text of 1 to 64 characters'],
    ['half \ud83d', 'must be text of 1 to 64 characters'],
    ['nul\0', 'must not contain control characters'],
    ['a@b', 'must not contain @'],
    ['a＠b', 'must not contain @'],
    ['tab\there', 'must not contain control characters'],
    ['next\u0085line', 'must not contain control characters'],
    ['turned\u202eeman', 'must not contain control characters'],
    ['\u200b', 'must have a visible character'],
    ['   ', 'must have a visible character'],
    [' ahead', 'must not begin or end with white space'],
    ['behind\u3000', 'must not begin or end with white space'],
  ])('refuses %j', (username, fault) => {
    expect(usernameFault(username)).toBe(fault);
  });
});

describe('passwords', () => {
  it.each(['correct-horse-7', 'とてもながいあいことば', '😀'.repeat(8), 'x9'.repeat(64)])('takes %s', (password) => {
    expect(passwordFault(password)).toBeNull();
  });

  it.each([
    ['short-7', 'must be text of 8 to 128 characters'],
    ['x'.repeat(129), 'must be text of 8 to 128 characters'],
    ['😀'.repeat(7), 'must be text of 8 to 128 characters'],
    ['password', 'is too common'],
    ['PassWord', 'is too common'],
    ['12345678', 'is too common'],
    ['１２３４５６７８', 'is too common'],
    ['qwertyuiop', 'is too common'],
  ])('refuses %s', (password, fault) => {
    expect(passwordFault(password)).toBe(fault);
  });
});

describe('the fields', () => {
  it('name every fault at once, in the words of the rule', () => {
    expect(validatorOf(Account).validate({ username: 'a@b', password: 'password' }).errors).toEqual([
      { field: 'username', message: 'must not contain @' },
      { field: 'password', message: 'is too common' },
    ]);
    expect(validatorOf(Account).validate({ username: 7 }).errors).toEqual([
      { field: 'username', message: 'must be text' },
      { field: 'password', message: 'is required' },
    ]);
  });
});
