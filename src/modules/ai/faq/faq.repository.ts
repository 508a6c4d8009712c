import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Database, TenantRepository } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { Faq } from './faq.entity.js';
import type { AskedTerms, FaqTerms } from './faq-terms.js';

/** A FAQ that shares terms with a question. */
export interface FaqMatch {
  id: string;
  question: string;
  answer: string;
  tags: string[];
  /** How much of what was asked the FAQ is about, and how much was asked in all; each term counts by how rare it is. */
  answered: number;
  asked: number;
}

/** Postings that are read of one term; what more FAQs than this have tells them apart too little to matter. */
const MOST_POSTINGS = 2_000;
/** A few FAQs tell nothing of how rare a term is among people: they count as so many. */
const FEWEST = 50;

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
  async index(faq_id: string, terms: FaqTerms, is_new: boolean): Promise<void> {
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
  search(terms: AskedTerms, limit: number): Promise<FaqMatch[]> {
    const asked = [...terms.values()];
    return this.database.sql<FaqMatch>(SEARCH, [
      Scope.clientId(),
      [...terms.keys()],
      asked.map(({ weight }) => weight),
      asked.map(({ matter }) => matter),
      MOST_POSTINGS,
      FEWEST,
      limit,
    ]);
  }
}

/** Exported for the test that looks at its plan. */
export const SEARCH = `
  with asked as materialized (
    select q.term, q.weight, q.matter from unnest($2::integer[], $3::real[], $4::real[]) as q(term, weight, matter)
  ),
  size as materialized (select greatest(count(*), $6)::real as faqs from faqs where client_id = $1),
  postings as materialized (
    select q.term, p.faq_id, p.weight, count(*) over (partition by q.term)::real as found
    from asked q cross join lateral (
      select t.faq_id, t.weight from faq_terms t where t.client_id = $1 and t.term = q.term limit $5) p
  ),
  worth as materialized (
    select q.term, q.weight * r.rarity as weight, q.matter * r.rarity as matter
    from asked q cross join size s
    left join (select distinct term, found from postings) d on d.term = q.term
    cross join lateral (select coalesce(d.found, 0) as found) f
    cross join lateral (select ln(1 + (greatest(s.faqs - f.found, 0) + 0.5) / (f.found + 0.5)) as rarity) r
  ),
  best as materialized (
    select p.faq_id, sum(w.weight * p.weight) as score, sum(w.matter * p.weight) as answered
    from postings p join worth w on w.term = p.term
    group by p.faq_id order by 2 desc, 1 limit $7
  )
  select f.id, f.question, f.answer, f.tags, b.answered::float8 as answered, (select sum(matter) from worth)::float8 as asked
  from best b cross join lateral (select * from faqs f where f.client_id = $1 and f.id = b.faq_id limit 1) f
  order by b.score desc, f.id`;
