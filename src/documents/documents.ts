import { type INestApplication, Injectable } from '@nestjs/common';
import { Config } from '../platform/config/index.js';
import { buildAsyncApi, socketModels } from './asyncapi.js';
import { buildOpenApi } from './openapi.js';

/** The documents, built when they are first asked for: most starts never are. */
@Injectable()
export class Documents {
  private app: INestApplication | null = null;
  private texts: { openapi: string; asyncapi: string } | null = null;

  constructor(private readonly config: Config) {}

  /** Sets the application that is described. */
  describe(app: INestApplication): void {
    this.app = app;
  }

  /** OpenAPI 3.1 as JSON. */
  openapi(): string {
    return this.build().openapi;
  }

  /** AsyncAPI 3 as JSON. */
  asyncapi(): string {
    return this.build().asyncapi;
  }

  private build(): { openapi: string; asyncapi: string } {
    if (this.texts) return this.texts;
    if (!this.app) throw new Error('There is no application to describe yet');
    const { public_url } = this.config;
    const whole = buildOpenApi(this.app, public_url, socketModels());
    this.texts = {
      openapi: JSON.stringify(buildOpenApi(this.app, public_url)),
      asyncapi: JSON.stringify(buildAsyncApi(whole, public_url)),
    };
    return this.texts;
  }
}
