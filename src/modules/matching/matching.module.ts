import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { RingModule } from '../calls/index.js';
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
import { MeetingController } from './meeting/meeting.controller.js';
import { MeetingEnding } from './meeting/meeting-ending.js';
import { MeetingGateway } from './meeting/meeting.gateway.js';
import { MeetingJobs } from './meeting/meeting.jobs.js';
import { MeetingNews } from './meeting/meeting-news.js';
import { MeetingRepository } from './meeting/meeting.repository.js';
import { MeetingService } from './meeting/meeting.service.js';
import { MeetingTokens } from './meeting/meeting-tokens.js';
import { MeetingVoice } from './meeting/meeting-voice.js';
import { NowherePage } from './meeting/nowhere-page.js';
import { PartyRepository } from './meeting/party.repository.js';
import { RecordingService } from './meeting/recording.service.js';
import { TakeRepository } from './meeting/take.repository.js';
import { TalkService } from './meeting/talk.service.js';
import { TranscriptJob } from './meeting/transcript.job.js';
import { NotificationController } from './notification/notification.controller.js';
import { NotificationRepository } from './notification/notification.repository.js';
import { NotificationService } from './notification/notification.service.js';
import { PaymentController } from './payment/payment.controller.js';
import { PaymentRepository } from './payment/payment.repository.js';
import { PaymentService } from './payment/payment.service.js';

@Module({
  imports: [TenancyModule, UsersModule, FilesModule, ChatModule, RingModule, AuthModule],
  controllers: [
    CertificateController,
    MatchingController,
    DirectMessageController,
    NotificationController,
    PaymentController,
    MeetingController,
  ],
  providers: [
    CertificateRepository,
    CertificateService,
    DirectMessageService,
    MatchingJobs,
    MatchingNotices,
    MatchingRepository,
    MatchingService,
    MeetingEnding,
    MeetingGateway,
    MeetingJobs,
    MeetingNews,
    MeetingRepository,
    MeetingService,
    MeetingTokens,
    MeetingVoice,
    NowherePage,
    NotificationRepository,
    NotificationService,
    PaymentRepository,
    PartyRepository,
    PaymentService,
    RecordingService,
    TakeRepository,
    TalkService,
    TranscriptJob,
  ],
  exports: [CertificateService, MatchingService, NotificationService, PaymentService],
})
export class MatchingModule {}
