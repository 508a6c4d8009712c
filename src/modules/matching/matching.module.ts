import { Module } from '@nestjs/common';
import { ChatModule } from '../chat/index.js';
import { FilesModule } from '../files/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { UsersModule } from '../users/index.js';
import { CertificateController } from './certificate/certificate.controller.js';
import { CertificateRepository } from './certificate/certificate.repository.js';
import { CertificateService } from './certificate/certificate.service.js';
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
import { PaymentController } from './payment/payment.controller.js';
import { PaymentRepository } from './payment/payment.repository.js';
import { PaymentService } from './payment/payment.service.js';

@Module({
  imports: [TenancyModule, UsersModule, FilesModule, ChatModule],
  controllers: [CertificateController, MatchingController, DirectMessageController, NotificationController, PaymentController],
  providers: [
    CertificateRepository,
    CertificateService,
    DirectMessageService,
    MatchingJobs,
    MatchingNotices,
    MatchingRepository,
    MatchingService,
    NotificationRepository,
    NotificationService,
    PaymentRepository,
    PaymentService,
  ],
  exports: [CertificateService, MatchingService, NotificationService, PaymentService],
})
export class MatchingModule {}
