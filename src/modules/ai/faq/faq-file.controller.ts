import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import {
  AcceptsStream,
  Access,
  Answers,
  BodyLimit,
  CurrentActor,
  type KaiwaRequest,
  type KaiwaResponse,
  linger,
  streamed,
} from '../../../platform/http/index.js';
import { AppError } from '../../../platform/errors/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { CreateFaqDto, ExportFaqsQuery, ImportFaqsQuery } from './faq.dto.js';
import { type FaqFormat, FaqImportService, MAX_IMPORT_BYTES } from './faq-import.service.js';
import { ImportReportView } from './faq.view.js';

const FAQ_EXAMPLE = { question: '駐車場はありますか', answer: '3台分ございます。', tags: ['車'] };
const CSV_EXAMPLE = 'question,answer,tags\r\n駐車場はありますか,3台分ございます。,車|パーキング\r\n';
const CSV = { schema: { type: 'string' }, example: CSV_EXAMPLE };
const LIST = { type: 'array', items: { $ref: getSchemaPath(CreateFaqDto) } };

@ApiTags('FAQ')
@ApiExtraModels(CreateFaqDto)
@Controller('faqs')
export class FaqFileController {
  constructor(private readonly files: FaqImportService) {}

  /**
   * Write all FAQs into a file. CSV is UTF-8 with a mark for spreadsheets; a cell that one would take for a formula has an apostrophe in
   * front, which the import takes away again.
   */
  @Get('export')
  @Access('staff', { scope: 'phone' })
  @Answers(200, LIST, {
    example: [FAQ_EXAMPLE],
    or: { content_type: 'text/csv', ...CSV },
    headers: { 'Content-Disposition': 'The name of the file' },
  })
  async exportFaqs(
    @CurrentActor() actor: Actor,
    @Query() query: ExportFaqsQuery,
    @Req() request: KaiwaRequest,
    @Res() response: KaiwaResponse,
  ): Promise<void> {
    const format = query.format ?? preferredOf(request);
    const pieces = this.files.export(actor, format);
    response.setHeader('Content-Type', format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8');
    response.setHeader('Content-Disposition', `attachment; filename="faqs.${format}"`);
    await sendPieces(pieces, response);
  }

  /**
   * Take the FAQs of a file, all of them or none. What is wrong is told by line. CSV (RFC 4180) has a header line with `question`, `answer`
   * and perhaps `tags`, which have `|` between them; other charsets than UTF-8 are named in `Content-Type` (`text/csv; charset=shift_jis`).
   * JSON is a list. A file has at most 10 MiB and 5,000 FAQs, a tenant 20,000.
   */
  @Post('import')
  @Access('staff', { scope: 'phone' })
  @AcceptsStream()
  @BodyLimit(MAX_IMPORT_BYTES)
  @ApiOperation({
    requestBody: { required: true, content: { 'application/json': { schema: LIST, example: [FAQ_EXAMPLE] }, 'text/csv': CSV } },
  })
  @Answers(200, ImportReportView, {
    refuses: ['VALIDATION_FAILED', 'MALFORMED_JSON', 'UNSUPPORTED_MEDIA_TYPE', 'PAYLOAD_TOO_LARGE', 'TOO_MANY_FAQS'],
  })
  async importFaqs(@CurrentActor() actor: Actor, @Query() query: ImportFaqsQuery, @Req() request: KaiwaRequest): Promise<ImportReportView> {
    const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
    try {
      if (encoding !== 'identity') throw new AppError('UNSUPPORTED_MEDIA_TYPE', { message: 'The body must not be compressed' });
      return await this.files.take(actor, bytesOf(request), type, query.existing ?? 'update');
    } catch (error) {
      // Whoever went away midway has sent no whole file, and reads no answer.
      if (request.destroyed && !request.complete) throw new AppError('VALIDATION_FAILED', { cause: error });
      if (!request.complete) linger(request);
      // A body that is not read to its end would hold up the connection's next request.
      if (!request.readableEnded) request.res?.setHeader('Connection', 'close');
      throw error;
    }
  }
}

/** The body as it comes; with an `Idempotency-Key` it has been read already. */
function bytesOf(request: KaiwaRequest): AsyncIterable<Uint8Array> {
  return Buffer.isBuffer(request.body) ? Readable.from([request.body]) : streamed(request);
}

function preferredOf(request: KaiwaRequest): FaqFormat {
  return request.accepts(['text/csv', 'application/json']) === 'application/json' ? 'json' : 'csv';
}

/** Sends pieces as fast as the client takes them; one that goes away ends the reading of them. */
async function sendPieces(pieces: AsyncGenerator<string>, response: KaiwaResponse): Promise<void> {
  try {
    await pipeline(Readable.from(pieces, { objectMode: false, highWaterMark: 64 * 1024 }), response);
  } catch (error) {
    if (!response.destroyed || (error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
