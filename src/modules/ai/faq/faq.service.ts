import { Injectable } from '@nestjs/common';
import { Database, isUniqueViolation, Page } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { AuditService } from '../../tenancy/index.js';
import { assertAi } from '../ai.policy.js';
import type { CreateFaqDto, FaqQuery, UpdateFaqDto } from './faq.dto.js';
import type { Faq } from './faq.entity.js';
import { FaqEmbeddings } from './faq-embeddings.js';
import { FaqRepository } from './faq.repository.js';
import { FaqSearch } from './faq-search.js';
import { TERMS_VERSION, termsOfFaq } from './faq-terms.js';
import { type FaqView, toFaqView } from './faq.view.js';

/** FAQs, each named by its question. */
@Injectable()
export class FaqService {
  constructor(
    private readonly database: Database,
    private readonly faqs: FaqRepository,
    private readonly search: FaqSearch,
    private readonly embeddings: FaqEmbeddings,
    private readonly audit: AuditService,
  ) {}

  /** A page of FAQs by their question; with `q` the nearest ones to that, best first. @throws FORBIDDEN, INVALID_CURSOR */
  async list(actor: Actor, query: FaqQuery): Promise<Page<FaqView>> {
    assertAi(actor, 'faqs.read');
    if (query.q === undefined) return (await this.faqs.list({}, query)).map(toFaqView);
    const hits = await this.search.nearest(query.q, query.limit);
    const found = await this.faqs.findQuestions(hits.map(({ question }) => question));
    return new Page(found.map(toFaqView), null);
  }

  /** @throws FORBIDDEN, FAQ_NOT_FOUND */
  async get(actor: Actor, question: string): Promise<FaqView> {
    assertAi(actor, 'faqs.read');
    const faq = await this.faqs.findNamed(question);
    if (!faq) throw new AppError('FAQ_NOT_FOUND');
    return toFaqView(faq);
  }

  /** Makes a FAQ, which is found from then on. @throws FORBIDDEN, FAQ_EXISTS, TOO_MANY_FAQS */
  async create(actor: Actor, { question, answer, tags }: CreateFaqDto): Promise<FaqView> {
    assertAi(actor, 'faqs.write');
    const text = { question, answer, tags: distinct(tags ?? []) };
    return this.named(() =>
      this.database.transaction(async () => {
        const now = new Date();
        const faq = await this.faqs.insert({ ...text, terms_version: TERMS_VERSION, created_at: now, updated_at: now });
        await this.faqs.index(faq.id, termsOfFaq(text), true);
        await this.faqs.assertRoom();
        await this.embeddings.want();
        await this.audit.record(actor, 'faq.created', 'faq', faq.id, { question });
        return toFaqView(faq);
      }),
    );
  }

  /** Changes the fields that are named. @throws FORBIDDEN, FAQ_NOT_FOUND, FAQ_EXISTS where another has the new question */
  async update(actor: Actor, question: string, change: UpdateFaqDto): Promise<FaqView> {
    assertAi(actor, 'faqs.write');
    return this.named(() =>
      this.database.transaction(async () => {
        const named = await this.faqs.findNamed(question);
        const before = named && (await this.faqs.findOne({ id: named.id }, { lock: { mode: 'pessimistic_write' } }));
        if (!before) throw new AppError('FAQ_NOT_FOUND');
        const text = {
          question: change.question ?? before.question,
          answer: change.answer ?? before.answer,
          tags: change.tags ? distinct(change.tags) : before.tags,
        };
        const faq: Faq = { ...before, ...text, terms_version: TERMS_VERSION, updated_at: new Date() };
        await this.faqs.update({ id: before.id }, { ...text, terms_version: TERMS_VERSION, updated_at: faq.updated_at });
        await this.faqs.index(before.id, termsOfFaq(text), false);
        await this.embeddings.want();
        await this.audit.record(actor, 'faq.changed', 'faq', before.id, { question: text.question });
        return toFaqView(faq);
      }),
    );
  }

  /** @throws FORBIDDEN, FAQ_NOT_FOUND */
  async remove(actor: Actor, question: string): Promise<void> {
    assertAi(actor, 'faqs.write');
    await this.database.transaction(async () => {
      const faq = await this.faqs.findNamed(question);
      if (!faq || (await this.faqs.delete({ id: faq.id })) === 0) throw new AppError('FAQ_NOT_FOUND');
      await this.audit.record(actor, 'faq.deleted', 'faq', faq.id, { question });
    });
  }

  /** Says by FAQ_EXISTS that another has the question. */
  private async named<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isUniqueViolation(error, 'faqs_question')) throw new AppError('FAQ_EXISTS', { cause: error });
      throw error;
    }
  }
}

function distinct(tags: readonly string[]): string[] {
  return [...new Set(tags)];
}
