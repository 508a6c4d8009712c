import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Database, MAX_LIMIT, TenantRepository } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { composed } from '../../../platform/text/index.js';
import { Faq } from './faq.entity.js';
import { type AskedTerms, type FaqTerms, type FaqText, TERMS_VERSION } from './faq-terms.js';
import { FaqTermsRepository } from './faq-terms.repository.js';

/** A FAQ that shares terms with a question. */
export interface FaqMatch {
  id: string;
  question: string;
  answer: string;
  tags: string[];
  /** What the order goes by. */
  worth: number;
  /** How much of what was asked the FAQ is about, and how much was asked in all; each term counts by how rare it is. */
  answered: number;
  asked: number;
}

/** A FAQ with its terms, ready to be written. */
export interface WholeFaq extends FaqText {
  readonly id: string;
  readonly terms: FaqTerms;
}

/** FAQs that one tenant has at most. */
const MAX_FAQS = 20_000;
/** Postings that are read of one term; what more FAQs than this have tells them apart too little to matter. */
const MOST_POSTINGS = 2_000;
/** A few FAQs tell nothing of how rare a term is among people: they count as so many. */
const FEWEST = 50;

/** FAQs of the tenant in scope, and their search index. */
@Injectable()
export class FaqRepository extends TenantRepository<Faq> {
  constructor(
    database: Database,
    private readonly terms: FaqTermsRepository,
  ) {
    super(database, Faq, { columns: ['question'], direction: 'asc' });
  }

  /** The FAQ of a question, however its characters are put together; one that is there as it was asked comes second, from before they were. */
  async findNamed(question: string): Promise<Faq | null> {
    const name = composed(question);
    const found = await this.find({ question: In(name === question ? [name] : [name, question]) });
    return found.find((faq) => faq.question === name) ?? found[0] ?? null;
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
    if (!is_new) await this.forget([faq_id]);
    await this.terms.add([{ id: faq_id, terms }]);
  }

  /**
   * Throws where the tenant has more FAQs than one may have; the last thing that a transaction does to FAQs that it makes. Transactions of a
   * tenant pass here one after another, and each sees those before it.
   * @throws TOO_MANY_FAQS
   */
  async assertRoom(): Promise<void> {
    const client_id = Scope.clientId();
    await this.database.sql(`select pg_advisory_xact_lock(hashtextextended($1, 13))`, [client_id]);
    const [row] = await this.database.sql<{ count: number }>('select count(*)::integer as count from faqs where client_id = $1', [
      client_id,
    ]);
    if ((row?.count ?? 0) > MAX_FAQS) throw new AppError('TOO_MANY_FAQS');
  }

  /**
   * Writes many FAQs at once, inside the transaction that is open. Where a question is there already its FAQ is changed, or left as it is;
   * answers those that were written, with the id that they have.
   */
  async write(faqs: readonly WholeFaq[], changes_existing: boolean): Promise<Array<{ id: string; question: string; is_new: boolean }>> {
    const client_id = Scope.clientId();
    const rows = JSON.stringify(faqs.map(({ id, question, answer, tags }) => ({ id, question, answer, tags })));
    const written = await this.database.sql<{ id: string; question: string; is_new: boolean }>(
      `insert into faqs (client_id, id, question, answer, tags, terms_version)
       select $1, r.id, r.question, r.answer, r.tags, $3 from json_to_recordset($2::json) as r(id uuid, question text, answer text, tags text[])
       on conflict (client_id, question) ${changes_existing ? CHANGE : 'do nothing'}
       returning id, question, xmax = 0 as is_new`,
      [client_id, rows, TERMS_VERSION],
    );
    await this.forget(written.filter(({ is_new }) => !is_new).map(({ id }) => id));
    const ids = new Map(written.map(({ id, question }) => [question, id]));
    await this.terms.add(
      faqs.flatMap(({ question, terms }) => {
        const id = ids.get(question);
        return id === undefined ? [] : [{ id, terms }];
      }),
    );
    return written;
  }

  /** Takes away what was made of FAQs that have changed. */
  private async forget(faq_ids: readonly string[]): Promise<void> {
    if (faq_ids.length === 0) return;
    await this.terms.remove(faq_ids);
    await this.database.sql('delete from faq_embeddings where client_id = $1 and faq_id = any($2::uuid[])', [Scope.clientId(), faq_ids]);
  }

  /** Every FAQ by its question, some hundreds at a time; each read is one of its own. */
  async *all(): AsyncGenerator<Faq[]> {
    let cursor: string | undefined;
    do {
      const page = await this.list({}, { limit: MAX_LIMIT, cursor });
      if (page.items.length > 0) yield page.items;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
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

const CHANGE = `do update set answer = excluded.answer, tags = excluded.tags, terms_version = excluded.terms_version, updated_at = now()
         where faqs.answer is distinct from excluded.answer or faqs.tags is distinct from excluded.tags`;

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
  select f.id, f.question, f.answer, f.tags, b.score::float8 as worth, b.answered::float8 as answered, (select sum(matter) from worth)::float8 as asked
  from best b cross join lateral (select * from faqs f where f.client_id = $1 and f.id = b.faq_id limit 1) f
  order by b.score desc, f.id`;
