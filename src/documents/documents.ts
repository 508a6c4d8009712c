import { type INestApplication, Injectable } from '@nestjs/common';
import { Config } from '../platform/config/index.js';
import { buildAsyncApi, socketModels } from './asyncapi.js';
import { buildOpenApi } from './openapi.js';
import { PackedText } from '../platform/http/index.js';

/** The documents, built when they are first asked for: most starts never are. */
@Injectable()
export class Documents {
  private app: INestApplication | null = null;
  private texts: { openapi: PackedText; asyncapi: PackedText } | null = null;

  constructor(private readonly config: Config) {}

  /** Sets the application that is described. */
  describe(app: INestApplication): void {
    this.app = app;
  }

  /** OpenAPI 3.1 as JSON. */
  openapi(): PackedText {
    return this.build().openapi;
  }

  /** AsyncAPI 3 as JSON. */
  asyncapi(): PackedText {
    return this.build().asyncapi;
  }

  private build(): { openapi: PackedText; asyncapi: PackedText } {
    if (this.texts) return this.texts;
    if (!this.app) throw new Error('There is no application to describe yet');
    const { public_url } = this.config;
    const whole = buildOpenApi(this.app, public_url, socketModels());
    this.texts = {
      openapi: packed(buildOpenApi(this.app, public_url)),
      asyncapi: packed(buildAsyncApi(whole, public_url)),
    };
    return this.texts;
  }
}

/** Kept by clients, and asked for anew each time: the next release changes it. */
function packed(document: object): PackedText {
  return new PackedText(JSON.stringify(document), 'application/json; charset=utf-8', 'no-cache');
}
