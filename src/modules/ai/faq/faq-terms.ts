import { fnv1a, normaliseText, pairsOf } from '../../../platform/text/index.js';

/** A FAQ's terms, or a question's, by their hash. */
export type Terms = ReadonlyMap<number, number>;

/** What a FAQ consists of, as far as it is searched. */
export interface FaqText {
  readonly question: string;
  readonly answer: string;
  readonly tags: readonly string[];
}

/** The most terms that are kept of one FAQ, and that one question asks for. */
const MOST_TERMS = 600;
const MOST_ASKED = 120;
/** Of a question or an answer only so much is looked at: what matters stands at its beginning. */
const MOST_CHARACTERS = 1_500;

const segmenter = new Intl.Segmenter('ja', { granularity: 'word' });

/** Counts each term of a text: words, and pairs of neighbouring characters. */
function countTerms(text: string, scale: number, into: Map<string, number>): void {
  const normalised = normaliseText(text.slice(0, MOST_CHARACTERS));
  const add = (term: string, weight: number): void => void into.set(term, (into.get(term) ?? 0) + weight * scale);
  for (const { segment, isWordLike } of segmenter.segment(normalised)) if (isWordLike) add(`w${segment}`, 1);
  for (const run of normalised.split(/[^\p{L}\p{N}ー]+/u)) for (const pair of pairsOf(run)) add(`p${pair}`, 0.5);
}

/** How much each of a FAQ's terms says of it, between 0 and 1. */
export function termsOfFaq({ question, answer, tags }: FaqText): Terms {
  const counted = new Map<string, number>();
  countTerms(question, 2, counted);
  countTerms(tags.join(' '), 2, counted);
  countTerms(answer, 1, counted);
  return hashed(counted, MOST_TERMS, (count) => count / (count + 1));
}

/** How much each term of what somebody asks matters, before it is known how rare it is. */
export function termsOfQuestion(text: string): Terms {
  const counted = new Map<string, number>();
  countTerms(text, 1, counted);
  return hashed(counted, MOST_ASKED, (count) => Math.min(count, 1));
}

function hashed(counted: ReadonlyMap<string, number>, most: number, weigh: (count: number) => number): Map<number, number> {
  const terms = new Map<number, number>();
  for (const [term, count] of counted) {
    if (terms.size >= most) break;
    terms.set(fnv1a(term) | 0, weigh(count));
  }
  return terms;
}
