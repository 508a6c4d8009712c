import { type ConceptName, CONCEPTS, IMPLIED } from './faq-concepts.js';

const MEANINGS = (Object.entries(CONCEPTS) as Array<[ConceptName, string]>).map(([name, words]) => ({
  name,
  pattern: new RegExp(words, 'gu'),
}));

/** A meaning that a text has, and where in it: each from and to, in UTF-16 code units. */
export interface Meaning {
  readonly name: ConceptName;
  readonly places: ReadonlyArray<readonly [number, number]>;
}

/** The meanings that a text has; `folded` is as `spelled` and `foldKana` make it. */
export function meaningsOf(folded: string): Meaning[] {
  const found: Meaning[] = [];
  for (const { name, pattern } of MEANINGS) {
    // By search first: most texts have few of all meanings, and matchAll would copy every pattern each time.
    if (folded.search(pattern) === -1) continue;
    const places = [...folded.matchAll(pattern)].map((match) => [match.index, match.index + match[0].length] as const);
    found.push({ name, places });
  }
  return found;
}

/** What a FAQ of these meanings answers besides. */
export function impliedBy(meanings: readonly ConceptName[]): Set<ConceptName> {
  return new Set(meanings.flatMap((name) => IMPLIED[name] ?? []).filter((name) => !meanings.includes(name)));
}
