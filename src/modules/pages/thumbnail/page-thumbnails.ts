import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Logger } from '../../../platform/http/index.js';
import { type JobContext, Jobs } from '../../../platform/jobs/index.js';
import { DrawingProcess, UndrawableError } from './drawing-process.js';
import { ThumbnailRepository } from './thumbnail.repository.js';

declare module '../../../platform/jobs/index.js' {
  interface JobPayloads {
    'page.draw': { page_id: string };
  }
}

/** How long a write waits for the next ones: what is written meanwhile is drawn along. */
const COALESCE_MS = 200;
/** Whoever waits for an answer goes first. */
const PRIORITY = 10;

/** Draws pages after they were written (contract, section 5: `thumbnail`). */
@Injectable()
export class PageThumbnails {
  constructor(
    private readonly jobs: Jobs,
    private readonly thumbnails: ThumbnailRepository,
    private readonly drawing: DrawingProcess,
    private readonly logger: Logger,
  ) {
    jobs.define('page.draw', {
      scope: 'tenant',
      handler: ({ page_id }, context) => this.draw(page_id, context),
      max_attempts: 4,
      timeout_ms: 60_000,
    });
  }

  /** Has a page drawn soon; inside the transaction that writes it. */
  async request(page_id: string): Promise<void> {
    // One waits for each page at most, and one after another is drawn, so that no tenant takes every runner.
    await this.jobs.enqueue('page.draw', { page_id }, { key: page_id, priority: PRIORITY, queue: 'thumbnails' });
  }

  private async draw(page_id: string, { signal }: JobContext): Promise<void> {
    await pause(COALESCE_MS, undefined, { signal });
    const page = await this.thumbnails.findUndrawn(page_id);
    if (!page) return;
    await this.thumbnails.keep(page_id, page.rev, await this.pictureOf(page_id, page.content));
  }

  /** Null where no picture can be made of the page: it is the page's fault, and would be so again. */
  private async pictureOf(page_id: string, content: string): Promise<string | null> {
    try {
      return await this.drawing.draw(content);
    } catch (error) {
      if (!(error instanceof UndrawableError)) throw error;
      this.logger.warn({ err: error, page_id }, 'a page has no thumbnail');
      return null;
    }
  }
}
