import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../platform/errors/index.js';
import { assertMatches, isKnown, revOf, tagOf } from './page-tag.js';

describe('the tag of a page', () => {
  it('is strong, and names its rev', () => {
    expect(tagOf(3)).toBe('"3"');
    expect(revOf('"3"')).toBe(3);
    expect(revOf('W/"3"')).toBe(3);
  });

  it.each([undefined, '', '*', '3', '"x"', '"0"', '"03"', 'W/"03"', '"3", "4"', '"1234567890123456"', '"3\' or 1"'])(
    'names no rev in %s',
    (header) => {
      expect(revOf(header)).toBeNull();
    },
  );

  it.each(['"3"', 'W/"3"', '"1", W/"3"', '*', ' * '])('is known by If-None-Match: %s', (header) => {
    expect(isKnown(header, 3)).toBe(true);
  });

  it.each(['"4"', '3', '"33"', '', '"1","2"'])('is not known by If-None-Match: %s', (header) => {
    expect(isKnown(header, 3)).toBe(false);
  });

  it.each([undefined, '"3"', '"1", "3"', '*'])('matches If-Match: %s', (header) => {
    expect(() => assertMatches(header, 3)).not.toThrow();
  });

  it.each(['"4"', 'W/"3"', '3', '', 'W/"1", W/"3"'])('does not match If-Match: %s', (header) => {
    expect(() => assertMatches(header, 3)).toThrow(AppError);
  });
});
