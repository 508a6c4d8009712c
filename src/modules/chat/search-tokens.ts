import { caseless } from '../../platform/text/index.js';

/** How text is compared in search: compatibility forms folded (ﾃｽﾄ, Ｔｅｓｔ), letter case too, white space as one space. */
export function normaliseText(text: string): string {
  // Lower case writes a sigma by where it stands in the word, which a part of the word cannot know.
  return caseless(text).replaceAll('ς', 'σ').replace(/\s+/gu, ' ').trim();
}

/**
 * The tokens of a normalised text: a 32-bit hash of each pair of neighbouring characters, which finds substrings in any
 * language without a dictionary. The tenant is hashed along, so that tenants do not share postings; a collision costs a look
 * at the text, never a wrong answer.
 */
export function tokensOf(client_id: string, normalised: string): number[] {
  const seed = fnv1a(client_id, 0x811c9dc5);
  const tokens = new Set<number>();
  let previous = '';
  for (const character of normalised) {
    if (previous !== '') tokens.add(fnv1a(previous + character, seed) | 0);
    previous = character;
  }
  return [...tokens];
}

/** FNV-1a over UTF-16 code units. */
function fnv1a(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
