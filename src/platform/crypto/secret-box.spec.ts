import { describe, expect, it } from '@jest/globals';
import type { Config } from '../config/index.js';
import { isMasked, maskSecret, SecretBox, SealBrokenError } from './secret-box.js';

const boxOf = (...encryption_keys: string[]): SecretBox => new SecretBox({ encryption_keys } as unknown as Config);
const OLD = 'an-old-key-of-more-than-sixteen-characters';
const NEW = 'a-new-key-of-more-than-sixteen-characters';

describe('secrets at rest', () => {
  it('come back as they were, and never look the same twice', () => {
    const box = boxOf(NEW);
    const sealed = box.seal('sk-秘密', 'salon/openai');
    expect(sealed).not.toContain('sk-');
    expect(box.seal('sk-秘密', 'salon/openai')).not.toBe(sealed);
    expect(box.open(sealed, 'salon/openai')).toBe('sk-秘密');
  });

  it('open nowhere else', () => {
    const box = boxOf(NEW);
    const sealed = box.seal('sk-1', 'salon/openai');
    expect(() => box.open(sealed, 'clinic/openai')).toThrow(SealBrokenError);
    expect(() => box.open(`${sealed.slice(0, -4)}AAAA`, 'salon/openai')).toThrow(SealBrokenError);
    expect(() => box.open('v1.x', 'salon/openai')).toThrow(SealBrokenError);
    expect(() => box.open('sk-1', 'salon/openai')).toThrow(SealBrokenError);
  });

  it('survive a rotation while the old key is in the list, and say so once it is not', () => {
    const sealed = boxOf(OLD).seal('sk-1', 'salon/openai');
    expect(boxOf(NEW, OLD).open(sealed, 'salon/openai')).toBe('sk-1');
    expect(() => boxOf(NEW).open(sealed, 'salon/openai')).toThrow('its key is not in ENCRYPTION_KEY any more');
  });

  it('have one fingerprint for a text, which tells nothing without the key', () => {
    const mark = boxOf(NEW).fingerprint('secret');
    expect(boxOf(NEW, OLD).fingerprint('secret')).toBe(mark);
    expect(boxOf(NEW).fingerprint('other')).not.toBe(mark);
    expect(boxOf(OLD).fingerprint('secret')).not.toBe(mark);
  });
});

describe('masks', () => {
  it('show the end of a long secret, and nothing of a short one', () => {
    expect(maskSecret('sk-proj-0123456789abcdef')).toBe('****cdef');
    expect(maskSecret('short')).toBe('****');
    expect(isMasked(maskSecret('short'))).toBe(true);
    expect(isMasked('sk-1')).toBe(false);
  });
});
