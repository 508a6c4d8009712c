import { describe, expect, it } from '@jest/globals';
import type { FoundFaq } from './faq-finder.js';
import { fused } from './faq-reranker.js';
import { cosine, fromBytes, toBytes, unitVector } from './unit-vector.js';

describe('a unit vector', () => {
  it('has the direction of what it was made from, and is kept as it is', () => {
    const vector = unitVector([3, 4]) as Float32Array;
    expect([...vector]).toEqual([expect.closeTo(0.6), expect.closeTo(0.8)]);
    const bytes = Buffer.concat([Buffer.from([1]), toBytes(vector)]).subarray(1);
    expect(fromBytes(bytes)).toEqual(vector);
  });

  it.each([[[]], [[0, 0]], [[Number.NaN, 1]], [[Infinity, 1]], [new Array<number>(9_000).fill(1)]])(
    'is not made of what has no direction',
    (values) => {
      expect(unitVector(values)).toBeNull();
    },
  );

  it('compares with those of its own space alone', () => {
    const [a, b, other] = [
      [1, 0],
      [0, 1],
      [1, 0, 0],
    ].map((values) => unitVector(values) as Float32Array) as [Float32Array, Float32Array, Float32Array];
    expect([cosine(a, a), cosine(a, b), cosine(a, other)]).toEqual([1, 0, null]);
  });
});

describe('two orders together', () => {
  const hits = ['a', 'b', 'c', 'd'].map((id) => ({ id }) as FoundFaq);
  const order = (likeness: Record<string, number | null>): string =>
    fused(hits, ({ id }) => likeness[id] ?? null)
      .map(({ id }) => id)
      .join('');

  it('follow the meaning where words and meaning differ, and the words where nothing is known', () => {
    expect(order({ a: 0.1, b: 0.2, c: 0.3, d: 0.9 })).toBe('dcba');
    expect(order({ a: 0.9, b: 0.5, c: 0.3, d: 0.1 })).toBe('abcd');
    expect(order({})).toBe('abcd');
  });

  it('leave a hit without a vector where its words put it', () => {
    expect(order({ b: 0.9, c: 0.1, d: 0.2 })).toBe('abdc');
  });
});
