import { Injectable } from '@nestjs/common';
import { EventBus } from '../../platform/events/index.js';
import type {} from '../users/index.js';
import { PageRepository } from './page.repository.js';

/** What happens to pages when something happens to people. */
@Injectable()
export class PageEvents {
  constructor(events: EventBus, pages: PageRepository) {
    // A user's pages go in the transaction that takes the user; pages that it co-edits stay without it (source 004, section 2).
    events.during('user.deleting', async ({ id }) => {
      await pages.forgetUser(id);
      await pages.deleteOf(id);
    });
  }
}
