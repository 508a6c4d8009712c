import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';

/** A FAQ that has no vector of a model yet. */
export interface UnembeddedFaq {
  id: string;
  question: string;
  answer: string;
  updated_at: Date;
}

/** Vectors of the FAQs of the tenant in scope, of unit length, as 32-bit floats. */
@Injectable()
export class FaqEmbeddingRepository {
  constructor(private readonly database: Database) {}

  /** FAQs that have no vector of this model. */
  missing(model: string, limit: number): Promise<UnembeddedFaq[]> {
    return this.database.sql<UnembeddedFaq>(
      `select f.id, f.question, f.answer, f.updated_at from faqs f
       left join faq_embeddings e on e.client_id = f.client_id and e.faq_id = f.id and e.model = $2
       where f.client_id = $1 and e.faq_id is null
       order by f.id limit $3`,
      [Scope.clientId(), model, limit],
    );
  }

  /** Keeps vectors, but of FAQs that have changed or gone since they were read; answers how many it kept. */
  async keep(model: string, faqs: ReadonlyArray<{ faq: UnembeddedFaq; vector: Buffer }>): Promise<number> {
    const { rowCount } = await this.database.sqlResult(
      `insert into faq_embeddings (client_id, faq_id, model, vector)
       select $1, f.id, $2, r.vector from unnest($3::uuid[], $4::timestamptz[], $5::bytea[]) as r(id, updated_at, vector)
       join faqs f on f.client_id = $1 and f.id = r.id and f.updated_at = r.updated_at
       on conflict (client_id, faq_id) do update set model = excluded.model, vector = excluded.vector, created_at = now()`,
      [Scope.clientId(), model, faqs.map(({ faq }) => faq.id), faqs.map(({ faq }) => faq.updated_at), faqs.map(({ vector }) => vector)],
    );
    return rowCount ?? 0;
  }

  /** The vectors of these FAQs, by id; those that have none of this model are left out. */
  async vectors(model: string, faq_ids: readonly string[]): Promise<Map<string, Buffer>> {
    const rows = await this.database.sql<{ faq_id: string; vector: Buffer }>(
      'select faq_id, vector from faq_embeddings where client_id = $1 and model = $2 and faq_id = any($3::uuid[])',
      [Scope.clientId(), model, faq_ids],
    );
    return new Map(rows.map(({ faq_id, vector }) => [faq_id, vector]));
  }
}
