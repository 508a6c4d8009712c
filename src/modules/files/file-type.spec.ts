import { describe, expect, it } from '@jest/globals';
import { isShown, isTaken, typeOf } from './file-type.js';

describe('typeOf', () => {
  it.each<[string, Buffer, boolean, string]>([
    ['nothing', Buffer.alloc(0), true, 'application/octet-stream'],
    ['text', Buffer.from('plain'), true, 'text/plain'],
    ['text that is cut within a character', Buffer.from('日本語').subarray(0, 7), false, 'text/plain'],
    ['text that ends within a character', Buffer.from('日本語').subarray(0, 7), true, 'application/octet-stream'],
    ['text with a NUL', Buffer.from('a\0b'), true, 'application/octet-stream'],
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script>'), true, 'text/plain'],
    ['PNG', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), false, 'image/png'],
    ['ZIP', Buffer.from('504b0304140000000000', 'hex'), false, 'application/zip'],
  ])('of %s', async (_, head, is_whole, type) => {
    expect(await typeOf(head, is_whole)).toBe(type);
  });
});

describe('isTaken', () => {
  it('goes by the type, its group, or takes all', () => {
    expect(isTaken('image/png', undefined)).toBe(true);
    expect(isTaken('image/png', ['image/*'])).toBe(true);
    expect(isTaken('image/png', ['image/png'])).toBe(true);
    expect(isTaken('image/png', ['image/jpeg', 'audio/*'])).toBe(false);
  });
});

describe('isShown', () => {
  it('shows nothing that a browser runs', () => {
    for (const type of ['text/html', 'image/svg+xml', 'application/xml', 'application/pdf', 'text/plain', 'application/javascript']) {
      expect([type, isShown(type)]).toEqual([type, false]);
    }
    expect(isShown('image/png')).toBe(true);
  });
});
