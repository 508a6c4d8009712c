import { Injectable } from '@nestjs/common';
import { FaqFinder, type FaqHit } from './faq-finder.js';
import { FaqReranker } from './faq-reranker.js';

export type { FaqHit };

/** Finds the FAQs nearest to what somebody asks: by words, and put in order by a model of meanings where the tenant has one. */
@Injectable()
export class FaqSearch {
  constructor(
    private readonly finder: FaqFinder,
    private readonly reranker: FaqReranker,
  ) {}

  /**
   * The tenant's FAQs nearest to `query`, best first, at most `limit`; those that share nothing with it are left out. For the server's own
   * use: it asks nobody who may, the tenant is the one in scope.
   */
  async nearest(query: string, limit: number, signal?: AbortSignal): Promise<FaqHit[]> {
    const found = await this.finder.find(query, await this.reranker.depthFor(limit));
    const ranked = await this.reranker.rerank(query, found, signal);
    return ranked.slice(0, limit).map(({ question, answer, tags, score, is_sure }) => ({ question, answer, tags, score, is_sure }));
  }
}
