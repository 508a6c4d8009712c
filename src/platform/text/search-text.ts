import { caseless } from './caseless.js';

/** How text is compared in search: compatibility forms folded (ﾃｽﾄ, Ｔｅｓｔ), letter case too, white space as one space. */
export function normaliseText(text: string): string {
  // Lower case writes a sigma by where it stands in the word, which a part of the word cannot know.
  return caseless(text).replaceAll('ς', 'σ').replace(/\s+/gu, ' ').trim();
}

/** Each two neighbouring characters of a text, in order; a character is a Unicode code point. */
export function* pairsOf(text: string): Generator<string> {
  let previous = '';
  for (const character of text) {
    if (previous !== '') yield previous + character;
    previous = character;
  }
}

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a of 32 bits over UTF-16 code units; a hash of something before it as the `seed` goes on from there. */
export function fnv1a(text: string, seed = OFFSET_BASIS): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), PRIME);
  return hash >>> 0;
}
