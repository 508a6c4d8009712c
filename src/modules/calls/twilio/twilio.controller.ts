import { Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers } from '../../../platform/http/index.js';
import type { TwilioForm } from './twilio-form.js';
import { TwilioReports } from './twilio-reports.service.js';
import { SignedForm, TwilioWebhook } from './twilio-webhook.decorator.js';

const CALL_SID = 'CA0123456789abcdef0123456789abcdef';
const ANSWER = { refuses: ['RATE_LIMITED'] } as const;

@Controller('twilio')
@ApiTags('Recordings')
export class TwilioController {
  constructor(private readonly reports: TwilioReports) {}

  /** Take a report of Twilio's on a call. Set it as the status callback of a number. */
  @Post('status')
  @TwilioWebhook({
    CallSid: CALL_SID,
    CallStatus: 'completed',
    Direction: 'inbound',
    From: '+819012345678',
    To: '+815012345678',
    CallDuration: '61',
    Timestamp: 'Fri, 20 Nov 2026 09:00:00 +0000',
  })
  @Answers(204, undefined, ANSWER)
  async reportCallStatus(@SignedForm() form: TwilioForm): Promise<void> {
    await this.reports.status(form);
  }

  /** Take a report of Twilio's on a recording. Set it as the recording status callback; the recording is then transcribed. */
  @Post('recording')
  @TwilioWebhook({
    CallSid: CALL_SID,
    RecordingSid: 'RE0123456789abcdef0123456789abcdef',
    RecordingStatus: 'completed',
    RecordingDuration: '60',
  })
  @Answers(204, undefined, ANSWER)
  async reportRecording(@SignedForm() form: TwilioForm): Promise<void> {
    await this.reports.recording(form);
  }
}
