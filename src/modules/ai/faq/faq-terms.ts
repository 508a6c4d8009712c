import { fnv1a, normaliseText } from '../../../platform/text/index.js';
import { COURTESY, FILLER, foldKana, meaningsOf } from './faq-lexicon.js';

/** A FAQ's terms by their hash, each with how much it says of the FAQ, from 0 to 1. */
export type FaqTerms = ReadonlyMap<number, number>;

/** What a term of a question is worth before it is known how rare it is. */
export interface AskedTerm {
  /** In the order of the FAQs. */
  readonly weight: number;
  /** In how much of the question a FAQ answers. */
  readonly matter: number;
}

/** A question's terms, by their hash. */
export type AskedTerms = ReadonlyMap<number, AskedTerm>;

/** What a FAQ consists of, as far as it is searched. */
export interface FaqText {
  readonly question: string;
  readonly answer: string;
  readonly tags: readonly string[];
}

/** The most terms that are kept of one FAQ, and that one question asks for. */
const MOST_TERMS = 400;
const MOST_ASKED = 120;
/** Of a text only so much is looked at: what it is about stands at its beginning. */
const MOST_CHARACTERS = 600;

/** What terms are worth by what they are. Hiragana alone is mostly grammar. */
const MEANING: AskedTerm = { weight: 2, matter: 2 };
const WORD: AskedTerm = { weight: 1, matter: 1.5 };
const PAIR: AskedTerm = { weight: 0.5, matter: 0.15 };
const MIXED_PAIR: AskedTerm = { weight: 0.25, matter: 0 };
const KANJI: AskedTerm = { weight: 0.4, matter: 0.1 };
const KANA_WORD: AskedTerm = { weight: 0.3, matter: 0.2 };
const KANA_PAIR: AskedTerm = { weight: 0.1, matter: 0 };
/** What a word matters whose meaning is known: the meaning was counted. */
const KNOWN = 0.2;

/** What a FAQ's parts are worth; people ask for what stands in the question. */
const IN_QUESTION = 2;
const IN_TAGS = 2;
const IN_ANSWER = 1;
/** A question of many terms is less about each of them (BM25's b), by how much it has beside this. */
const USUAL_LENGTH = 14;
const BY_LENGTH = 0.3;

const segmenter = new Intl.Segmenter('ja', { granularity: 'word' });
const HIRAGANA = /^[\p{Script=Hiragana}ー]+$/u;
const HAS_HIRAGANA = /\p{Script=Hiragana}/u;
const IS_KANJI = /^\p{Script=Han}$/u;
const IN_WORDS = /^[\p{L}\p{N}ー]+$/u;

/** The terms of a text: meanings, words, pairs of characters, and kanji by themselves. */
function weigh(text: string): Map<string, AskedTerm> {
  const normalised = normaliseText(text.slice(0, MOST_CHARACTERS)).replace(FILLER, ' ');
  const folded = foldKana(normalised);
  const terms = new Map<string, AskedTerm>();
  const add = (term: string, { weight, matter }: AskedTerm, is_known = false): void => {
    const before = terms.get(term);
    const counts = is_known ? matter * KNOWN : matter;
    terms.set(term, { weight: Math.max(before?.weight ?? 0, weight), matter: Math.max(before?.matter ?? 0, counts) });
  };
  const meanings = meaningsOf(folded);
  for (const { name } of meanings) add(`m${name}`, MEANING);
  const places = meanings.flatMap((meaning) => meaning.places);
  const isKnown = (from: number, to: number): boolean => places.some(([start, end]) => from < end && to > start);
  // Spaces as long as what they stand for keep every place where it was.
  const words = normalised.replace(COURTESY, (courtesy) => ' '.repeat(courtesy.length));
  for (const { segment, index, isWordLike } of segmenter.segment(words)) {
    if (!isWordLike) continue;
    const known = isKnown(index, index + segment.length);
    if (!HIRAGANA.test(segment)) add(`w${foldKana(segment)}`, WORD, known);
    else if (segment.length > 2) add(`w${segment}`, KANA_WORD, known);
  }
  let previous = '';
  let index = 0;
  for (const character of words) {
    const from = index - previous.length;
    index += character.length;
    const is_word = IN_WORDS.test(character);
    if (is_word && IS_KANJI.test(character)) add(`k${character}`, KANJI, isKnown(index - character.length, index));
    if (is_word && previous !== '') {
      const pair = previous + character;
      add(`p${foldKana(pair)}`, HIRAGANA.test(pair) ? KANA_PAIR : HAS_HIRAGANA.test(pair) ? MIXED_PAIR : PAIR, isKnown(from, index));
    }
    previous = is_word ? character : '';
  }
  return terms;
}

/** How much each of a FAQ's terms says of it. */
export function termsOfFaq({ question, answer, tags }: FaqText): FaqTerms {
  const told = new Map<string, number>();
  const asked = weigh(question);
  const length = [...asked.values()].reduce((sum, { weight }) => sum + weight, 0);
  const share = 1 / (1 - BY_LENGTH + (BY_LENGTH * length) / USUAL_LENGTH);
  for (const [text, worth] of [
    [question, IN_QUESTION],
    [tags.join(' '), IN_TAGS],
    [answer, IN_ANSWER],
  ] as const) {
    for (const term of weigh(text).keys()) told.set(term, (told.get(term) ?? 0) + worth);
  }
  return hashed(told, MOST_TERMS, (worth) => (worth * share) / (worth * share + 1));
}

/** What somebody asks for. */
export function termsOfQuestion(text: string): AskedTerms {
  return hashed(weigh(text), MOST_ASKED, (term) => term);
}

function hashed<T, V>(terms: ReadonlyMap<string, T>, most: number, valueOf: (value: T) => V): Map<number, V> {
  const made = new Map<number, V>();
  for (const [term, value] of terms) {
    if (made.size >= most) break;
    made.set(fnv1a(term) | 0, valueOf(value));
  }
  return made;
}
