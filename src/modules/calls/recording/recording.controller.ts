import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { Page } from '../../../platform/database/index.js';
import { Access, Answers, CurrentActor, type KaiwaResponse, RawJson, sendStream } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { RecordingSidParam } from './recording-sid-param.decorator.js';
import { ListRecordingsQuery, RecordingQuery, TranscriptionQuery } from './recording.dto.js';
import { RecordingService } from './recording.service.js';
import { RecordingView, TranscriptionPendingView, TranscriptionView } from './recording.view.js';

const UPSTREAM = ['TWILIO_NOT_CONFIGURED', 'TELEPHONY_FAILED', 'TELEPHONY_UNAVAILABLE'] as const;
const AUDIO = { type: 'string', format: 'binary' };
const RETRY_AFTER_SECONDS = 5;

@Controller()
@ApiTags('Recordings')
export class RecordingController {
  constructor(private readonly recordings: RecordingService) {}

  /** List the recordings, newest first. A page may be shorter than asked for; the last one alone has no next. */
  @Get('recordings')
  @Access('staff', { scope: 'phone' })
  @Answers(200, [RecordingView], { refuses: ['INVALID_CURSOR', ...UPSTREAM], headers: { Link: 'The next page, where there is one' } })
  listRecordings(@CurrentActor() actor: Actor, @Query() query: ListRecordingsQuery): Promise<Page<RecordingView>> {
    return this.recordings.list(actor, query);
  }

  /** Play a recording. The audio is passed on as it comes, from where `Range` says. */
  @Get('recording/:sid')
  @Access('staff', { scope: 'phone' })
  @ApiHeader({ name: 'Range', description: 'The part that is wanted (RFC 9110, section 14.2)', required: false, example: 'bytes=0-65535' })
  @Answers(200, AUDIO, { content_type: 'audio/mpeg', refuses: ['RECORDING_NOT_FOUND', 'RANGE_NOT_SATISFIABLE', ...UPSTREAM] })
  @Answers(206, AUDIO, { content_type: 'audio/mpeg', description: 'The part', headers: { 'Content-Range': 'Which part it is' } })
  async playRecording(
    @CurrentActor() actor: Actor,
    @RecordingSidParam() sid: string,
    @Query() query: RecordingQuery,
    @Headers('range') range: string | undefined,
    @Res() response: KaiwaResponse,
  ): Promise<void> {
    await sendStream(response, await this.recordings.relay(actor, sid, query.format ?? 'mp3', range));
  }

  /** Read what is said in a recording. It is made once and kept; until then the answer is 202, and says when to ask again. */
  @Get('transcription')
  @Access('staff', { scope: 'phone' })
  @Answers(200, TranscriptionView, {
    refuses: ['RECORDING_NOT_FOUND', 'OPENAI_NOT_CONFIGURED', 'FFMPEG_MISSING', 'TRANSCRIPTION_FAILED', ...UPSTREAM],
  })
  @Answers(202, TranscriptionPendingView, {
    description: 'It is being made',
    headers: { 'Retry-After': 'Seconds after which to ask again' },
  })
  async getTranscription(
    @CurrentActor() actor: Actor,
    @Query() query: TranscriptionQuery,
    @Res({ passthrough: true }) response: KaiwaResponse,
  ): Promise<RawJson> {
    const made = await this.recordings.transcription(actor, query.recording_sid);
    if (made) return new RawJson(JSON.stringify(made));
    response.setHeader('Retry-After', String(RETRY_AFTER_SECONDS));
    return new RawJson(JSON.stringify({ status: 'pending' } satisfies TranscriptionPendingView), 202);
  }
}
