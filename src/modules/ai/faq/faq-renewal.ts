import { setImmediate as breathe } from 'node:timers/promises';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { type JobContext, Jobs } from '../../../platform/jobs/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { FaqTermsRepository } from './faq-terms.repository.js';
import { TERMS_TURN, TERMS_VERSION, termsOfFaq } from './faq-terms.js';

declare module '../../../platform/jobs/index.js' {
  interface JobPayloads {
    /** Makes the terms anew of a tenant's FAQs that an earlier release has indexed. */
    'faqs.renew': object;
  }
}

/** FAQs that are locked at once: about a tenth of a second's work. */
const BATCH = 50;
/** What one run does; the rest is another run's, so that none takes too long. */
const MOST_BATCHES = 100;
/** Tenants that one look finds; the next look finds the next ones. */
const MOST_TENANTS = 200;
const KEY = 'all';

/**
 * Brings FAQs that an earlier release indexed to the terms of this one: behind everything else, a few at a time. Until then they are found
 * by what both releases have in common.
 */
@Injectable()
export class FaqRenewal implements OnModuleInit {
  constructor(
    private readonly jobs: Jobs,
    private readonly database: Database,
    private readonly repository: FaqTermsRepository,
  ) {}

  onModuleInit(): void {
    this.jobs.define('faqs.renew', { scope: 'tenant', handler: (_payload, context) => this.renew(context) });
    this.jobs.cron('faqs.find_outdated', '*/2 * * * *', () => this.find());
  }

  /** Has every tenant's outdated FAQs renewed; nothing where there are none. */
  private async find(): Promise<void> {
    for (const client_id of await this.repository.outdatedTenants(TERMS_VERSION, MOST_TENANTS)) {
      await Scope.runAs(client_id, () => this.jobs.enqueue('faqs.renew', {}, { key: KEY, key_mode: 'preserve_run_at', priority: 10 }));
    }
  }

  private async renew({ signal }: JobContext): Promise<void> {
    for (let batch = 0; batch < MOST_BATCHES; batch++) {
      signal.throwIfAborted();
      if ((await this.database.transaction(() => this.renewSome())) < BATCH) return;
    }
    await this.jobs.enqueue('faqs.renew', {}, { key: KEY, priority: 10 });
  }

  /** Answers how many it renewed. */
  private async renewSome(): Promise<number> {
    const outdated = await this.repository.takeOutdated(TERMS_VERSION, BATCH);
    const renewed = [];
    for (const faq of outdated) {
      renewed.push({ id: faq.id, terms: termsOfFaq(faq) });
      if (renewed.length % TERMS_TURN === 0) await breathe();
    }
    await this.repository.renew(TERMS_VERSION, renewed);
    return outdated.length;
  }
}
