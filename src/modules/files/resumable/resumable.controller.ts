import { Controller, Delete, Head, Options, Patch, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeaders, ApiTags } from '@nestjs/swagger';
import {
  AcceptsStream,
  Access,
  Answers,
  CurrentActor,
  IdParam,
  type KaiwaRequest,
  type KaiwaResponse,
  NoIdempotency,
  Public,
} from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { ASKED, BYTES, CREATED, NEW_UPLOAD, PART, POSITION, VERSION_HEADER } from './resumable.schema.js';
import { ResumableService } from './resumable.service.js';

/** The tus protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload). */
@ApiTags('Files')
@Controller('uploads')
export class ResumableController {
  constructor(private readonly uploads: ResumableService) {}

  /** Say what is known of the tus protocol. Version, extensions and the largest file. */
  @Options()
  @Public({ tenant: 'none' })
  @Answers(204, undefined, { headers: ASKED })
  describeUploads(@Res() response: KaiwaResponse): void {
    this.uploads.describe(response);
  }

  /**
   * Begin a resumable upload. The answer's `Location` is where its bytes go; the file has the same id once the last one is there. The first bytes may
   * come along (`creation-with-upload`). An upload is kept for 24 hours after its last byte.
   */
  @Post()
  @Access('member', { scope: 'files' })
  @AcceptsStream()
  @NoIdempotency()
  @ApiHeaders([VERSION_HEADER, ...NEW_UPLOAD])
  @ApiConsumes('application/offset+octet-stream')
  @ApiBody({ ...BYTES, required: false })
  @Answers(
    201,
    { type: 'string', maxLength: 0, example: '' },
    {
      content_type: 'text/plain',
      description: 'It has begun',
      headers: CREATED,
      refuses: [
        'FILE_TOO_LARGE',
        'QUOTA_EXCEEDED',
        'FILE_TYPE_NOT_TAKEN',
        'TUS_VERSION',
        'USER_NOT_FOUND',
        'NOT_YOURSELF',
        'UPLOAD_NOT_FOUND',
        'UPLOAD_OFFSET',
        'UPLOAD_LOCKED',
        'STORAGE_UNAVAILABLE',
      ],
    },
  )
  createUpload(@CurrentActor() actor: Actor, @Req() request: KaiwaRequest, @Res() response: KaiwaResponse): Promise<void> {
    return this.uploads.handle(actor, null, request, response);
  }

  /** Ask how far an upload has come. */
  @Head(':id')
  @Access('member', { scope: 'files' })
  @ApiHeaders([VERSION_HEADER])
  @Answers(200, undefined, {
    description: 'So far',
    headers: POSITION,
    refuses: [
      'UPLOAD_NOT_FOUND',
      'TUS_VERSION',
      'UPLOAD_LOCKED',
      'VALIDATION_FAILED',
      'FILE_TYPE_NOT_TAKEN',
      'QUOTA_EXCEEDED',
      'FILE_TOO_LARGE',
      'STORAGE_UNAVAILABLE',
    ],
  })
  findUpload(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'UPLOAD_NOT_FOUND') id: string,
    @Req() request: KaiwaRequest,
    @Res() response: KaiwaResponse,
  ): Promise<void> {
    return this.uploads.handle(actor, id, request, response);
  }

  /**
   * Send bytes of an upload, from where it has come to. What has arrived when a connection breaks is kept; with the last byte the upload becomes the file of
   * the same id.
   */
  @Patch(':id')
  @Access('member', { scope: 'files' })
  @AcceptsStream()
  @ApiHeaders([VERSION_HEADER, ...PART])
  @ApiConsumes('application/offset+octet-stream')
  @ApiBody(BYTES)
  @Answers(204, undefined, {
    description: 'They are stored',
    headers: POSITION,
    refuses: [
      'UPLOAD_NOT_FOUND',
      'UPLOAD_OFFSET',
      'UPLOAD_LOCKED',
      'UNSUPPORTED_MEDIA_TYPE',
      'FILE_TOO_LARGE',
      'FILE_TYPE_NOT_TAKEN',
      'QUOTA_EXCEEDED',
      'TUS_VERSION',
      'USER_NOT_FOUND',
      'STORAGE_UNAVAILABLE',
    ],
  })
  continueUpload(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'UPLOAD_NOT_FOUND') id: string,
    @Req() request: KaiwaRequest,
    @Res() response: KaiwaResponse,
  ): Promise<void> {
    return this.uploads.handle(actor, id, request, response);
  }

  /** Give an upload up. Its bytes go; one that has become a file is ended by deleting the file. */
  @Delete(':id')
  @Access('member', { scope: 'files' })
  @ApiHeaders([VERSION_HEADER])
  @Answers(204, undefined, { refuses: ['UPLOAD_NOT_FOUND', 'TUS_VERSION', 'UPLOAD_LOCKED', 'VALIDATION_FAILED'] })
  deleteUpload(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'UPLOAD_NOT_FOUND') id: string,
    @Req() request: KaiwaRequest,
    @Res() response: KaiwaResponse,
  ): Promise<void> {
    return this.uploads.handle(actor, id, request, response);
  }
}
