import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import { Body, Controller, Delete, Get, Header, HttpCode, Module, Param, Post, Put, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Page, WrittenPage } from '../../src/platform/database/index.js';
import { AppError } from '../../src/platform/errors/index.js';
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
} from '../../src/platform/http/index.js';
import { Scope } from '../../src/platform/scope/index.js';

const folder = mkdtempSync(join(tmpdir(), 'kaiwa-http-'));

/** What the reply hook was given, since the last {@link Probe.forget}. */
const replies: string[] = [];

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
    const app = request.app as unknown as Express;
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
      born: Object.getPrototypeOf(request) === app.request && Object.getPrototypeOf(response) === app.response,
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
  pages(@Query() { limit, cursor }: PageQuery): Page<object> {
    return new Page([{ limit, cursor: cursor ?? null }], cursor === 'last' ? null : 'next one');
  }

  @Get('written-pages')
  writtenPages(@Query() query: PageQuery): WrittenPage {
    return this.pages(query).written((item) => JSON.stringify(item));
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

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: Record<string, unknown>;
}

export interface CallOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  chunked?: boolean;
}

/** A tiny application on the adapter, and a client that sees every byte. */
export class Probe {
  readonly faults: AppError[] = [];
  readonly replies = replies;
  readonly finished: Array<{ route: string | undefined; status: number; whole: boolean }> = [];
  readonly adapter: KaiwaExpressAdapter;
  private app: NestExpressApplication;
  port = 0;

  constructor(options: { request_timeout_ms?: number } = {}) {
    this.adapter = new KaiwaExpressAdapter({ trust_proxy: ['loopback'], log: (error) => this.faults.push(error), ...options });
  }

  async start(): Promise<void> {
    writeFileSync(join(folder, 'file.txt'), 'from a file');
    const { adapter } = this;
    this.app = await NestFactory.create<NestExpressApplication>(ProbeModule, adapter, { logger: false });
    this.app.useGlobalFilters(new ProblemFilter(adapter.problems));
    this.app.useGlobalPipes(new CompiledValidationPipe());
    adapter.setOriginPolicy({ isAllowed: (origin) => origin === 'https://app.example.com' });
    adapter.addObserver({
      finished: (_request, response, route) => this.finished.push({ route, status: response.statusCode, whole: response.writableFinished }),
    });
    this.app.use('/mounted', (_request: unknown, response: KaiwaResponse) => response.json({ mounted: true }));
    await this.app.listen(0, '127.0.0.1');
    this.port = (this.app.getHttpServer().address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await this.app.close();
    rmSync(folder, { recursive: true, force: true });
  }

  forget(): void {
    this.faults.length = this.replies.length = this.finished.length = 0;
  }

  call(path: string, options: CallOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { method = 'GET', headers = {}, body, chunked } = options;
      const length = body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const request = httpRequest({ port: this.port, path, method, headers: { ...length, ...headers }, agent: false }, (response) => {
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

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
  }

  /** Bytes as they are on one connection; answers what came until the server closed or fell silent. */
  talk(text: string, patience_ms = 300): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write(text));
      let heard = '';
      socket.setTimeout(patience_ms, () => socket.destroy());
      socket.on('data', (chunk) => (heard += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(heard));
    });
  }
}
