import { Injectable } from '@nestjs/common';
import { Scope } from '../../platform/scope/index.js';
import { TenantDirectory } from '../tenancy/index.js';
import type { Matching } from './matching.entity.js';
import { NotificationService } from './notification/notification.service.js';

const WORDS = {
  'matching.created': (when: string) => `A talk is booked for ${when}`,
  'matching.changed': (when: string) => `A talk was moved to ${when}`,
  'matching.cancelled': (when: string) => `The talk on ${when} was cancelled`,
} as const;

export type MatchingNotice = keyof typeof WORDS;

/** Tells people of their matchings; by ids and times alone, never by names. */
@Injectable()
export class MatchingNotices {
  constructor(
    private readonly notifications: NotificationService,
    private readonly tenants: TenantDirectory,
  ) {}

  /** Tells both; inside the open transaction. */
  async tell(type: MatchingNotice, matching: Pick<Matching, 'id' | 'speaker_id' | 'listener_id' | 'date'>): Promise<void> {
    const { id: object_id, speaker_id, listener_id, date } = matching;
    const text = await this.words(type, date);
    const people = [speaker_id, listener_id].filter((person) => person !== null);
    await this.notifications.notify(people.map((user_id) => ({ user_id, type, object_id, text })));
  }

  /** What a notice says, in the tenant's time. */
  async words(type: MatchingNotice, date: Date): Promise<string> {
    const tenant = await this.tenants.find(Scope.clientId());
    const time = new Intl.DateTimeFormat('sv-SE', { timeZone: tenant?.timezone ?? 'UTC', dateStyle: 'short', timeStyle: 'short' });
    return WORDS[type](time.format(date));
  }
}
