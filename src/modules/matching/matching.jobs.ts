import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/index.js';
import { EventBus } from '../../platform/events/index.js';
import { Jobs } from '../../platform/jobs/index.js';
import { MatchingRepository } from './matching.repository.js';
import { MeetingNews } from './meeting/meeting-news.js';
import { MeetingEnding } from './meeting/meeting-ending.js';
import { MatchingNotices } from './matching-notices.js';
import { serverStatus } from './matching.policy.js';
import { PaymentService } from './payment/payment.service.js';
import { NotificationService, type NewNotification } from './notification/notification.service.js';

declare module '../../platform/jobs/index.js' {
  interface JobPayloads {
    'matching.settle': { matching_id: string };
    'notification.send': NewNotification;
  }
}

/** What becomes of matchings without anybody's doing: their time is over, or an account ends. */
@Injectable()
export class MatchingJobs {
  constructor(
    private readonly database: Database,
    private readonly matchings: MatchingRepository,
    private readonly notices: MatchingNotices,
    private readonly notifications: NotificationService,
    private readonly payments: PaymentService,
    private readonly ending: MeetingEnding,
    private readonly news: MeetingNews,
    private readonly jobs: Jobs,
    events: EventBus,
  ) {
    jobs.define('matching.settle', { scope: 'tenant', handler: ({ matching_id }) => this.settle(matching_id) });
    jobs.define('notification.send', { scope: 'tenant', handler: (notification) => this.send(notification) });
    events.during('user.deleting', ({ id }) => this.abandonAll(id));
    events.during('direct_message.posted', ({ room_id, sender_id }) => this.tellOther(room_id, sender_id));
  }

  /** A matching whose time is over was met, or missed. */
  private async settle(id: string): Promise<void> {
    await this.database.transaction(async () => {
      const matching = await this.matchings.lock(id);
      if (!matching || matching.status === 'cancelled' || matching.ends_at.getTime() > Date.now()) return;
      await this.ending.settle(matching);
    });
  }

  private async send(notification: NewNotification): Promise<void> {
    await this.database.transaction(() => this.notifications.notify([notification]));
  }

  /**
   * Calls off what somebody was to come to, and settles what is over or ends with them; inside the transaction that ends their account. The others are told
   * afterwards, since their counters may be in other hands that wait for this account.
   */
  private async abandonAll(user_id: string): Promise<void> {
    for (const matching of await this.matchings.lockBookedOf(user_id)) {
      const { id, speaker_id, listener_id } = matching;
      if (await this.ending.settleBegun(matching)) {
        await this.news.tell(id);
        continue;
      }
      await this.matchings.update({ id }, { status: serverStatus('abandon', matching.status) ?? matching.status });
      await this.ending.callOff(id);
      await this.news.tell(id);
      const other = speaker_id === user_id ? listener_id : speaker_id;
      await this.payments.release(matching, speaker_id === user_id ? 'speaker' : 'listener');
      if (other === null) continue;
      const text = await this.notices.words('cancelled', matching);
      await this.jobs.enqueue('notification.send', { user_id: other, type: 'matching.cancelled', object_id: id, text });
    }
  }

  /** Tells whoever did not write; by whichever door the message came. */
  private async tellOther(room_id: string, sender_id: string): Promise<void> {
    const matching = await this.matchings.findByRoom(room_id);
    const other = matching?.speaker_id === sender_id ? matching.listener_id : matching?.speaker_id;
    if (!matching || other == null) return;
    const notification = { user_id: other, type: 'message', object_id: matching.id, text: 'A new message' } as const;
    await this.database.transaction(() => this.notifications.notify([notification]));
  }
}
