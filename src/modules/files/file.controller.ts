import { Body, Controller, Delete, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { Page } from '../../platform/database/index.js';
import {
  AcceptsStream,
  Access,
  Answers,
  baseUrlOf,
  CurrentActor,
  IdParam,
  type KaiwaRequest,
  type KaiwaResponse,
  NoIdempotency,
  Public,
} from '../../platform/http/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { FileDelivery } from './file-delivery.js';
import { CreateLinkDto, ListFilesQuery, ReadFileQuery, ReadLinkedFileQuery } from './file.dto.js';
import { FileService } from './file.service.js';
import { FileLinkView, FileView, toFileView } from './file.view.js';
import { FILE_BYTES, FILE_FORM, FILE_HEADERS } from './file.schema.js';

@ApiTags('Files')
@Controller('files')
export class FileController {
  constructor(
    private readonly files: FileService,
    private readonly delivery: FileDelivery,
  ) {}

  /**
   * Upload a file. One file in `multipart/form-data`, streamed into the storage as it comes; its type is read from its bytes, and its name made
   * safe. For large files see `/uploads`.
   */
  @Post()
  @Access('member', { scope: 'files' })
  @AcceptsStream()
  @NoIdempotency()
  @ApiConsumes('multipart/form-data')
  @ApiBody(FILE_FORM)
  @Answers(201, FileView, {
    refuses: [
      'FILE_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'FILE_TYPE_NOT_TAKEN',
      'QUOTA_EXCEEDED',
      'USER_NOT_FOUND',
      'NOT_YOURSELF',
      'STORAGE_UNAVAILABLE',
    ],
  })
  async createFile(@CurrentActor() actor: Actor, @Req() request: KaiwaRequest): Promise<FileView> {
    return toFileView(await this.files.upload(actor, request));
  }

  /** List files, newest first. One's own; an API key sees those of the user that it names, or all. */
  @Get()
  @Access('member', { scope: 'files' })
  @Answers(200, [FileView], { refuses: ['INVALID_CURSOR', 'USER_NOT_FOUND', 'NOT_YOURSELF'] })
  async listFiles(@CurrentActor() actor: Actor, @Query() query: ListFilesQuery): Promise<Page<FileView>> {
    return (await this.files.list(actor, query)).map(toFileView);
  }

  /**
   * Download a file. For its owner, admins, and whoever may read a room, page or matching that it is attached to. Pictures, sound and video may be
   * shown by a browser; everything else is offered for saving, and nothing runs.
   */
  @Get(':id')
  @Access('member', { scope: 'files' })
  @Answers(200, FILE_BYTES, {
    content_type: '*/*',
    description: 'The bytes',
    headers: FILE_HEADERS,
    refuses: ['FILE_NOT_FOUND', 'RANGE_NOT_SATISFIABLE', 'STORAGE_UNAVAILABLE'],
  })
  @Answers(206, FILE_BYTES, { content_type: '*/*', description: 'The part that `Range` asks for', headers: FILE_HEADERS })
  @Answers(304, undefined, { description: 'The caller has it already, as `If-None-Match` says' })
  readFile(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'FILE_NOT_FOUND') id: string,
    @Query() query: ReadFileQuery,
    @Req() request: KaiwaRequest,
    @Res() response: KaiwaResponse,
  ): Promise<void> {
    return this.delivery.send(actor, id, query.w, request, response);
  }

  /** Delete a file with its bytes. For its owner and admins; the recording of a matching is both people's, and for admins alone. */
  @Delete(':id')
  @Access('member', { scope: 'files' })
  @Answers(204, undefined, { refuses: ['FILE_NOT_FOUND', 'FILE_IN_USE'] })
  deleteFile(@CurrentActor() actor: Actor, @IdParam('id', 'FILE_NOT_FOUND') id: string): Promise<void> {
    return this.files.delete(actor, id);
  }

  /** Make a link to a file. Whoever holds it reads the file until it expires, without a credential. */
  @Post(':id/link')
  @Access('member', { scope: 'files' })
  @NoIdempotency()
  @Answers(200, FileLinkView, { refuses: ['FILE_NOT_FOUND', 'FORBIDDEN'] })
  createFileLink(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'FILE_NOT_FOUND') id: string,
    @Body() body: CreateLinkDto,
    @Req() request: KaiwaRequest,
  ): Promise<FileLinkView> {
    return this.delivery.link(actor, id, body.expires_in ?? undefined, `${baseUrlOf(request)}${request.baseUrl}`);
  }

  /** Download a file by a link. The token binds the tenant, the file and the time; no credential is needed. */
  @Get(':id/shared')
  @Public({ tenant: 'none' })
  @Answers(200, FILE_BYTES, {
    content_type: '*/*',
    description: 'The bytes',
    headers: FILE_HEADERS,
    refuses: ['FILE_NOT_FOUND', 'RANGE_NOT_SATISFIABLE', 'STORAGE_UNAVAILABLE'],
  })
  @Answers(206, FILE_BYTES, { content_type: '*/*', description: 'The part that `Range` asks for', headers: FILE_HEADERS })
  @Answers(304, undefined, { description: 'The caller has it already, as `If-None-Match` says' })
  readSharedFile(
    @IdParam('id', 'FILE_NOT_FOUND') id: string,
    @Query() query: ReadLinkedFileQuery,
    @Req() request: KaiwaRequest,
    @Res() response: KaiwaResponse,
  ): Promise<void> {
    return this.delivery.sendLinked(id, query, request, response);
  }
}
