import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../../platform/database/index.js';
import { Access, Answers, CurrentUser, PageQuery } from '../../../platform/http/index.js';
import type { UserActor } from '../../../platform/scope/index.js';
import { ReadNotificationsDto } from './notification.dto.js';
import { NotificationService } from './notification.service.js';
import { NotificationView, UnreadView } from './notification.view.js';

@ApiTags('Matching')
@Controller('notifications')
export class NotificationController {
  constructor(private readonly notifications: NotificationService) {}

  /** List what the caller was told, newest first. */
  @Get()
  @Access('member')
  @Answers(200, [NotificationView], { refuses: ['INVALID_CURSOR'], headers: { Link: 'The next page, where there is one' } })
  listNotifications(@CurrentUser() user: UserActor, @Query() query: PageQuery): Promise<Page<NotificationView>> {
    return this.notifications.list(user, query);
  }

  /** Mark notifications as read. All of them where none are named; what is not the caller's is passed over. */
  @Post('read')
  @Access('member')
  @Answers(200, UnreadView)
  readNotifications(@CurrentUser() user: UserActor, @Body() body: ReadNotificationsDto): Promise<UnreadView> {
    return this.notifications.markRead(user, body.ids ?? null);
  }
}
