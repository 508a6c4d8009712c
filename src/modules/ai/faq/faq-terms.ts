import { fnv1a } from '../../../platform/text/index.js';
import type { ConceptName } from './faq-concepts.js';
import { impliedBy, type Meaning, meaningsOf } from './faq-lexicon.js';
import { COURTESY, FILLER, foldKana, PALE_WORDS, spelled, STOP_WORDS } from './faq-spelling.js';

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

/** The terms of a text, and the names of its meanings. */
interface Weighed {
  readonly terms: ReadonlyMap<string, AskedTerm>;
  readonly meanings: readonly ConceptName[];
}

/**
 * Raised with every change of what terms a text has (the tables of meanings and spellings, the weights here, a Node that cuts words
 * otherwise), so that stored ones are renewed. A spec tells where it was forgotten.
 */
export const TERMS_VERSION = 2;
/** FAQs whose terms are made before others get their turn: some 10 ms. */
export const TERMS_TURN = 5;

/** The most terms that are kept of one FAQ, and that one question asks for. */
const MOST_TERMS = 400;
const MOST_ASKED = 120;
/** Of a text only so much is looked at: what it is about stands at its beginning. */
const MOST_CHARACTERS = 600;

/** What terms are worth by what they are. Hiragana alone is mostly grammar. */
const MEANING: AskedTerm = { weight: 2, matter: 2 };
const WORD: AskedTerm = { weight: 1, matter: 1 };
const PAIR: AskedTerm = { weight: 0.5, matter: 0.15 };
const MIXED_PAIR: AskedTerm = { weight: 0.25, matter: 0 };
const KANJI: AskedTerm = { weight: 0.4, matter: 0.1 };
const KANA_WORD: AskedTerm = { weight: 0.3, matter: 0.2 };
const KANA_PAIR: AskedTerm = { weight: 0.1, matter: 0 };
/** A kanji by itself is a verb's beginning (使う, 入る) or counts something: it says more with what stands beside it. */
const PALE_WORD: AskedTerm = { weight: 0.25, matter: 0.5 };
const NUMERAL: AskedTerm = { weight: 0.4, matter: 0.2 };
/** Two kanji with a little kana between: 取り消す is 取消 as well. */
const PAIR_APART: AskedTerm = { weight: 0.3, matter: 0 };
/** What a meaning matters for each further one that the same characters have. */
const SHARED = 0.4;
/** What a word matters whose meaning is known: the meaning was counted. */
const KNOWN = 0.05;
const KNOWN_WEIGHT = 0.25;

/** What a FAQ's parts are worth; people ask for what stands in the question. */
const IN_QUESTION = 2;
const IN_TAGS = 2;
const IN_ANSWER = 1;
const BY_IMPLICATION = 1;
/** A question of many terms is less about each of them (BM25's b), by how much it has beside this. */
const USUAL_LENGTH = 14;
const BY_LENGTH = 0.3;

const segmenter = new Intl.Segmenter('ja', { granularity: 'word' });
const HIRAGANA = /^[\p{Script=Hiragana}ー]+$/u;
const HAS_HIRAGANA = /\p{Script=Hiragana}/u;
const IS_KANJI = /^\p{Script=Han}$/u;
const KANJI_APART = /(\p{Script=Han})\p{Script=Hiragana}{1,2}(?=(\p{Script=Han}))/gu;
const NUMBER = /^[\p{N}.,]+$/u;
const ENGLISH = /^[a-z]+$/;
const IN_WORDS = /^[\p{L}\p{N}ー]+$/u;

/** The terms of a text: meanings, words, pairs of characters, and kanji by themselves. */
function weigh(text: string): Weighed {
  const normalised = spelled(text.slice(0, MOST_CHARACTERS)).replace(FILLER, ' ');
  const terms = new Map<string, AskedTerm>();
  const add = (term: string, { weight, matter }: AskedTerm, share = 1): void => {
    const before = terms.get(term);
    terms.set(term, {
      weight: Math.max(before?.weight ?? 0, share < 1 && !term.startsWith('m') ? weight * KNOWN_WEIGHT : weight),
      matter: Math.max(before?.matter ?? 0, matter * share),
    });
  };
  const meanings = meaningsOf(foldKana(normalised));
  const shared = sharing(meanings, normalised.length);
  for (const { name, places } of meanings) {
    const fewest = Math.min(...places.map(([from, to]) => Math.min(...shared.subarray(from, to))));
    add(`m${name}`, MEANING, SHARED ** (Math.max(1, fewest) - 1));
  }
  const known = (from: number, to: number): number => (shared.subarray(from, to).some((count) => count > 0) ? KNOWN : 1);
  // Spaces as long as what they stand for keep every place where it was.
  const words = normalised.replace(COURTESY, (courtesy) => ' '.repeat(courtesy.length));
  for (const { segment, index, isWordLike } of segmenter.segment(words)) {
    if (!isWordLike || STOP_WORDS.has(segment)) continue;
    const share = known(index, index + segment.length);
    const stem = stemOf(segment);
    if (NUMBER.test(segment)) add(`w${segment}`, NUMERAL, share);
    else if (IS_KANJI.test(stem) || PALE_WORDS.has(stem)) add(`w${stem}`, PALE_WORD, share);
    else if (!HIRAGANA.test(segment)) add(`w${foldKana(stem)}`, WORD, share);
    else if (segment.length > 2) add(`w${segment}`, KANA_WORD, share);
  }
  let previous = '';
  let index = 0;
  for (const character of words) {
    const from = index - previous.length;
    index += character.length;
    const is_word = IN_WORDS.test(character);
    if (is_word && IS_KANJI.test(character)) add(`k${character}`, KANJI, known(index - character.length, index));
    if (is_word && previous !== '') {
      const pair = previous + character;
      add(`p${foldKana(pair)}`, HIRAGANA.test(pair) ? KANA_PAIR : HAS_HIRAGANA.test(pair) ? MIXED_PAIR : PAIR, known(from, index));
    }
    previous = is_word ? character : '';
  }
  for (const { 0: match, 1: first = '', 2: second = '', index: at } of words.matchAll(KANJI_APART)) {
    add(`p${first}${second}`, PAIR_APART, known(at, at + match.length + second.length));
  }
  return { terms, meanings: meanings.map(({ name }) => name) };
}

/** How many meanings each character of a text is part of: what is said once is not asked for twice. */
function sharing(meanings: readonly Meaning[], length: number): Uint8Array {
  const shared = new Uint8Array(length);
  for (const { places } of meanings) {
    for (const [from, to] of places) {
      for (let at = from; at < to; at++) shared[at] = (shared[at] ?? 0) + 1;
    }
  }
  return shared;
}

/** A word without its ending: 預け and 預かり are 預, reservations is reservation. */
function stemOf(word: string): string {
  return ENGLISH.test(word) ? word.replace(/(?<=[a-z]{3})(?<![su])s$/, '') : word.replace(/(?<=\p{Script=Han})\p{Script=Hiragana}+$/u, '');
}

/** How much each of a FAQ's terms says of it. */
export function termsOfFaq({ question, answer, tags }: FaqText): FaqTerms {
  const told = new Map<string, number>();
  const asked = weigh(question);
  const length = [...asked.terms.values()].reduce((sum, { weight }) => sum + weight, 0);
  const share = 1 / (1 - BY_LENGTH + (BY_LENGTH * length) / USUAL_LENGTH);
  const tell = (terms: Iterable<string>, worth: number): void => {
    for (const term of terms) told.set(term, (told.get(term) ?? 0) + worth);
  };
  tell(asked.terms.keys(), IN_QUESTION);
  tell(weigh(tags.join(' ')).terms.keys(), IN_TAGS);
  tell(weigh(answer).terms.keys(), IN_ANSWER);
  tell(
    Array.from(impliedBy(asked.meanings), (name) => `m${name}`),
    BY_IMPLICATION,
  );
  return hashed(told, MOST_TERMS, (worth) => (worth * share) / (worth * share + 1));
}

/** What somebody asks for. */
export function termsOfQuestion(text: string): AskedTerms {
  return hashed(weigh(text).terms, MOST_ASKED, (term) => term);
}

function hashed<T, V>(terms: ReadonlyMap<string, T>, most: number, valueOf: (value: T) => V): Map<number, V> {
  const made = new Map<number, V>();
  for (const [term, value] of terms) {
    if (made.size >= most) break;
    made.set(fnv1a(term) | 0, valueOf(value));
  }
  return made;
}
