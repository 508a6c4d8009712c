import { describe, expect, it } from '@jest/globals';
import { Config, readEnvironment } from '../config/index.js';
import { SecretBox, SecretUnreadableError } from './secret-box.js';

const [FIRST, SECOND] = ['a'.repeat(32), 'b'.repeat(32)] as const;
const boxWith = (...keys: string[]): SecretBox =>
  new SecretBox(new Config(readEnvironment({}), { url: '', migration_url: '' }, [FIRST], keys, 'node'));

describe('SecretBox', () => {
  it('opens what it sealed, and seals anew each time', () => {
    const box = boxWith(FIRST);
    const sealed = box.seal('合言葉 🔑', 'page 1');
    expect(sealed).not.toContain('合言葉');
    expect(box.open(sealed, 'page 1')).toBe('合言葉 🔑');
    expect(box.seal('合言葉 🔑', 'page 1')).not.toBe(sealed);
    expect(box.open(box.seal('', 'page 1'), 'page 1')).toBe('');
  });

  it('opens nothing that was altered, or moved to another place', () => {
    const box = boxWith(FIRST);
    const sealed = box.seal('secret', 'page 1');
    expect(() => box.open(sealed, 'page 2')).toThrow(SecretUnreadableError);
    const at = sealed.length - 8;
    const altered = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
    expect(() => box.open(altered, 'page 1')).toThrow(SecretUnreadableError);
    expect(() => box.open(sealed.slice(0, 20), 'page 1')).toThrow(SecretUnreadableError);
  });

  it('opens what an older key of the list has sealed, and no longer once that is gone', () => {
    const sealed = boxWith(FIRST).seal('secret', 'page 1');
    expect(boxWith(SECOND, FIRST).open(sealed, 'page 1')).toBe('secret');
    expect(() => boxWith(SECOND).open(sealed, 'page 1')).toThrow(SecretUnreadableError);
  });

  it('has one fingerprint for a text, which tells nothing without the key', () => {
    const mark = boxWith(FIRST).fingerprint('secret');
    expect(boxWith(FIRST, SECOND).fingerprint('secret')).toBe(mark);
    expect(boxWith(FIRST).fingerprint('other')).not.toBe(mark);
    expect(boxWith(SECOND).fingerprint('secret')).not.toBe(mark);
  });
});
