import { describe, expect, it } from '@jest/globals';
import { BoundedCache } from './bounded-cache.js';

describe('BoundedCache', () => {
  it('keeps what is asked for and forgets what is not', () => {
    const cache = new BoundedCache<number, string>(10);
    for (let n = 0; n < 100; n++) {
      cache.set(n, `v${n}`);
      expect(cache.get(0)).toBe('v0');
    }
    expect(cache.size).toBeLessThanOrEqual(11);
    expect(cache.get(99)).toBe('v99');
    expect(cache.get(50)).toBeUndefined();
  });

  it('deletes from both generations', () => {
    const cache = new BoundedCache<number, string>(4);
    for (let n = 0; n < 4; n++) cache.set(n, n % 2 ? 'odd' : 'even');
    cache.deleteWhere((value) => value === 'even');
    expect([0, 1, 2, 3].map((n) => cache.get(n))).toEqual([undefined, 'odd', undefined, 'odd']);
    cache.delete(1);
    expect(cache.get(1)).toBeUndefined();
    cache.clear();
    expect(cache.size).toBe(0);
  });

  it('answers the newest value, also where an older one stands in the old generation', () => {
    const cache = new BoundedCache<string, number>(2);
    cache.set('a', 1);
    cache.set('b', 1);
    cache.set('a', 2);
    expect(cache.get('a')).toBe(2);
  });
});
