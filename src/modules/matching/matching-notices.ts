import { Injectable } from '@nestjs/common';
import { Scope } from '../../platform/scope/index.js';
import { TenantDirectory } from '../tenancy/index.js';
import type { Matching } from './matching.entity.js';
import { NotificationService } from './notification/notification.service.js';

const WORDS = {
  created: (when: string) => `A talk is booked for ${when}`,
  moved: (when: string) => `A talk was moved to ${when}`,
  resized: (when: string, minutes: number) => `The talk on ${when} now takes ${minutes} minutes`,
  cancelled: (when: string) => `The talk on ${when} was cancelled`,
} as const;

/** What became of a matching. */
export type MatchingNews = keyof typeof WORDS;

/** The notification's type: every change is one. */
const TYPES = {
  created: 'matching.created',
  moved: 'matching.changed',
  resized: 'matching.changed',
  cancelled: 'matching.cancelled',
} as const satisfies Record<MatchingNews, string>;

/** Tells people of their matchings; by ids and times alone, never by names. */
@Injectable()
export class MatchingNotices {
  constructor(
    private readonly notifications: NotificationService,
    private readonly tenants: TenantDirectory,
  ) {}

  /** Tells both; inside the open transaction. */
  async tell(news: MatchingNews, matching: Pick<Matching, 'id' | 'speaker_id' | 'listener_id' | 'date' | 'meeting_length'>): Promise<void> {
    const { id: object_id, speaker_id, listener_id } = matching;
    const text = await this.words(news, matching);
    const people = [speaker_id, listener_id].filter((person) => person !== null);
    await this.notifications.notify(people.map((user_id) => ({ user_id, type: TYPES[news], object_id, text })));
  }

  /** What a notice says, in the tenant's time. */
  async words(news: MatchingNews, { date, meeting_length }: Pick<Matching, 'date' | 'meeting_length'>): Promise<string> {
    const tenant = await this.tenants.find(Scope.clientId());
    const time = new Intl.DateTimeFormat('sv-SE', { timeZone: tenant?.timezone ?? 'UTC', dateStyle: 'short', timeStyle: 'short' });
    return WORDS[news](time.format(date), meeting_length);
  }
}
