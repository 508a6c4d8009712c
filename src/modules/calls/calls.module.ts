import { Module } from '@nestjs/common';
import { TelephonyModule } from '../../integrations/telephony/index.js';
import { AuthModule } from '../auth/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { Call } from './log/call.entity.js';
import { CallController } from './log/call.controller.js';
import { CallLog } from './log/call-log.js';
import { CallOwners } from './log/call-owners.js';
import { CallRepository } from './log/call.repository.js';
import { CallService } from './log/call.service.js';
import { IdleCallSweeper } from './log/idle-call.sweeper.js';
import { PhoneNumbers } from './log/phone-numbers.js';
import { RecordingAccess } from './recording/recording-access.js';
import { RecordingController } from './recording/recording.controller.js';
import { RecordingList } from './recording/recording-list.js';
import { RecordingService } from './recording/recording.service.js';
import { TranscriptRepository } from './recording/transcript.repository.js';
import { TranscriptionJob } from './recording/transcription.job.js';
import { TranscriptionQueue } from './recording/transcription-queue.js';
import { TwilioController } from './twilio/twilio.controller.js';
import { TwilioReports } from './twilio/twilio-reports.service.js';
import { TwilioSignatureGuard } from './twilio/twilio-signature.guard.js';
import { TwilioTenants } from './twilio/twilio-tenants.js';

/** The tables of this module that TypeORM maps. */
export const CALLS_ENTITIES = [Call];

@Module({
  imports: [TenancyModule, AuthModule, TelephonyModule],
  controllers: [CallController, RecordingController, TwilioController],
  providers: [
    CallLog,
    CallOwners,
    CallRepository,
    CallService,
    IdleCallSweeper,
    PhoneNumbers,
    RecordingAccess,
    RecordingList,
    RecordingService,
    TranscriptRepository,
    TranscriptionJob,
    TranscriptionQueue,
    TwilioReports,
    TwilioSignatureGuard,
    TwilioTenants,
  ],
  // A guard is made by the module whose route it guards: what it asks is for those that answer Twilio too.
  exports: [CallLog, IdleCallSweeper, PhoneNumbers, TwilioSignatureGuard, TwilioTenants, TenancyModule, AuthModule],
})
export class CallsModule {}
