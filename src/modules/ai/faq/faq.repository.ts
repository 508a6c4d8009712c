import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Database, TenantRepository } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { Faq } from './faq.entity.js';
import type { Terms } from './faq-terms.js';

/** A FAQ that shares terms with a question. */
export interface FaqMatch {
  id: string;
  question: string;
  answer: string;
  tags: string[];
  /** The weight of the terms that they share, each by how rare it is and by what it says of the FAQ. */
  score: number;
  /** The weight of all that was asked, had every term been found and been the FAQ's very subject. */
  asked: number;
}

/** Postings that are read of one term; what more FAQs than this have tells them apart too little to matter. */
const MOST_POSTINGS = 2_000;

/** FAQs of the tenant in scope, and their search index. */
@Injectable()
export class FaqRepository extends TenantRepository<Faq> {
  constructor(database: Database) {
    super(database, Faq, { columns: ['question'], direction: 'asc' });
  }

  /** The FAQs of these questions, in their order. */
  async findQuestions(questions: readonly string[]): Promise<Faq[]> {
    if (questions.length === 0) return [];
    const found = await this.find({ question: In([...questions]) });
    const byQuestion = new Map(found.map((faq) => [faq.question, faq]));
    return questions.flatMap((question) => byQuestion.get(question) ?? []);
  }

  /** Puts a FAQ's terms into the index, in place of those that it had; inside the transaction that writes the FAQ. */
  async index(faq_id: string, terms: Terms, is_new: boolean): Promise<void> {
    const client_id = Scope.clientId();
    if (!is_new) {
      await this.database.sql('delete from faq_terms where client_id = $1 and faq_id = $2', [client_id, faq_id]);
      await this.database.sql('delete from faq_embeddings where client_id = $1 and faq_id = $2', [client_id, faq_id]);
    }
    await this.database.sql(
      `insert into faq_terms (client_id, faq_id, term, weight)
       select $1, $2, t.term, t.weight from unnest($3::integer[], $4::real[]) as t(term, weight)`,
      [client_id, faq_id, [...terms.keys()], [...terms.values()]],
    );
  }

  /**
   * The FAQs that share most with a question, best first. How rare a term is counts as in BM25, over the tenant's own FAQs; a term that
   * none of them has still counts among what was asked.
   */
  search(terms: Terms, limit: number): Promise<FaqMatch[]> {
    return this.database.sql<FaqMatch>(SEARCH, [Scope.clientId(), [...terms.keys()], [...terms.values()], MOST_POSTINGS, limit]);
  }
}

/** Exported for the test that looks at its plan. */
export const SEARCH = `
  with asked as materialized (
    select q.term, q.weight from unnest($2::integer[], $3::real[]) as q(term, weight)
  ),
  size as materialized (select count(*)::real as faqs from faqs where client_id = $1),
  postings as materialized (
    select q.term, q.weight as asked, p.faq_id, p.weight, count(*) over (partition by q.term)::real as found
    from asked q cross join lateral (
      select t.faq_id, t.weight from faq_terms t where t.client_id = $1 and t.term = q.term limit $4) p
  ),
  rare as materialized (
    select q.term, q.weight * ln(1 + (greatest(s.faqs, coalesce(d.found, 0)) - coalesce(d.found, 0) + 0.5) / (coalesce(d.found, 0) + 0.5)) as worth
    from asked q cross join size s left join (select distinct term, found from postings) d on d.term = q.term
  ),
  best as materialized (
    select p.faq_id, sum(r.worth * p.weight) as score
    from postings p join rare r on r.term = p.term
    group by p.faq_id order by 2 desc, 1 limit $5
  )
  select f.id, f.question, f.answer, f.tags, b.score::float8 as score, (select sum(worth) from rare)::float8 as asked
  from best b cross join lateral (select * from faqs f where f.client_id = $1 and f.id = b.faq_id limit 1) f
  order by b.score desc, f.id`;
