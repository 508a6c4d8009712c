import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { rangeOf, RangeCut } from './byte-range.js';

describe('the part that a Range asks for', () => {
  it.each([
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=2-5', { first: 2, last: 5 }],
    ['bytes=2-', { first: 2, last: 9 }],
    ['bytes=-3', { first: 7, last: 9 }],
    ['bytes=-30', { first: 0, last: 9 }],
    ['bytes=8-100', { first: 8, last: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', null],
    ['bytes=-', null],
    ['bytes=0-1,4-5', null],
    ['seconds=1-2', null],
    ['', null],
  ])('%s of ten bytes', (header, range) => {
    expect(rangeOf(header, 10)).toEqual(range);
  });

  it('comes through whatever the pieces are', async () => {
    for (const pieces of [['0123456789'], ['01', '234', '56789'], [...'0123456789']]) {
      const cut = Readable.from(pieces.map((piece) => Buffer.from(piece))).pipe(new RangeCut({ first: 2, last: 6 }));
      const chunks: Buffer[] = [];
      for await (const chunk of cut) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).toString()).toBe('23456');
    }
  });
});
