import { fnv1a, pairsOf } from '../../platform/text/index.js';

/**
 * The tokens of a normalised text: a 32-bit hash of each pair of neighbouring characters, which finds substrings in any
 * language without a dictionary. The tenant is hashed along, so that tenants do not share postings; a collision costs a look
 * at the text, never a wrong answer.
 */
export function tokensOf(client_id: string, normalised: string): number[] {
  const seed = fnv1a(client_id);
  const tokens = new Set<number>();
  for (const pair of pairsOf(normalised)) tokens.add(fnv1a(pair, seed) | 0);
  return [...tokens];
}
