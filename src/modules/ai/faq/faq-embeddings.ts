import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LanguageModel } from '../../../integrations/llm/index.js';
import { type JobContext, Jobs } from '../../../platform/jobs/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { type OpenAiSettings, TenantIntegrations, UsageService } from '../../tenancy/index.js';
import { FaqEmbeddingRepository } from './faq-embedding.repository.js';
import { toBytes, unitVector } from './unit-vector.js';

declare module '../../../platform/jobs/index.js' {
  interface JobPayloads {
    /** Makes the vectors that a tenant's FAQs lack. */
    'faqs.embed': object;
  }
}

/** How meanings are compared for a tenant: by whose account, and by which model. */
export interface EmbeddingModel {
  readonly account: OpenAiSettings;
  readonly model: string;
}

const BATCH = 64;
/** What one run does; the rest is another run's, so that none takes too long. */
const MOST_BATCHES = 30;
const TIMEOUT_MS = 300_000;
const BATCH_MS = 30_000;
const MAX_CHARACTERS = 2_000;
const KEY = 'all';

/** Vectors of FAQs, where the tenant has a model for them: made behind the writing, by a job. */
@Injectable()
export class FaqEmbeddings implements OnModuleInit {
  constructor(
    private readonly jobs: Jobs,
    private readonly llm: LanguageModel,
    private readonly integrations: TenantIntegrations,
    private readonly repository: FaqEmbeddingRepository,
    private readonly usage: UsageService,
  ) {}

  onModuleInit(): void {
    this.jobs.define('faqs.embed', { scope: 'tenant', timeout_ms: TIMEOUT_MS, handler: (_payload, context) => this.make(context) });
  }

  /** The model of the tenant in scope, or null where meanings are not compared. */
  async model(): Promise<EmbeddingModel | null> {
    const account = await this.integrations.openai();
    return account?.embedding_model ? { account, model: account.embedding_model } : null;
  }

  /** Has the missing vectors made; inside the transaction that writes FAQs, where there is one. Nothing where there is no model. */
  async want(): Promise<void> {
    if (await this.model()) await this.jobs.enqueue('faqs.embed', {}, { key: KEY });
  }

  /** The vector of a text, and null where the model's answer is none. @throws ModelError */
  async embed({ account, model }: EmbeddingModel, text: string, signal: AbortSignal, deadline_ms: number): Promise<Float32Array | null> {
    const { vectors, usage } = await this.llm.embed(account, { model, inputs: [text.slice(0, MAX_CHARACTERS)] }, { signal, deadline_ms });
    this.usage.count(Scope.clientId(), 'ai_tokens', usage.prompt_tokens);
    return unitVector(vectors[0] ?? []);
  }

  private async make({ signal }: JobContext): Promise<void> {
    const chosen = await this.model();
    if (!chosen) return;
    const { account, model } = chosen;
    for (let batch = 0; batch < MOST_BATCHES; batch++) {
      const faqs = await this.repository.missing(model, BATCH);
      if (faqs.length === 0) return;
      const inputs = faqs.map(({ question, answer }) => `${question}\n${answer}`.slice(0, MAX_CHARACTERS));
      const { vectors, usage } = await this.llm.embed(account, { model, inputs }, { signal, deadline_ms: performance.now() + BATCH_MS });
      this.usage.count(Scope.clientId(), 'ai_tokens', usage.prompt_tokens);
      const made = faqs.flatMap((faq, index) => {
        const vector = unitVector(vectors[index] ?? []);
        return vector ? [{ faq, vector: toBytes(vector) }] : [];
      });
      // What changed meanwhile has asked for another run; a server that answers no vectors is not asked for ever.
      if ((await this.repository.keep(model, made)) === 0) return;
    }
    await this.jobs.enqueue('faqs.embed', {}, { key: KEY });
  }
}
