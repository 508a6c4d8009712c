import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, Param, Req, Res, StreamableFile } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import { AppError } from '../platform/errors/index.js';
import { Answers, Public, RawJson } from '../platform/http/index.js';
import { Documents } from './documents.js';

/** The interface's files, as its package ships them: nothing is loaded from elsewhere. */
const UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const FILES: Record<string, string> = {
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui-standalone-preset.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kaiwa API</title>
<link rel="icon" href="docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<style>body { margin: 0; } .swagger-ui .topbar { display: none; }</style>
</head>
<body>
<div id="ui"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/assets/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#ui', deepLinking: true, filter: true, docExpansion: 'none',
  displayRequestDuration: true, tryItOutEnabled: true, persistAuthorization: true, validatorUrl: null });
`;

const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/** The API's own description, and a page to read it on. */
@Controller()
@ApiTags('Operation')
export class DocumentsController {
  constructor(private readonly documents: Documents) {}

  /** Give this description of the API, as OpenAPI 3.1. */
  @Get('openapi.json')
  @Public({ tenant: 'none' })
  @Answers(
    200,
    { type: 'object', additionalProperties: true },
    { example: { openapi: '3.1.0', info: { title: 'Kaiwa', version: '1.0.0' } } },
  )
  readOpenApi(): RawJson {
    return new RawJson(this.documents.openapi());
  }

  /** Give the description of the socket events, as AsyncAPI 3. */
  @Get('asyncapi.json')
  @Public({ tenant: 'none' })
  @Answers(
    200,
    { type: 'object', additionalProperties: true },
    { example: { asyncapi: '3.0.0', info: { title: 'Kaiwa', version: '1.0.0' } } },
  )
  readAsyncApi(): RawJson {
    return new RawJson(this.documents.asyncapi());
  }

  /** Show the API to people. */
  @Get('docs')
  @ApiExcludeEndpoint()
  @Public({ tenant: 'none' })
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', POLICY)
  readDocs(@Req() request: Request, @Res() response: Response): void {
    const [path = ''] = request.originalUrl.split('?');
    // The page names its parts by where it stands, so that it works under every prefix; it stands in one place.
    if (path.endsWith('/')) response.redirect(308, path.replace(/\/+$/, ''));
    else response.end(PAGE);
  }

  /** Start the page's interface. */
  @Get('docs/assets/start.js')
  @ApiExcludeEndpoint()
  @Public({ tenant: 'none' })
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  readDocsStart(): string {
    return START;
  }

  /** Give one of the interface's files. */
  @Get('docs/assets/:file')
  @ApiExcludeEndpoint()
  @Public({ tenant: 'none' })
  @Header('Cache-Control', 'public, max-age=86400')
  readDocsAsset(@Param('file') file: string): StreamableFile {
    const type = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
    if (!type) throw new AppError('NOT_FOUND');
    return new StreamableFile(createReadStream(join(UI, file)), { type });
  }
}
