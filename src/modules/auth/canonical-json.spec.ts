import { describe, expect, it } from '@jest/globals';
import { canonicalHash } from './canonical-json.js';

describe('canonicalHash', () => {
  it('does not depend on the order of names', () => {
    expect(canonicalHash({ a: 1, b: { c: [1, 2], d: null } })).toBe(canonicalHash({ b: { d: null, c: [1, 2] }, a: 1 }));
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [[], {}],
    [{ pairs: [] }, {}],
    [JSON.parse('{"__proto__": 1}'), {}],
    [Buffer.from('{}'), {}],
  ])('tells %j from %j', (one, other) => expect(canonicalHash(one)).not.toBe(canonicalHash(other)));
});
