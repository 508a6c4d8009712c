import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Body, Controller, Delete, Get, Header, HttpCode, Module, Param, Post, Put, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppError } from '../../src/platform/errors/index.js';
import { Scope } from '../../src/platform/scope/index.js';
import {
  AcceptsForm,
  AcceptsRaw,
  Access,
  BodyLimit,
  CompiledValidationPipe,
  IdParam,
  IsText,
  KaiwaExpressAdapter,
  type KaiwaRequest,
  type KaiwaResponse,
  PageQuery,
  ProblemFilter,
  Public,
  RawJson,
  setNextLink,
} from '../../src/platform/http/index.js';

const folder = mkdtempSync(join(tmpdir(), 'kaiwa-http-'));
const faults: AppError[] = [];
const replies: string[] = [];
const finished: Array<{ route: string | undefined; status: number; whole: boolean }> = [];

class NoteBody {
  @IsText({ min: 1, max: 10, optional: false })
  text: string;
}

@Public()
@Controller()
class ProbeController {
  @Get('plain')
  plain(): object {
    return { ok: true };
  }

  @Get('raw')
  raw(): RawJson {
    return new RawJson('[{"a":1}]');
  }

  @Get('express')
  express(@Req() request: KaiwaRequest, @Res() response: KaiwaResponse): void {
    response.cookie('token', 'abc', { httpOnly: true, sameSite: 'lax' });
    response.locals.seen = 1;
    response.status(202).json({
      ip: request.ip,
      protocol: request.protocol,
      secure: request.secure,
      hostname: request.hostname,
      path: request.path,
      original: request.originalUrl,
      base: request.baseUrl,
      query: request.query,
      same_query: request.query === request.query,
      accepts: request.accepts('html', 'json'),
      agent: request.get('User-Agent') ?? null,
      xhr: request.xhr,
      back: request.res === response && response.req === request && request.app === response.app,
      locals: response.locals.seen,
    });
  }

  @Get('redirect')
  redirect(@Res() response: KaiwaResponse): void {
    response.redirect(303, '/plain');
  }

  @Get('file')
  file(@Res() response: KaiwaResponse): void {
    response.sendFile('file.txt', { root: folder });
  }

  @Get('missing-file')
  missingFile(@Res() response: KaiwaResponse): void {
    response.sendFile('nothing.txt', { root: folder });
  }

  @Get('stream')
  stream(): StreamableFile {
    return new StreamableFile(Readable.from(['one ', 'two ', 'three']), { type: 'text/plain' });
  }

  @Get('broken-stream')
  broken(@Res() response: KaiwaResponse): void {
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  }

  @Get('late-error')
  async lateError(@Res() response: KaiwaResponse): Promise<void> {
    response.write('half');
    await sleep(10);
    throw new Error('after the headers');
  }

  @Get('text')
  @Header('Content-Type', 'text/xml')
  text(): string {
    return '<a/>';
  }

  @Delete('nothing')
  @HttpCode(204)
  nothing(): void {}

  @Get('names/export')
  fixed(): object {
    return { fixed: true };
  }

  @Get('names/:name')
  name(@Param('name') name: string): object {
    return { name };
  }

  @Put('names/:name')
  putName(@Param('name') name: string): object {
    return { put: name };
  }

  @Get('ids/:id')
  id(@IdParam('id', 'ROOM_NOT_FOUND') id: string): object {
    return { id };
  }

  @Get('tree/*path')
  tree(@Param('path') path: string[]): object {
    return { path };
  }

  @Post('echo')
  echo(@Req() request: KaiwaRequest): object {
    return { body: request.body ?? null };
  }

  @Post('notes')
  note(@Body() note: NoteBody): object {
    return { text: note.text, typed: note instanceof NoteBody };
  }

  @Post('big')
  @BodyLimit(1024 * 1024)
  big(@Req() request: KaiwaRequest): object {
    return { length: JSON.stringify(request.body).length };
  }

  @Post('form')
  @AcceptsForm()
  form(@Req() request: KaiwaRequest): object {
    return request.body as object;
  }

  @Post('bytes')
  @AcceptsRaw()
  bytes(@Req() request: KaiwaRequest): object {
    return { raw: request.rawBody?.toString('hex') };
  }

  @Get('pages')
  pages(@Query() page: PageQuery, @Req() request: KaiwaRequest, @Res({ passthrough: true }) response: KaiwaResponse): object {
    setNextLink(response, request, { cursor: 'next one' });
    return { limit: page.limit, cursor: page.cursor ?? null };
  }

  @Get('fails/:how')
  fails(@Param('how') how: string): never {
    if (how === 'limit') throw new AppError('RATE_LIMITED', { retry_after_seconds: 1.2 });
    if (how === 'login') throw new AppError('UNAUTHORIZED');
    throw new Error('select secret from vault');
  }

  @Get('hooked/:how')
  async hooked(@Param('how') how: string, @Res({ passthrough: true }) response: KaiwaResponse): Promise<object> {
    response.onReply = async (status, body) => {
      await sleep(5);
      replies.push(`${status} ${body}`);
      if (how === 'bad') throw new Error('hook');
    };
    if (how === 'error') throw new AppError('CONFLICT');
    return { how };
  }

  @Get('scope')
  async scope(@Query('wait') wait: string, @Query('as') as: string): Promise<object> {
    const scope = Scope.get();
    scope.client_id = as;
    await sleep(Number(wait));
    return { client_id: Scope.clientId(), request_id: Scope.get().request_id, address: Scope.get().address, same: Scope.get() === scope };
  }

  @Access('admin')
  @Get('guarded')
  guarded(): object {
    return {};
  }
}

@Module({ controllers: [ProbeController] })
class ProbeModule {}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: Record<string, unknown>;
}

let app: NestExpressApplication;
let adapter: KaiwaExpressAdapter;
let port: number;

interface CallOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  chunked?: boolean;
}

function call(path: string, options: CallOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body, chunked } = options;
    const length = body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = httpRequest({ port, path, method, headers: { ...length, ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const json = /json/.test(response.headers['content-type'] ?? '') && text ? (JSON.parse(text) as Record<string, unknown>) : {};
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return call(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
}

/** Bytes as they are on one connection; answers what came until the server closed or fell silent. */
function talk(text: string, patience_ms = 300): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let heard = '';
    socket.setTimeout(patience_ms, () => socket.destroy());
    socket.on('data', (chunk) => (heard += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(heard));
  });
}

beforeAll(async () => {
  writeFileSync(join(folder, 'file.txt'), 'from a file');
  adapter = new KaiwaExpressAdapter({ trust_proxy: ['loopback'], log: (error) => faults.push(error) });
  app = await NestFactory.create<NestExpressApplication>(ProbeModule, adapter, { logger: false });
  app.useGlobalFilters(new ProblemFilter(adapter.problems));
  app.useGlobalPipes(new CompiledValidationPipe());
  adapter.setOriginPolicy({ isAllowed: (origin) => origin === 'https://app.example.com' });
  adapter.addObserver({
    finished: (_request, response, route) => finished.push({ route, status: response.statusCode, whole: response.writableFinished }),
  });
  app.use('/mounted', (_request: unknown, response: KaiwaResponse) => response.json({ mounted: true }));
  await app.listen(0, '127.0.0.1');
  port = (app.getHttpServer().address() as { port: number }).port;
});

afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  faults.length = replies.length = finished.length = 0;
});

describe('requests and responses behave as Express makes them', () => {
  it('has Express getters, cookies, locals and a query parsed once', async () => {
    const answer = await call('/express?a=1&a=2&b=%E3%81%82', {
      headers: { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https', host: 'kaiwa.example.com:8080', 'user-agent': 'spec' },
    });
    expect(answer.status).toBe(202);
    expect(answer.headers['set-cookie']).toEqual(['token=abc; Path=/; HttpOnly; SameSite=Lax']);
    expect(answer.headers.etag).toBeUndefined();
    expect(answer.headers['x-powered-by']).toBeUndefined();
    expect(answer.json).toMatchObject({
      ip: '203.0.113.9',
      protocol: 'https',
      secure: true,
      hostname: 'kaiwa.example.com',
      path: '/express',
      original: '/express?a=1&a=2&b=%E3%81%82',
      base: '',
      query: { a: ['1', '2'], b: 'あ' },
      same_query: true,
      accepts: 'html',
      agent: 'spec',
      xhr: false,
      back: true,
      locals: 1,
    });
  });

  it('redirects, sends files with ranges, streams', async () => {
    const redirect = await call('/redirect');
    expect([redirect.status, redirect.headers.location]).toEqual([303, '/plain']);
    expect((await call('/file')).text).toBe('from a file');
    const part = await call('/file', { headers: { range: 'bytes=5-5' } });
    expect([part.status, part.text, part.headers['content-range']]).toEqual([206, 'a', 'bytes 5-5/11']);
    expect((await call('/stream')).text).toBe('one two three');
    expect((await call('/missing-file')).json).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('asks what Express has mounted where no route matches', async () => {
    expect((await call('/mounted/deep')).json).toEqual({ mounted: true });
    expect((await call('/api/mounted')).json).toEqual({ mounted: true });
  });
});

describe('replies', () => {
  it('sends objects, written JSON, text and nothing', async () => {
    const plain = await call('/plain');
    expect([plain.text, plain.headers['content-type'], plain.headers['content-length']]).toEqual([
      '{"ok":true}',
      'application/json; charset=utf-8',
      '11',
    ]);
    expect(plain.headers['x-content-type-options']).toBe('nosniff');
    expect((await call('/raw')).text).toBe('[{"a":1}]');
    const text = await call('/text');
    expect([text.text, text.headers['content-type']]).toEqual(['<a/>', 'text/xml; charset=utf-8']);
    const nothing = await call('/nothing', { method: 'DELETE' });
    expect([nothing.status, nothing.text, nothing.headers['content-length']]).toEqual([204, '', undefined]);
  });

  it('waits for the reply hook, and sends the answer where the hook fails', async () => {
    expect((await call('/hooked/good')).json).toEqual({ how: 'good' });
    expect((await call('/hooked/bad')).json).toEqual({ how: 'bad' });
    expect((await call('/hooked/error')).status).toBe(409);
    expect(replies.map((reply) => reply.slice(0, 16))).toEqual(['200 {"how":"good', '200 {"how":"bad"', '409 {"statusCode']);
    expect(faults.map((fault) => (fault.cause as Error).message)).toEqual(['hook']);
  });

  it('answers HEAD by GET, with its headers alone', async () => {
    const head = await call('/plain', { method: 'HEAD' });
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '11']);
  });
});

describe('routing', () => {
  it('serves each route at both prefixes, and only one prefix', async () => {
    expect((await call('/api/plain')).text).toBe('{"ok":true}');
    expect((await call('/api/express?x=1')).json).toMatchObject({ path: '/express', base: '/api', original: '/api/express?x=1', query: { x: '1' } });
    expect((await call('/api/api/plain')).status).toBe(404);
    expect((await call('/apiplain')).status).toBe(404);
    expect((await call('/API/plain')).status).toBe(404);
  });

  it('passes over a trailing slash, minds case, prefers the fixed segment', async () => {
    expect((await call('/plain/')).status).toBe(200);
    expect((await call('/Plain')).status).toBe(404);
    expect((await call('/names/export')).json).toEqual({ fixed: true });
    expect((await call('/names/export', { method: 'PUT' })).json).toEqual({ put: 'export' });
  });

  it.each([
    ['a%2Fb', 'a/b'],
    ['%E9%96%8B%E5%BA%97', '開店'],
    ['50%25', '50%'],
    ['%252F', '%2F'],
    ['a%3Fb', 'a?b'],
    ['a+b', 'a+b'],
    ['...', '...'],
  ])('decodes %s once', async (path, name) => {
    expect((await call(`/names/${path}`)).json).toEqual({ name });
  });

  it('takes names of 500 characters', async () => {
    const name = '問'.repeat(500);
    expect((await call(`/names/${encodeURIComponent(name)}`)).json).toEqual({ name });
  });

  it.each(['.', '..', '%2e', '%2E%2e', 'a%00b'])('refuses the name %s', async (path) => {
    expect(await call(`/names/${path}`)).toMatchObject({ status: 400, json: { code: 'INVALID_NAME' } });
  });

  it.each(['%', '%zz', '%E0%A4', 'a%C0%AF'])('refuses the malformed path %s', async (path) => {
    expect(await call(`/names/${path}`)).toMatchObject({ status: 400, json: { code: 'INVALID_PATH' } });
  });

  it('gives wildcards as Express does: by segment', async () => {
    expect((await call('/tree/a/b%20c/d')).json).toEqual({ path: ['a', 'b c', 'd'] });
    expect((await call('/tree/a/../d')).json).toMatchObject({ code: 'INVALID_NAME' });
  });

  it('answers 404 for an unknown path and for an id that is none', async () => {
    expect(await call('/nowhere')).toMatchObject({ status: 404, json: { statusCode: 404, error: 'Not Found', code: 'NOT_FOUND' } });
    expect((await call('/ids/12')).json).toMatchObject({ code: 'ROOM_NOT_FOUND', message: 'Room not found' });
    expect((await call('/ids/0199A6F0-5D5C-7C3A-9B1E-0F4D7C2A9E10')).json).toEqual({ id: '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10' });
  });

  it('answers 405 with Allow, and OPTIONS by itself', async () => {
    const wrong = await call('/names/x', { method: 'DELETE' });
    expect([wrong.status, wrong.headers.allow, wrong.json.code]).toEqual([405, 'GET, HEAD, OPTIONS, PUT', 'METHOD_NOT_ALLOWED']);
    expect((await call('/echo', { method: 'HEAD' })).headers.allow).toBe('OPTIONS, POST');
    const options = await call('/api/names/x', { method: 'OPTIONS' });
    expect([options.status, options.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS, PUT']);
    expect((await call('/nowhere', { method: 'OPTIONS' })).status).toBe(404);
    expect((await call('/plain', { method: 'PROPFIND' })).status).toBe(405);
  });

  it('takes the absolute form of a URL', async () => {
    expect(await talk('GET http://elsewhere/api/plain?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toContain('{"ok":true}');
  });

  it('refuses to boot with two handlers for one route, or with middleware', () => {
    const other = new KaiwaExpressAdapter();
    const first = Object.defineProperty(() => undefined, 'name', { value: 'A.one' });
    const second = Object.defineProperty(() => undefined, 'name', { value: 'B.two' });
    other.get('/users/:id', first);
    other.put('/users/:id', first);
    expect(() => other.get('/users/:user_id/', second)).toThrow('GET /users/:user_id/ is declared twice: by A.one and by B.two');
    expect(() => other.createMiddlewareFactory()('/x', first)).toThrow('not run by this adapter');
  });
});

describe('bodies', () => {
  it('parses JSON of any shape, also compressed, chunked, or with a charset', async () => {
    expect((await post('/echo', [1, 'あ'])).json).toEqual({ body: [1, 'あ'] });
    expect((await post('/echo', 5)).json).toEqual({ body: 5 });
    const zipped = gzipSync('{"a":1}');
    const json = { 'content-type': 'application/json; charset=UTF-8' };
    expect((await call('/echo', { method: 'POST', body: zipped, headers: { ...json, 'content-encoding': 'gzip' } })).json).toEqual({ body: { a: 1 } });
    expect((await call('/echo', { method: 'POST', body: '{"a":2}', chunked: true, headers: json })).json).toEqual({ body: { a: 2 } });
    const wide = Buffer.from('{"a":"ü"}', 'utf16le');
    expect((await call('/echo', { method: 'POST', body: wide, headers: { 'content-type': 'application/json; charset=utf-16le' } })).json).toEqual({
      body: { a: 'ü' },
    });
    expect((await call('/echo', { method: 'POST' })).json).toEqual({ body: null });
  });

  it.each(['{', '{"a":}', '{"a":1}}', "{'a':1}"])('refuses malformed JSON %s', async (body) => {
    const answer = await call('/echo', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect([answer.status, answer.json.code]).toEqual([400, 'MALFORMED_JSON']);
  });

  it('refuses broken UTF-8 and other media types', async () => {
    const broken = await call('/echo', { method: 'POST', body: Buffer.from([0x22, 0xff, 0x22]), headers: { 'content-type': 'application/json' } });
    expect(broken.json.code).toBe('MALFORMED_JSON');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', '']) {
      expect(await call('/echo', { method: 'POST', body: 'a=1', headers: { 'content-type': type } })).toMatchObject({
        status: 415,
        json: { code: 'UNSUPPORTED_MEDIA_TYPE' },
      });
    }
  });

  it('refuses what is too large, so that the sender reads it, and goes on with what a route takes', async () => {
    const large = { text: 'x'.repeat(300 * 1024) };
    expect(await post('/echo', large)).toMatchObject({ status: 413, json: { code: 'PAYLOAD_TOO_LARGE' } });
    const body = JSON.stringify(large);
    const headers = { 'content-type': 'application/json' };
    expect((await call('/echo', { method: 'POST', body, headers, chunked: true })).status).toBe(413);
    const bomb = gzipSync(Buffer.alloc(3_000_000, 0x20));
    expect((await call('/echo', { method: 'POST', body: bomb, headers: { ...headers, 'content-encoding': 'gzip' } })).status).toBe(413);
    const huge = Buffer.alloc(20 * 1024 * 1024, 0x20);
    expect((await call('/echo', { method: 'POST', body: huge, headers })).status).toBe(413);
    expect((await call('/echo', { method: 'POST', body: huge, headers, chunked: true })).status).toBe(413);
    expect((await post('/big', large)).json.length).toBe(body.length);
  });

  it('takes forms and raw bytes where a route says so', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await call('/form', { method: 'POST', body: 'a=1&b=%E3%81%82', headers: form })).json).toEqual({ a: '1', b: 'あ' });
    expect((await post('/form', { a: 1 })).json).toEqual({ a: 1 });
    expect((await call('/bytes', { method: 'POST', body: Buffer.from([0, 255]), headers: { 'content-type': 'x/y' } })).json).toEqual({ raw: '00ff' });
  });

  it('survives a client that goes away midway', async () => {
    await talk('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":', 50);
    await sleep(30);
    expect(finished).toEqual([{ route: '/echo', status: 200, whole: false }]);
    expect(adapter.in_flight).toBe(0);
    expect((await call('/plain')).status).toBe(200);
  });

  it('validates bodies and queries', async () => {
    expect((await post('/notes', { text: 'hello' })).json).toEqual({ text: 'hello', typed: true });
    const wrong = await call('/notes', { method: 'POST', body: '{"__proto__":{"x":1},"other":2}', headers: { 'content-type': 'application/json' } });
    expect(wrong).toMatchObject({ status: 400, json: { code: 'VALIDATION_FAILED', message: 'Some fields are not valid' } });
    expect(wrong.json.details).toEqual([
      { field: '__proto__', message: 'is not a known field' },
      { field: 'other', message: 'is not a known field' },
      { field: 'text', message: 'is required' },
    ]);
    expect((await post('/notes', [])).json.details).toEqual([{ field: '', message: 'must be an object' }]);
    expect((await call('/pages?limit=abc&client_id=x')).json.details).toEqual([{ field: 'limit', message: 'must be an integer from 1 to 200' }]);
  });

  it('links to the next page under the prefix that was asked', async () => {
    const page = await call('/api/pages?limit=7&q=a%26b&cursor=old', { headers: { host: 'kaiwa.example.com' } });
    expect(page.json).toEqual({ limit: 7, cursor: 'old' });
    expect(page.headers.link).toBe('<http://kaiwa.example.com/api/pages?limit=7&q=a%26b&cursor=next+one>; rel="next"');
    expect((await call('/pages?limit=')).json).toEqual({ limit: 50, cursor: null });
  });
});

describe('errors', () => {
  it('hides what is ours and logs it', async () => {
    const answer = await call('/fails/now', { headers: { 'x-request-id': 'abc.1' } });
    expect(answer.json).toEqual({
      statusCode: 500,
      error: 'Internal Server Error',
      code: 'INTERNAL_ERROR',
      message: 'Internal server error',
      request_id: 'abc.1',
    });
    expect((faults[0]?.cause as Error).message).toBe('select secret from vault');
  });

  it('says when to come back and how to sign in', async () => {
    expect((await call('/fails/limit')).headers['retry-after']).toBe('2');
    expect((await call('/fails/login')).headers['www-authenticate']).toBe('Bearer');
  });

  it('cuts the connection where half an answer was sent', async () => {
    await expect(call('/late-error')).rejects.toThrow('aborted');
    await expect(call('/broken-stream')).rejects.toThrow('aborted');
    expect(faults).toHaveLength(1);
  });
});

describe('the front', () => {
  it('takes a sane request id and makes one otherwise', async () => {
    expect((await call('/plain', { headers: { 'x-request-id': 'a_b-1.2' } })).headers['x-request-id']).toBe('a_b-1.2');
    const made = (await call('/plain', { headers: { 'x-request-id': 'a b' } })).headers['x-request-id'];
    expect(made).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect((await call('/nowhere')).json.request_id).toMatch(/-7/);
  });

  it('answers allowed origins and preflights, and leaves others without headers', async () => {
    const allowed = await call('/nowhere', { headers: { origin: 'https://app.example.com' } });
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
    expect(allowed.headers['access-control-expose-headers']).toContain('Idempotency-Replayed');
    const other = await call('/plain', { headers: { origin: 'https://evil.example.com' } });
    expect([other.status, other.headers['access-control-allow-origin'], other.headers.vary]).toEqual([200, undefined, 'Origin']);
    const preflight = { 'access-control-request-method': 'PUT' };
    const asked = await call('/names/x', { method: 'OPTIONS', headers: { ...preflight, origin: 'https://app.example.com' } });
    expect([asked.status, asked.headers['access-control-max-age']]).toEqual([204, '600']);
    expect(asked.headers['access-control-allow-headers']).toContain('idempotency-key');
    const refused = await call('/names/x', { method: 'OPTIONS', headers: { ...preflight, origin: 'https://evil.example.com' } });
    expect([refused.status, refused.headers['access-control-allow-methods']]).toEqual([204, undefined]);
  });

  it('keeps two requests of one connection apart, whatever their order', async () => {
    const head = 'HTTP/1.1\r\nHost: a\r\n';
    const heard = await talk(`GET /scope?as=one&wait=60 ${head}x-request-id: r1\r\n\r\nGET /scope?as=two&wait=5 ${head}x-request-id: r2\r\n\r\n`);
    expect([...heard.matchAll(/\{.*?\}/g)].map(([json]) => JSON.parse(json) as object)).toEqual([
      { client_id: 'one', request_id: 'r1', address: '127.0.0.1', same: true },
      { client_id: 'two', request_id: 'r2', address: '127.0.0.1', same: true },
    ]);
  });

  it('counts a request that waited behind another on a connection that closed', async () => {
    await talk('GET /scope?as=a&wait=150 HTTP/1.1\r\nHost: a\r\n\r\nGET /scope?as=b&wait=150 HTTP/1.1\r\nHost: a\r\n\r\n', 40);
    await sleep(250);
    expect(adapter.in_flight).toBe(0);
    expect(finished).toHaveLength(2);
  });

  it('tells observers of each exchange once, with the route as it was declared', async () => {
    await call('/names/x');
    await call('/nowhere');
    await sleep(10);
    expect(finished).toEqual([
      { route: '/names/:name', status: 200, whole: true },
      { route: undefined, status: 404, whole: true },
    ]);
  });
});

describe('shutdown', () => {
  it('closes connections with their answers and knows when nothing is in flight', async () => {
    const slow = call('/scope?as=a&wait=80');
    await sleep(30);
    adapter.beginShutdown();
    expect(await adapter.drained(10)).toBe(false);
    const [answer, drained] = await Promise.all([slow, adapter.drained(1_000)]);
    expect([answer.status, drained]).toEqual([200, true]);
    expect((await call('/plain', { headers: { connection: 'keep-alive' } })).headers.connection).toBe('close');
  });
});
