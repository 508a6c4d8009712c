import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normaliseText } from '../../platform/text/index.js';
import { tokensOf } from './search-tokens.js';

const text = fc.string({ unit: 'grapheme', maxLength: 60 });

describe('search tokens', () => {
  it.each([
    ['Ｔｅｓｔ', 'test'],
    ['ﾃｽﾄ ｶﾞ', 'テスト ガ'],
    ['か\u3099', 'が'],
    ['㍻', '平成'],
    ['  a\t\n　b ', 'a b'],
    ['ΣΑΣ', 'σασ'],
    ['ÀÉ', 'àé'],
  ])('%s is compared as %s', (given, normalised) => {
    expect(normaliseText(given)).toBe(normalised);
  });

  it('what was normalised stays as it is', () => {
    fc.assert(fc.property(text, (given) => expect(normaliseText(normaliseText(given))).toBe(normaliseText(given))));
  });

  it('whatever part of a text is looked for, its tokens are among the text’s', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(), (given, from, length) => {
        const characters = [...normaliseText(given)];
        const start = from % (characters.length + 1);
        const part = characters.slice(start, start + (length % 20)).join('');
        const all = new Set(tokensOf('t', characters.join('')));
        for (const token of tokensOf('t', part)) expect(all.has(token)).toBe(true);
      }),
    );
  });

  it('two characters make one token, one makes none', () => {
    expect([tokensOf('t', ''), tokensOf('t', 'あ'), tokensOf('t', '😀')]).toEqual([[], [], []]);
    expect(tokensOf('t', 'あい')).toHaveLength(1);
    expect(tokensOf('t', '😀い')).toHaveLength(1);
    expect(tokensOf('t', 'aaaa')).toHaveLength(1);
  });

  it('tokens are 32-bit integers, and another tenant’s are others', () => {
    const mine = tokensOf('one', 'the quick brown fox 東京タワー');
    for (const token of mine) expect(token | 0).toBe(token);
    const theirs = new Set(tokensOf('two', 'the quick brown fox 東京タワー'));
    expect(mine.filter((token) => theirs.has(token))).toEqual([]);
  });
});
