import { Body, Controller, Get, Head, Param, Patch, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiExcludeEndpoint, ApiHeaders, ApiTags } from '@nestjs/swagger';
import { AppError } from '../../../platform/errors/index.js';
import {
  AcceptsStream,
  Access,
  AlreadyAnswered,
  Answers,
  baseUrlOf,
  CurrentActor,
  IdParam,
  type KaiwaRequest,
  type KaiwaResponse,
  linger,
  NoIdempotency,
  Public,
  streamed,
} from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { BeginTakeDto, CreateMeetingDto, JoinQuery, MEETING_EXAMPLES } from './meeting.dto.js';
import { assetText, PAGE_HEADERS, pageText } from './meeting-page.js';
import { MeetingService } from './meeting.service.js';
import { MeetingView, TakeView } from './meeting.view.js';
import { NowhereFilter } from './nowhere.filter.js';
import { RecordingService, type TakePlace } from './recording.service.js';
import { TalkService } from './talk.service.js';

const TOKEN = {
  name: 'Meeting-Token',
  description: "The participant's token, as it stands in the `join_url`",
  required: true,
  schema: { type: 'string', example: 'salon.019ac1f0-7b1e-7c3a-9d5e-0123456789ab.k3p' },
};
const OFFSET = { name: 'Upload-Offset', description: 'Where the bytes begin: what the recording has come to', required: true };
const LENGTH = {
  name: 'Upload-Length',
  description: 'How many bytes the recording has, once that is known: then it is whole',
  required: false,
};
const whole = (example: string): object => ({ schema: { type: 'string', pattern: '^\\d{1,15}$', example } });
const POSITION = { 'Upload-Offset': 'How many bytes are there' };

@ApiTags('Matching')
@Controller()
export class MeetingController {
  constructor(
    private readonly meetings: MeetingService,
    private readonly talks: TalkService,
    private readonly recordings: RecordingService,
  ) {}

  /**
   * Open the meeting of a matching, or book the matching with it. Either of the two, asking again, gets the same meeting with a `join_url` of their
   * own; the talk is recorded, and `is_done_meeting` and `audio_url` of the matching follow by themselves once it is over.
   */
  @Post('meeting')
  @Access('member', { scope: 'matching' })
  @NoIdempotency()
  @ApiBody({ type: CreateMeetingDto, examples: MEETING_EXAMPLES })
  @Answers(201, MeetingView, {
    refuses: [
      'MATCHING_NOT_FOUND',
      'MATCHING_OVER',
      'USER_NOT_FOUND',
      'SPEAKER_NOT_COMPANY',
      'LISTENER_NOT_STUDENT',
      'IDENTITY_NOT_VERIFIED',
      'SPEAKER_NOT_AVAILABLE',
      'LISTENER_NOT_AVAILABLE',
      'NOT_YOURSELF',
      'MEETING_PROVIDER_NOT_CONFIGURED',
      'MEETING_PROVIDER_UNAVAILABLE',
    ],
  })
  createMeeting(@CurrentActor() actor: Actor, @Body() body: CreateMeetingDto, @Req() request: KaiwaRequest): Promise<MeetingView> {
    return this.meetings.create(actor, body, `${baseUrlOf(request)}${request.baseUrl}`);
  }

  /** Give one of the page's files. */
  @Get('meetings/assets/:file')
  @ApiExcludeEndpoint()
  @Public({ tenant: 'none' })
  async readMeetingAsset(@Param('file') file: string, @Req() request: KaiwaRequest, @Res() response: KaiwaResponse): Promise<void> {
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    await (await assetText(file)).send(request, response);
  }

  /** Show the page on which a participant meets the other. The token binds participant, meeting and tenant; no credential is needed. */
  @Get('meetings/:id/join')
  @Public({ tenant: 'none' })
  @UseFilters(NowhereFilter)
  @Answers(
    200,
    { type: 'string', example: '<!doctype html>…' },
    { content_type: 'text/html', description: 'The page', refuses: ['MEETING_NOT_FOUND'] },
  )
  async joinMeeting(
    @IdParam('id', 'MEETING_NOT_FOUND') id: string,
    @Query() { token }: JoinQuery,
    @Req() request: KaiwaRequest,
    @Res() response: KaiwaResponse,
  ): Promise<void> {
    for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
    await this.talks.admit(id, token);
    await (await pageText()).send(request, response);
  }

  /** Begin a recording of a talk. By the meeting's page, whose browser records both voices. */
  @Post('meetings/:id/recordings')
  @Public({ tenant: 'none' })
  @NoIdempotency()
  @ApiHeaders([TOKEN])
  @Answers(201, TakeView, { refuses: ['MEETING_NOT_FOUND', 'MEETING_CLOSED', 'QUOTA_EXCEEDED', 'RATE_LIMITED'] })
  beginRecording(
    @IdParam('id', 'MEETING_NOT_FOUND') id: string,
    @Body() body: BeginTakeDto,
    @Req() request: KaiwaRequest,
  ): Promise<TakeView> {
    return this.recordings.begin(id, tokenOf(request), body);
  }

  /** Ask how far a recording has come. */
  @Head('meetings/:id/recordings/:take_id')
  @Public({ tenant: 'none' })
  @ApiHeaders([TOKEN])
  @Answers(200, undefined, { description: 'So far', headers: POSITION, refuses: ['MEETING_NOT_FOUND', 'UPLOAD_NOT_FOUND'] })
  async findRecording(
    @IdParam('id', 'MEETING_NOT_FOUND') id: string,
    @IdParam('take_id', 'UPLOAD_NOT_FOUND') take_id: string,
    @Req() request: KaiwaRequest,
    @Res() response: KaiwaResponse,
  ): Promise<void> {
    response.setHeader('Upload-Offset', await this.recordings.position(id, take_id, tokenOf(request)));
    response.setHeader('Cache-Control', 'no-store');
    response.writeHead(200, { 'Content-Length': 0 }).end();
  }

  /** Send what was recorded, from where the recording has come to, as in the tus protocol. What has arrived when a connection breaks is kept. */
  @Patch('meetings/:id/recordings/:take_id')
  @Public({ tenant: 'none' })
  @AcceptsStream()
  @ApiHeaders([TOKEN, { ...OFFSET, ...whole('524288') }, { ...LENGTH, ...whole('1048576') }])
  @ApiConsumes('application/offset+octet-stream')
  @ApiBody({ description: 'Bytes, as they are', schema: { type: 'string', format: 'binary', example: '(bytes)' } })
  @Answers(204, undefined, {
    description: 'They are stored',
    headers: POSITION,
    refuses: [
      'MEETING_NOT_FOUND',
      'UPLOAD_NOT_FOUND',
      'UPLOAD_OFFSET',
      'UPLOAD_LOCKED',
      'FILE_TOO_LARGE',
      'VALIDATION_FAILED',
      'STORAGE_UNAVAILABLE',
    ],
  })
  async continueRecording(
    @IdParam('id', 'MEETING_NOT_FOUND') id: string,
    @IdParam('take_id', 'UPLOAD_NOT_FOUND') take_id: string,
    @Req() request: KaiwaRequest,
    @Res() response: KaiwaResponse,
  ): Promise<void> {
    try {
      const place = (): TakePlace => ({
        offset: countIn(request, 'Upload-Offset') ?? missing(),
        length: countIn(request, 'Upload-Length'),
      });
      const position = await this.recordings.append(id, take_id, tokenOf(request), place, streamed(request));
      response.writeHead(204, { 'Upload-Offset': position }).end();
    } catch (error) {
      if (request.destroyed && !request.complete) throw new AlreadyAnswered();
      if (!request.complete) linger(request);
      throw error;
    }
  }
}

function tokenOf(request: KaiwaRequest): unknown {
  return request.headers['meeting-token'];
}

function countIn(request: KaiwaRequest, name: string): number | null {
  const value = request.headers[name.toLowerCase()];
  if (value === undefined) return null;
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) throw AppError.field(name, 'must be a number of bytes');
  return Number(value);
}

function missing(): never {
  throw AppError.field('Upload-Offset', 'is required');
}
