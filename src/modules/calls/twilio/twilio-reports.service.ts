import { Injectable } from '@nestjs/common';
import { Telephony } from '../../../integrations/telephony/index.js';
import { Database } from '../../../platform/database/index.js';
import { Logger } from '../../../platform/http/index.js';
import { TenantIntegrations } from '../../tenancy/index.js';
import { CallLog } from '../log/call-log.js';
import type { CallStatus } from '../log/call.entity.js';
import { TranscriptionQueue } from '../recording/transcription-queue.js';
import { countOf, NOBODY, requiredOf, sidesOf, textOf, timeOf, type TwilioForm } from './twilio-form.js';

/** Twilio's statuses of a call, in our words. */
const STATUSES: Readonly<Record<string, CallStatus>> = {
  queued: 'ringing',
  initiated: 'ringing',
  ringing: 'ringing',
  'in-progress': 'in_progress',
  answered: 'in_progress',
  completed: 'completed',
  busy: 'missed',
  'no-answer': 'missed',
  canceled: 'missed',
  failed: 'failed',
};

/** The call log keeps itself by what Twilio tells of calls and recordings. The same report again changes nothing. */
@Injectable()
export class TwilioReports {
  constructor(
    private readonly database: Database,
    private readonly log: CallLog,
    private readonly transcriptions: TranscriptionQueue,
    private readonly integrations: TenantIntegrations,
    private readonly telephony: Telephony,
    private readonly logger: Logger,
  ) {}

  /** A call rings, is answered, or is over. @throws VALIDATION_FAILED without a CallSid */
  async status(form: TwilioForm): Promise<void> {
    const call_sid = requiredOf(form, 'CallSid');
    const status = STATUSES[textOf(form, 'CallStatus') ?? ''];
    // The leg to whom a call is handed on is a part of the call.
    if (status === undefined || textOf(form, 'ParentCallSid') !== undefined) return;
    await this.log.report({
      call_sid,
      ...sidesOf(form),
      status,
      at: timeOf(form, 'Timestamp'),
      duration_seconds: countOf(form, 'CallDuration'),
    });
  }

  /** A recording is there: it becomes its call's, and is transcribed. @throws VALIDATION_FAILED without CallSid and RecordingSid */
  async recording(form: TwilioForm): Promise<void> {
    const call_sid = requiredOf(form, 'CallSid');
    const recording_sid = requiredOf(form, 'RecordingSid');
    if ((textOf(form, 'RecordingStatus') ?? 'completed') !== 'completed') return;
    const known = await this.log.findBySid(call_sid);
    if (!known) await this.logUnknown(call_sid);
    const can_transcribe = (await this.integrations.openai()) !== null;
    await this.database.transaction(async () => {
      await this.log.addRecording(call_sid, recording_sid);
      if (can_transcribe) await this.transcriptions.request(recording_sid);
    });
  }

  /** A call of which no status was told: Twilio is asked who it was. */
  private async logUnknown(call_sid: string): Promise<void> {
    const account = await this.integrations.twilio();
    const call = account && (await this.telephony.findCall(account, call_sid).catch((error: unknown) => this.passOver(error)));
    const sides = call
      ? {
          phone_number: (call.is_outbound ? call.to : call.from) || NOBODY,
          direction: call.is_outbound ? ('outbound' as const) : ('inbound' as const),
        }
      : { phone_number: NOBODY, direction: 'inbound' as const };
    await this.log.report({ call_sid, ...sides, status: 'completed' });
  }

  private passOver(error: unknown): null {
    this.logger.warn({ err: error }, 'Twilio did not say whose a recorded call is');
    return null;
  }
}
