import { Injectable } from '@nestjs/common';
import { Database, type Page, type PageRequest } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { newId } from '../../../platform/ids/index.js';
import { channels, Realtime } from '../../../platform/realtime/index.js';
import { Scope, type UserActor } from '../../../platform/scope/index.js';
import { UserStanding } from '../../users/index.js';
import type { NotificationType } from './notification.entity.js';
import { NotificationRepository } from './notification.repository.js';
import { type NotificationView, toNotificationView, type UnreadView } from './notification.view.js';

/** Something to tell one person. */
export interface NewNotification {
  readonly user_id: string;
  readonly type: NotificationType;
  /** The matching, or the certificate. */
  readonly object_id: string;
  readonly text: string;
}

/** How long what people were told is kept. */
const KEPT_DAYS = 180;

/** What people are told: in a list, by a counter, and live. */
@Injectable()
export class NotificationService {
  constructor(
    private readonly database: Database,
    private readonly notifications: NotificationRepository,
    private readonly people: UserStanding,
    private readonly realtime: Realtime,
  ) {}

  /**
   * Tells people; part of the open transaction, and live after its commit. Whoever reads or tells takes the counter first and the rows after, and
   * counters in one order. Somebody who is not there is passed over.
   */
  async notify(list: readonly NewNotification[]): Promise<void> {
    const client_id = Scope.clientId();
    await this.database.transaction(async () => {
      const there = new Set((await this.people.lock(list.map(({ user_id }) => user_id))).map(({ id }) => id));
      for (const { user_id, type, object_id, text } of list.filter((one) => there.has(one.user_id))) {
        await this.people.countUnread(user_id, 1);
        const created_at = new Date();
        const view = toNotificationView(
          await this.notifications.insert({ id: newId(), user_id, type, object_id, text, created_at, read_at: null }),
        );
        this.database.afterCommit(() => this.realtime.emitEverywhere(channels.user(client_id, user_id), 'notification', view));
      }
    });
  }

  /** A page of one's own, newest first. @throws INVALID_CURSOR */
  async list(actor: UserActor, page: PageRequest): Promise<Page<NotificationView>> {
    return (await this.notifications.list({ user_id: actor.id }, page)).map(toNotificationView);
  }

  /** Marks those of one's own that are named as read, or all where none are; what is not one's own is as absent. */
  async markRead(actor: UserActor, ids: readonly string[] | null): Promise<UnreadView> {
    return this.database.transaction(async () => {
      const [self] = await this.people.lock([actor.id]);
      if (!self) throw new AppError('UNAUTHORIZED');
      const read = await this.notifications.markRead(actor.id, ids);
      return { notifications: await this.people.countUnread(actor.id, -read) };
    });
  }

  /** Takes away what is too old, in every tenant. */
  sweep(): Promise<number> {
    return this.notifications.sweep(KEPT_DAYS);
  }
}
