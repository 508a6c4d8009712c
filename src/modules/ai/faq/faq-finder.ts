import { Injectable } from '@nestjs/common';
import { type FaqMatch, FaqRepository } from './faq.repository.js';
import { termsOfQuestion } from './faq-terms.js';

/** A FAQ that may answer a question. */
export interface FaqHit {
  readonly question: string;
  readonly answer: string;
  readonly tags: string[];
  /** How much of what was asked the FAQ is about, by its words and their meanings, from 0 to 1. */
  readonly score: number;
  /** True where the score is one that questions about something else hardly reach: good enough to be read out as the answer. */
  readonly is_sure: boolean;
}

/** A hit with the id of its FAQ. */
export interface FoundFaq extends FaqHit {
  readonly id: string;
}

/** From this score on a hit is taken for an answer; measured, see test/faq. */
export const SURE_FROM = 0.56;
/** What the FAQ's own question gets of what it asks: no term says all of a FAQ. */
const BEST = 0.7;

/** What a FAQ is worth that is written in the other language: meanings are the same in both, and tenants have their FAQs in both. */
const FOREIGN = 0.7;
/** Hits beyond those asked for, among which there may be one in the language of the question. */
const SPARE = 5;
const JAPANESE = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;

/** Finds FAQs by the words of a question and their meanings, in Japanese and English, without a model. */
@Injectable()
export class FaqFinder {
  constructor(private readonly faqs: FaqRepository) {}

  /** The FAQs of the tenant in scope that share most with `query`, best first, at most `limit`; those that share nothing are left out. */
  async find(query: string, limit: number): Promise<FoundFaq[]> {
    const terms = termsOfQuestion(query);
    if (terms.size === 0) return [];
    const matches = await this.faqs.search(terms, limit + SPARE);
    const language = isJapanese(query);
    const worthOf = ({ question, worth }: FaqMatch): number => (isJapanese(question) === language ? worth : worth * FOREIGN);
    const best = matches.sort((a, b) => worthOf(b) - worthOf(a)).slice(0, limit);
    return best.map(({ id, question, answer, tags, answered, asked }) => {
      const faq = { id, question, answer, tags };
      const score = asked > 0 ? Math.min(1, answered / asked / BEST) : 0;
      return { ...faq, score, is_sure: score >= SURE_FROM };
    });
  }
}

function isJapanese(text: string): boolean {
  return JAPANESE.test(text);
}
