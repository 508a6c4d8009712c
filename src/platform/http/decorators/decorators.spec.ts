import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Delete, Get, type INestApplication, Module, Post, Query, Req } from '@nestjs/common';
import { CUSTOM_ROUTE_ARGS_METADATA, ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type Actor, Scope } from '../../scope/index.js';
import type { KaiwaRequest } from '../exchange.js';
import { KaiwaExpressAdapter } from '../kaiwa-express.adapter.js';
import { PageQuery } from '../page-query.dto.js';
import { ProblemFilter } from '../problem.filter.js';
import { IsIntField, IsText, Nested } from '../validation/index.js';
import { Access, accessOf, Answers, CurrentActor, CurrentUser, IdParam, NameParam, OperatorOnly, Public } from './index.js';

class Owner {
  @IsText({ min: 1, max: 9, description: 'Their name' })
  name: string;
}

class ThingBody {
  @Nested(() => Owner, { each: true })
  owners: Owner[];

  @IsIntField({ min: 1, max: 5, optional: true })
  size?: number;
}

class ThingView {
  @IsText({ min: 1, max: 9 })
  id: string;
}

@Access('member', { scope: 'rooms' })
@Controller('things')
class ThingController {
  @Get()
  @Answers(200, [ThingView], { description: 'The things', headers: { Link: 'The next page' } })
  list(@Query() page: PageQuery): object {
    return { limit: page.limit };
  }

  @Post()
  @Answers(201, ThingView, { refuses: ['ROOM_ID_TAKEN', 'USER_NOT_FOUND'] })
  @Answers(200, ThingView, { description: 'It was there already' })
  create(@Body() body: ThingBody): object {
    return body;
  }

  @Public()
  @Answers(200, { type: 'string' }, { content_type: 'text/csv' })
  @Get('export')
  export(): string {
    return 'a,b';
  }

  @OperatorOnly()
  @Delete(':id')
  @Answers(204)
  remove(@IdParam('id', 'ROOM_NOT_FOUND') id: string, @NameParam('id', 'UNKNOWN_CLIENT') name: string): object {
    return { id, name };
  }

  @Get('me')
  @Answers(200)
  me(@Req() _request: KaiwaRequest, @CurrentActor() actor: Actor | null, @CurrentUser() user: Actor): object {
    return { actor: actor?.id, user: user.id };
  }
}

@Module({ controllers: [ThingController] })
class ThingModule {}

interface Operation {
  security?: Array<Record<string, string[]>>;
  responses: Record<
    string,
    { description: string; headers?: object; content?: Record<string, { schema: object; examples?: Record<string, unknown> }> }
  >;
  parameters?: Array<{ name: string; in: string; schema: Record<string, unknown>; required: boolean }>;
  'x-access'?: object;
}

let app: INestApplication;
let document: OpenAPIObject;
let url: string;

function operation(path: string, method: 'get' | 'post' | 'delete'): Operation {
  return document.paths[path]?.[method] as unknown as Operation;
}

function codes(op: Operation, status: number): string[] {
  return Object.keys(op.responses[status]?.content?.['application/json']?.examples ?? {}).sort();
}

beforeAll(async () => {
  const adapter = new KaiwaExpressAdapter();
  app = await NestFactory.create(ThingModule, adapter, { logger: false });
  app.useGlobalFilters(new ProblemFilter(adapter.problems));
  app.useGlobalGuards({
    canActivate: () => {
      Scope.get().actor = { kind: 'operator', id: 'operator' };
      return true;
    },
  });
  document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer().address() as { port: number }).port}`;
});

afterAll(() => app.close());

describe('access', () => {
  it('stands on each handler, from the class where it has none of its own', () => {
    const { list, export: exported, remove } = ThingController.prototype;
    expect([accessOf(list), accessOf(exported), accessOf(remove)]).toEqual([
      { kind: 'role', role: 'member', scope: 'rooms' },
      expect.objectContaining({ kind: 'public' }),
      { kind: 'operator' },
    ]);
  });

  it('is documented', () => {
    expect(
      operation('/things', 'get')
        .security?.flatMap((one) => Object.keys(one))
        .sort(),
    ).toEqual(['api_key', 'bearer', 'cookie', 'operator']);
    expect(operation('/things/{id}', 'delete').security).toEqual([{ operator: [] }]);
    expect(operation('/things/export', 'get').security).toBeUndefined();
    expect(operation('/things', 'get')['x-access']).toEqual({ kind: 'role', role: 'member', scope: 'rooms' });
  });
});

describe('answers', () => {
  it('take no parameter of our own for a body, whatever name it was given', () => {
    class Reader {
      read(): object {
        return {};
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Reader.prototype, 'read') as PropertyDescriptor;
    Reflect.defineMetadata(
      ROUTE_ARGS_METADATA,
      { [`${RouteParamtypes.BODY}xK${CUSTOM_ROUTE_ARGS_METADATA}:0`]: { index: 0 } },
      Reader,
      'read',
    );
    Answers(200)(Reader.prototype, 'read', descriptor);
    expect(Object.keys(Reflect.getMetadata('swagger/apiResponse', Reader.prototype.read) as object)).not.toContain('413');
  });

  it('document the body, lists too, and headers', () => {
    const { responses } = operation('/things', 'get');
    expect(responses['200']).toMatchObject({
      description: 'The things',
      headers: { Link: { description: 'The next page' } },
      content: { 'application/json': { schema: { type: 'array', items: { $ref: '#/components/schemas/ThingView' } } } },
    });
    expect(operation('/things/export', 'get').responses['200']?.content).toEqual({ 'text/csv': { schema: { type: 'string' } } });
  });

  it('document every error status, by what the route is', () => {
    const list = operation('/things', 'get');
    expect(Object.keys(list.responses)).toEqual(['200', '400', '401', '403', '404', '429', '500', '503']);
    expect(codes(list, 403)).toEqual(['CLIENT_MISMATCH', 'FORBIDDEN', 'SCOPE_MISSING']);
    const create = operation('/things', 'post');
    expect(Object.keys(create.responses)).toEqual([
      '200',
      '201',
      '400',
      '401',
      '403',
      '404',
      '408',
      '409',
      '413',
      '415',
      '422',
      '429',
      '500',
      '503',
    ]);
    expect(codes(create, 400)).toEqual(['INVALID_HOST', 'INVALID_IDEMPOTENCY_KEY', 'MALFORMED_JSON', 'VALIDATION_FAILED']);
    expect(codes(create, 409)).toEqual(['CONFLICT', 'IDEMPOTENCY_IN_PROGRESS', 'ROOM_ID_TAKEN']);
    expect(create.responses['409']?.content?.['application/json']?.schema).toEqual({ $ref: '#/components/schemas/ErrorBodyView' });
    expect(codes(operation('/things/export', 'get'), 404)).toEqual(['UNKNOWN_CLIENT']);
    expect(operation('/things/export', 'get').responses['401']).toBeUndefined();
  });

  it('set the status: the one that stands first', async () => {
    expect((await fetch(`${url}/things`, { method: 'POST' })).status).toBe(201);
  });

  it('document fields once, nested ones by their schema', () => {
    expect(document.components?.schemas).toMatchObject({
      ThingBody: {
        required: ['owners'],
        properties: {
          owners: { type: 'array', items: { $ref: '#/components/schemas/Owner' } },
          size: { type: 'integer', minimum: 1, maximum: 5 },
        },
      },
      Owner: { properties: { name: { type: 'string', minLength: 1, maxLength: 9, description: 'Their name' } }, required: ['name'] },
    });
    expect(operation('/things', 'get').parameters).toEqual([
      expect.objectContaining({
        name: 'limit',
        in: 'query',
        required: false,
        schema: expect.objectContaining({ minimum: 1, maximum: 200, default: 50 }),
      }),
      expect.objectContaining({ name: 'cursor', in: 'query', required: false }),
    ]);
  });
});

describe('parameters', () => {
  it('are documented once, and what no id can be is absent', async () => {
    expect(operation('/things/{id}', 'delete').parameters).toHaveLength(1);
    const answer = await fetch(`${url}/things/x`, { method: 'DELETE' });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, 'ROOM_NOT_FOUND']);
  });

  it('refuse who is no person where a person is asked for', async () => {
    expect((await fetch(`${url}/things/me`)).status).toBe(403);
  });
});
