import { Injectable } from '@nestjs/common';
import { FaqRepository } from './faq.repository.js';
import { termsOfQuestion } from './faq-terms.js';

/** A FAQ that may answer a question. */
export interface FaqHit {
  readonly question: string;
  readonly answer: string;
  readonly tags: string[];
  /** How much of what was asked the FAQ is about, from 0 to 1. */
  readonly score: number;
  /** True where the score is one that questions about something else hardly reach: good enough to be read out as the answer. */
  readonly is_sure: boolean;
}

/** From this score on a hit is taken for an answer; measured, see test/faq. */
export const SURE_FROM = 0.36;
/** What the FAQ's own question gets of what it asks: no term says all of a FAQ. */
const BEST = 0.7;

/** Finds the FAQs nearest to what somebody asks, in Japanese and English, without a model. */
@Injectable()
export class FaqSearch {
  constructor(private readonly faqs: FaqRepository) {}

  /**
   * The tenant's FAQs nearest to `query`, best first, at most `limit`; those that share nothing with it are left out. For the server's own
   * use: it asks nobody who may, the tenant is the one in scope.
   */
  async nearest(query: string, limit: number): Promise<FaqHit[]> {
    const terms = termsOfQuestion(query);
    if (terms.size === 0) return [];
    const matches = await this.faqs.search(terms, limit);
    return matches.map(({ question, answer, tags, answered, asked }) => {
      const score = asked > 0 ? Math.min(1, answered / asked / BEST) : 0;
      return { question, answer, tags, score, is_sure: score >= SURE_FROM };
    });
  }
}
