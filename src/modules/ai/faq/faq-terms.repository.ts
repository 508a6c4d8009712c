import { Injectable } from '@nestjs/common';
import { Database, SystemDatabase } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';
import type { FaqTerms, FaqText } from './faq-terms.js';

/** The terms of one FAQ. */
export interface TermsOfOne {
  readonly id: string;
  readonly terms: FaqTerms;
}

/** The index that FAQs are found by: a row for each term of each. */
@Injectable()
export class FaqTermsRepository {
  constructor(
    private readonly database: Database,
    private readonly system: SystemDatabase,
  ) {}

  /** Adds the terms of FAQs that have none; inside the transaction that writes the FAQs. */
  async add(faqs: readonly TermsOfOne[]): Promise<void> {
    if (faqs.length === 0) return;
    await this.database.sql(
      `insert into faq_terms (client_id, faq_id, term, weight)
       select $1, (e->>0)::uuid, t.term::integer, t.weight::real
       from json_array_elements($2::json) as e,
            rows from (json_array_elements_text(e->1), json_array_elements_text(e->2)) as t(term, weight)`,
      [Scope.clientId(), JSON.stringify(faqs.map(({ id, terms }) => [id, [...terms.keys()], [...terms.values()]]))],
    );
  }

  /** Takes the terms of FAQs away. */
  async remove(faq_ids: readonly string[]): Promise<void> {
    if (faq_ids.length === 0) return;
    await this.database.sql('delete from faq_terms where client_id = $1 and faq_id = any($2::uuid[])', [Scope.clientId(), faq_ids]);
  }

  /** Tenants that have FAQs with the terms of a version before this one. */
  async outdatedTenants(version: number, limit: number): Promise<string[]> {
    const rows = await this.system.cross('reindex', (sql) =>
      sql<{ client_id: string }>(
        `select t.client_id from tenants t cross join lateral (
           select from faqs f where f.client_id = t.client_id and f.terms_version < $1 limit 1) f
         limit $2`,
        [version, limit],
      ),
    );
    return rows.map(({ client_id }) => client_id);
  }

  /** FAQs of the tenant in scope with the terms of a version before this one, locked until the transaction ends. */
  takeOutdated(version: number, limit: number): Promise<Array<FaqText & { id: string }>> {
    return this.database.sql<FaqText & { id: string }>(
      `select id, question, answer, tags from faqs where client_id = $1 and terms_version < $2
       order by terms_version, id limit $3 for update skip locked`,
      [Scope.clientId(), version, limit],
    );
  }

  /** Puts terms of this version in the place of others. */
  async renew(version: number, faqs: readonly TermsOfOne[]): Promise<void> {
    const ids = faqs.map(({ id }) => id);
    await this.remove(ids);
    await this.add(faqs);
    await this.database.sql('update faqs set terms_version = $2 where client_id = $1 and id = any($3::uuid[])', [
      Scope.clientId(),
      version,
      ids,
    ]);
  }
}
