import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, Param, StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { AppError } from '../platform/errors/index.js';
import { Public, RawJson } from '../platform/http/index.js';
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

const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/** The API's own description, and a page to read it on. */
@Controller()
@ApiExcludeController()
export class DocumentsController {
  constructor(private readonly documents: Documents) {}

  @Get('openapi.json')
  @Public({ tenant: 'none' })
  readOpenApi(): RawJson {
    return new RawJson(this.documents.openapi());
  }

  @Get('asyncapi.json')
  @Public({ tenant: 'none' })
  readAsyncApi(): RawJson {
    return new RawJson(this.documents.asyncapi());
  }

  @Get('docs')
  @Public({ tenant: 'none' })
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', POLICY)
  readDocs(): string {
    return PAGE;
  }

  @Get('docs/assets/start.js')
  @Public({ tenant: 'none' })
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  readDocsStart(): string {
    return START;
  }

  @Get('docs/assets/:file')
  @Public({ tenant: 'none' })
  @Header('Cache-Control', 'public, max-age=86400')
  readDocsAsset(@Param('file') file: string): StreamableFile {
    const type = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
    if (!type) throw new AppError('NOT_FOUND');
    return new StreamableFile(createReadStream(join(UI, file)), { type });
  }
}
