import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import { AppError } from '../platform/errors/index.js';
import { Answers, PackedText, Public } from '../platform/http/index.js';
import { Documents } from './documents.js';
import { PAGE_HTML, START_JS } from './page.js';

const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** The interface's files, as its package ships them: nothing is loaded from elsewhere. */
const UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const FILES: Record<string, string> = {
  'swagger-ui-bundle.js': JAVASCRIPT,
  'swagger-ui.css': 'text/css; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const DAY = 'public, max-age=86400';

const PAGE = new PackedText(PAGE_HTML, 'text/html; charset=utf-8', 'no-cache');
const START = new PackedText(START_JS, JAVASCRIPT, 'no-cache');

const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const ETAG = { ETag: 'Which version of it this is: sent back in `If-None-Match` it is not sent again' };
const KEPT = { description: 'It is as the client has it' };

/** The API's own description, and a page to read it on. */
@Controller()
@ApiTags('Operation')
export class DocumentsController {
  /** Read when they are first asked for: most processes never are. */
  private readonly assets = new Map<string, Promise<PackedText>>();

  constructor(private readonly documents: Documents) {}

  /** Give this description of the API, as OpenAPI 3.1. */
  @Get('openapi.json')
  @Public({ tenant: 'none' })
  @Answers(
    200,
    { type: 'object', additionalProperties: true },
    { example: { openapi: '3.1.0', info: { title: 'Kaiwa', version: '1.0.0' } }, headers: ETAG },
  )
  @Answers(304, undefined, KEPT)
  readOpenApi(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.documents.openapi().send(request, response);
  }

  /** Give the description of the socket events, as AsyncAPI 3. */
  @Get('asyncapi.json')
  @Public({ tenant: 'none' })
  @Answers(
    200,
    { type: 'object', additionalProperties: true },
    { example: { asyncapi: '3.0.0', info: { title: 'Kaiwa', version: '1.0.0' } }, headers: ETAG },
  )
  @Answers(304, undefined, KEPT)
  readAsyncApi(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.documents.asyncapi().send(request, response);
  }

  /** Show the API to people. */
  @Get('docs')
  @ApiExcludeEndpoint()
  @Public({ tenant: 'none' })
  @Header('Content-Security-Policy', POLICY)
  async readDocs(@Req() request: Request, @Res() response: Response): Promise<void> {
    const [path = ''] = request.originalUrl.split('?');
    // The page names its parts by where it stands, so that it works under every prefix; it stands in one place.
    if (path.endsWith('/')) response.redirect(308, path.replace(/\/+$/, ''));
    else await PAGE.send(request, response);
  }

  /** Start the page's interface. */
  @Get('docs/assets/start.js')
  @ApiExcludeEndpoint()
  @Public({ tenant: 'none' })
  readDocsStart(@Req() request: Request, @Res() response: Response): Promise<void> {
    return START.send(request, response);
  }

  /** Give one of the interface's files. */
  @Get('docs/assets/:file')
  @ApiExcludeEndpoint()
  @Public({ tenant: 'none' })
  async readDocsAsset(@Param('file') file: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const type = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
    if (!type) throw new AppError('NOT_FOUND');
    await (await this.asset(file, type)).send(request, response);
  }

  private asset(file: string, type: string): Promise<PackedText> {
    let asset = this.assets.get(file);
    if (asset === undefined) {
      asset = readFile(join(UI, file)).then((bytes) => new PackedText(bytes, type, DAY, !type.startsWith('image/')));
      this.assets.set(file, asset);
    }
    return asset;
  }
}
