import { Module } from '@nestjs/common';
import { ChatModule } from '../chat/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { UsersModule } from '../users/index.js';
import { DirectMessageController } from './direct-message/direct-message.controller.js';
import { DirectMessageService } from './direct-message/direct-message.service.js';
import { MatchingController } from './matching.controller.js';
import { MatchingJobs } from './matching.jobs.js';
import { MatchingNotices } from './matching-notices.js';
import { MatchingRepository } from './matching.repository.js';
import { MatchingService } from './matching.service.js';
import { NotificationController } from './notification/notification.controller.js';
import { NotificationRepository } from './notification/notification.repository.js';
import { NotificationService } from './notification/notification.service.js';

@Module({
  imports: [TenancyModule, UsersModule, ChatModule],
  controllers: [MatchingController, DirectMessageController, NotificationController],
  providers: [
    DirectMessageService,
    MatchingJobs,
    MatchingNotices,
    MatchingRepository,
    MatchingService,
    NotificationRepository,
    NotificationService,
  ],
  exports: [MatchingService, NotificationService],
})
export class MatchingModule {}
