import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../../../platform/cache/index.js';
import { Logger } from '../../../platform/http/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { FaqEmbeddingRepository } from './faq-embedding.repository.js';
import { type EmbeddingModel, FaqEmbeddings } from './faq-embeddings.js';
import type { FoundFaq } from './faq-finder.js';
import { cosine, fromBytes } from './unit-vector.js';

/** How many hits by words a model looks at. */
const DEPTH = 30;
/** How long a question's vector may take: somebody waits on the telephone. */
const PATIENCE_MS = 1_500;
/** How long a model that failed is not asked again. */
const REST_MS = 15_000;
/** How long vectors that are missing are not asked for again. */
const WANT_AGAIN_MS = 60_000;
const MOST_KEPT = 2_000;
/** Reciprocal rank fusion: how little the first places count beyond the others, and how much more the model's order counts. */
const FUSION = 10;
const BY_MEANING = 2;

/**
 * Puts hits in order by what they mean, where the tenant has a model for that: the order by words and the order by vectors together, since
 * each knows what the other misses. Where the model does not answer in time, the order by words stands.
 */
@Injectable()
export class FaqReranker {
  private readonly asked = new BoundedCache<string, Float32Array>(MOST_KEPT);
  private readonly restingUntil = new BoundedCache<string, number>(MOST_KEPT);
  private readonly wantedUntil = new BoundedCache<string, number>(MOST_KEPT);

  constructor(
    private readonly embeddings: FaqEmbeddings,
    private readonly repository: FaqEmbeddingRepository,
    private readonly logger: Logger,
  ) {}

  /** How many hits to find by words, for `limit` of them to be left. */
  async depthFor(limit: number): Promise<number> {
    return (await this.embeddings.model()) ? Math.max(limit, DEPTH) : limit;
  }

  /** The same hits in the better order; as they were where there is no model. Throws only where `signal` is aborted. */
  async rerank(query: string, found: readonly FoundFaq[], signal?: AbortSignal): Promise<readonly FoundFaq[]> {
    const model = found.length > 1 ? await this.embeddings.model() : null;
    if (!model) return found;
    const vectors = await this.repository.vectors(
      model.model,
      found.map(({ id }) => id),
    );
    if (vectors.size < found.length) await this.wantMissing();
    if (vectors.size === 0) return found;
    const asked = await this.vectorOf(query, model, signal);
    if (!asked) return found;
    return fused(found, (faq) => {
      const vector = vectors.get(faq.id);
      return vector ? cosine(asked, fromBytes(vector)) : null;
    });
  }

  private async vectorOf(query: string, model: EmbeddingModel, signal: AbortSignal | undefined): Promise<Float32Array | null> {
    const client_id = Scope.clientId();
    const key = `${client_id}\n${model.model}\n${query}`;
    const known = this.asked.get(key);
    if (known) return known;
    if ((this.restingUntil.get(client_id) ?? 0) > performance.now()) return null;
    const patience = AbortSignal.timeout(PATIENCE_MS);
    try {
      const within = signal ? AbortSignal.any([signal, patience]) : patience;
      const vector = await this.embeddings.embed(model, query, within, performance.now() + PATIENCE_MS);
      if (vector) this.asked.set(key, vector);
      return vector;
    } catch (error) {
      signal?.throwIfAborted();
      this.restingUntil.set(client_id, performance.now() + REST_MS);
      this.logger.warn({ err: error }, 'FAQs are ordered by their words alone: the embeddings model does not answer');
      return null;
    }
  }

  /** FAQs that were there before the model was chosen have no vectors yet. */
  private async wantMissing(): Promise<void> {
    const client_id = Scope.clientId();
    if ((this.wantedUntil.get(client_id) ?? 0) > performance.now()) return;
    this.wantedUntil.set(client_id, performance.now() + WANT_AGAIN_MS);
    await this.embeddings.want();
  }
}

/** Both orders together; a hit that has no vector keeps its place in the order by words. */
export function fused(found: readonly FoundFaq[], likeness: (faq: FoundFaq) => number | null): FoundFaq[] {
  const known = found.map((faq, place) => ({ faq, place, likeness: likeness(faq) }));
  const byMeaning = known.filter((one) => one.likeness !== null).sort((a, b) => (b.likeness ?? 0) - (a.likeness ?? 0));
  const places = new Map(byMeaning.map(({ faq }, place) => [faq.id, place]));
  const worth = ({ faq, place }: { faq: FoundFaq; place: number }): number =>
    1 / (FUSION + place) + BY_MEANING / (FUSION + (places.get(faq.id) ?? place));
  return known.sort((a, b) => worth(b) - worth(a)).map(({ faq }) => faq);
}
