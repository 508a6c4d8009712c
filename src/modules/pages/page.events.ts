import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '../../platform/events/index.js';
import type {} from '../users/index.js';
import { PageFiles } from './page-files.js';
import { PageRepository } from './page.repository.js';

/** What happens to pages when something happens to people. */
@Injectable()
export class PageEvents implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly pages: PageRepository,
    private readonly files: PageFiles,
  ) {}

  /** Once every constructor has run: the user's files go first, in the order in which whoever writes a page takes both. */
  onModuleInit(): void {
    this.events.during('user.deleting', ({ id }) => this.leave(id));
  }

  /** A user's pages go in the transaction that takes the user; pages that it co-edits stay without it (source 004, section 2). */
  private async leave(user_id: string): Promise<void> {
    for (const page_id of await this.pages.holdOf(user_id)) await this.files.release(page_id);
    await this.pages.forgetUser(user_id);
    await this.pages.deleteOf(user_id);
  }
}
