import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../platform/errors/index.js';
import { byteRange } from './byte-range.js';

describe('byteRange', () => {
  it.each<[string | undefined, number, [number, number] | null]>([
    [undefined, 10, null],
    ['bytes=0-', 10, [0, 9]],
    ['bytes=0-0', 10, [0, 0]],
    ['bytes=3-5', 10, [3, 5]],
    ['bytes=3-99', 10, [3, 9]],
    ['bytes=-4', 10, [6, 9]],
    ['bytes=-99', 10, [0, 9]],
    ['BYTES= 1 - 2 ', 10, [1, 2]],
    ['bytes=5-3', 10, null],
    ['bytes=-', 10, null],
    ['bytes=1-2,4-5', 10, null],
    ['items=1-2', 10, null],
    ['bytes=a-b', 10, null],
    ['bytes=9999999999999999-', 10, null],
  ])('%j of %d bytes', (header, size, expected) => {
    expect(byteRange(header, size)).toEqual(expected && { start: expected[0], end: expected[1] });
  });

  it.each<[string, number]>([
    ['bytes=10-', 10],
    ['bytes=10-12', 10],
    ['bytes=-0', 10],
    ['bytes=0-', 0],
    ['bytes=-1', 0],
  ])('%j of %d bytes is beyond the end', (header, size) => {
    try {
      byteRange(header, size);
      throw new Error('it was taken');
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ status: 416, headers: { 'Content-Range': `bytes */${size}` } });
    }
  });
});
