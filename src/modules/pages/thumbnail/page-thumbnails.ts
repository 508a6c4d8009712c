import { Injectable } from '@nestjs/common';
import { Jobs } from '../../../platform/jobs/index.js';
import { ThumbnailRepository } from './thumbnail.repository.js';

declare module '../../../platform/jobs/index.js' {
  interface JobPayloads {
    'page.draw': { page_id: string };
  }
}

/** How long a write waits for the next one: many quick writes are drawn once. */
const COALESCE_MS = 300;
/** Whoever waits for an answer goes first. */
const PRIORITY = 10;

/** Draws pages after they were written (contract, section 5: `thumbnail`). */
@Injectable()
export class PageThumbnails {
  constructor(
    private readonly jobs: Jobs,
    private readonly thumbnails: ThumbnailRepository,
  ) {
    jobs.define('page.draw', { scope: 'tenant', handler: ({ page_id }) => this.draw(page_id), max_attempts: 4, timeout_ms: 60_000 });
  }

  /** Has a page drawn soon; inside the transaction that writes it. */
  async request(page_id: string): Promise<void> {
    await this.jobs.enqueue(
      'page.draw',
      { page_id },
      // At the first one's time: an author who never rests is drawn all the same. One after another, so that no tenant takes every runner.
      { key: page_id, key_mode: 'preserve_run_at', run_at: new Date(Date.now() + COALESCE_MS), priority: PRIORITY, queue: 'thumbnails' },
    );
  }

  private async draw(page_id: string): Promise<void> {
    const page = await this.thumbnails.findUndrawn(page_id);
    if (!page) return;
    await this.thumbnails.keep(page_id, page.rev, null);
  }
}
