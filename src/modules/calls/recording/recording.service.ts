import { Injectable } from '@nestjs/common';
import { type AudioFormat, Telephony } from '../../../integrations/telephony/index.js';
import type { Page } from '../../../platform/database/index.js';
import { AppError, type ErrorCode } from '../../../platform/errors/index.js';
import type { StreamAnswer } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { TenantIntegrations } from '../../tenancy/index.js';
import { assertCalls } from '../log/call.policy.js';
import { PhoneNumbers } from '../log/phone-numbers.js';
import { RecordingAccess } from './recording-access.js';
import { RecordingList } from './recording-list.js';
import type { ListRecordingsQuery } from './recording.dto.js';
import type { RecordingView } from './recording.view.js';
import { TranscriptRepository, type TranscriptText } from './transcript.repository.js';
import { TranscriptionQueue } from './transcription-queue.js';

/** Failures that are told by their own code. */
const TOLD: readonly ErrorCode[] = ['FFMPEG_MISSING', 'RECORDING_NOT_FOUND', 'OPENAI_NOT_CONFIGURED', 'TWILIO_NOT_CONFIGURED'];

/** Recordings of phone calls: listed, relayed, and turned into text (contract, section 4). */
@Injectable()
export class RecordingService {
  constructor(
    private readonly access: RecordingAccess,
    private readonly recordings: RecordingList,
    private readonly telephony: Telephony,
    private readonly integrations: TenantIntegrations,
    private readonly numbers: PhoneNumbers,
    private readonly transcripts: TranscriptRepository,
    private readonly queue: TranscriptionQueue,
  ) {}

  /**
   * A page of the tenant's recordings, newest first; it may be shorter than asked for, and the last one alone has no next.
   *
   * @throws FORBIDDEN, VALIDATION_FAILED, INVALID_CURSOR, TWILIO_NOT_CONFIGURED, TELEPHONY_FAILED, TELEPHONY_UNAVAILABLE
   */
  async list(actor: Actor, query: ListRecordingsQuery): Promise<Page<RecordingView>> {
    assertCalls(actor, 'recordings.read');
    const { phone, from, to } = query;
    return this.recordings.page(
      {
        ...(phone === undefined ? {} : { phone_key: await this.numbers.key(phone, 'phone') }),
        ...(from === undefined ? {} : { from: new Date(from) }),
        ...(to === undefined ? {} : { to: new Date(to) }),
      },
      query,
    );
  }

  /**
   * The audio of a recording as the provider sends it, or the part that `range` asks for.
   *
   * @throws FORBIDDEN, RECORDING_NOT_FOUND, RANGE_NOT_SATISFIABLE, TWILIO_NOT_CONFIGURED, TELEPHONY_FAILED, TELEPHONY_UNAVAILABLE
   */
  async relay(actor: Actor, recording_sid: string, format: AudioFormat, range: string | undefined): Promise<StreamAnswer> {
    assertCalls(actor, 'recordings.read');
    const { account } = await this.access.get(recording_sid);
    const audio = await this.telephony.openAudio(account, recording_sid, { format, range });
    if (!audio) throw new AppError('RECORDING_NOT_FOUND');
    if (audio.status === 416) {
      audio.stream.destroy();
      const { 'content-range': size } = audio.headers;
      throw new AppError('RANGE_NOT_SATISFIABLE', size === undefined ? {} : { headers: { 'Content-Range': size } });
    }
    return { ...audio, headers: { 'cache-control': 'private, no-store', ...audio.headers } };
  }

  /**
   * The text of a recording; null while it is being made. Whoever asks first has it made.
   *
   * @throws FORBIDDEN, RECORDING_NOT_FOUND, TWILIO_NOT_CONFIGURED, OPENAI_NOT_CONFIGURED, FFMPEG_MISSING, TRANSCRIPTION_FAILED, TELEPHONY_FAILED,
   * TELEPHONY_UNAVAILABLE
   */
  async transcription(actor: Actor, recording_sid: string): Promise<TranscriptText | null> {
    assertCalls(actor, 'recordings.read');
    const known = await this.transcripts.find(recording_sid);
    if (known?.status === 'done') return { text: known.text ?? '', segments: known.segments ?? [], language: known.language ?? null };
    if (known && !known.is_stale) {
      if (known.status === 'pending') return null;
      throw failureOf(known.failure);
    }
    await this.access.get(recording_sid);
    if (!(await this.integrations.openai())) throw new AppError('OPENAI_NOT_CONFIGURED');
    await this.queue.request(recording_sid);
    return null;
  }
}

function failureOf(failure: string | null): AppError {
  const code = TOLD.find((one) => one === failure);
  return new AppError(code ?? 'TRANSCRIPTION_FAILED');
}
