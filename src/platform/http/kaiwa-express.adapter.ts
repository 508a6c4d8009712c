import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { type NestApplicationOptions, StreamableFile } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import express, { type Express, type NextFunction } from 'express';
import { Page, WrittenPage } from '../database/index.js';
import { AppError } from '../errors/index.js';
import { Scope } from '../scope/index.js';
import { bearPrototypes, type BornPrototypes, HttpScope, rememberAddress } from './born-prototypes.js';
import { answerBrokenRequests } from './broken-request.js';
import { BodyReader, hasBody, timedOut } from './body-reader.js';
import type { KaiwaRequest, KaiwaResponse, RouteHandler, RouteMethod, RouteRecord } from './exchange.js';
import { type ExchangeObserver, ExchangeTracker } from './exchange-tracker.js';
import { answerPreflight, isPreflight, type OriginPolicy, setOriginHeaders } from './origin-policy.js';
import { setNextLink } from './page-query.dto.js';
import { type FaultReport, Problems } from './problem.filter.js';
import { RawJson } from './raw-json.js';
import { JSON_TYPE, sendText } from './reply.js';
import { requestIdOf } from './request-id.js';
import { ROUTE_METHODS, type RouteMatch, RouteTable } from './route-table.js';

export interface KaiwaAdapterOptions {
  /** Express's `trust proxy`. */
  trust_proxy?: boolean | number | string[];
  /** Where clients reach the server, for links; undefined where only the request can tell. */
  public_url?: string | undefined;
  /** How long a whole request may take to arrive; 120 s where none is given. */
  request_timeout_ms?: number;
  /** Told of every 5xx with its cause. */
  log?: FaultReport;
  /** Where WebSockets come in, without a slash at the end; everywhere else, and to other protocols, no connection changes. */
  websocket_path?: string;
}

/** How long a client may take for its request's head, and how long a connection may be idle. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 120_000;
/** How long a file may take that its route streams; routes watch for silence themselves. */
const STREAM_TIMEOUT_MS = 6 * 3_600_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const ARRIVAL_CHECK_MS = 10_000;

/**
 * Nest on Express, with everything that a request needs before its handler decided in one function: request id, prefix, CORS,
 * route, body, scope. Requests and responses are Express's, so that whatever is made for Express works on them; what
 * Express's own `use()` mounted is asked where no route matches.
 */
export class KaiwaExpressAdapter extends ExpressAdapter {
  /** Answers errors; the global exception filter uses the same. */
  readonly problems: Problems;
  private readonly app: Express;
  private readonly born: BornPrototypes;
  private readonly table = new RouteTable();
  private readonly bodies = new BodyReader();
  private readonly exchanges = new ExchangeTracker();
  private readonly connections = new Set<Socket>();
  /** Requests whose bodies are on their way, but for those that a route streams; with the answer, where nothing is done before the body is there. */
  private readonly arriving = new Map<KaiwaRequest, KaiwaResponse | null>();
  private readonly request_timeout_ms: number;
  private readonly websocket_path: string | null;
  private policy: OriginPolicy | null = null;

  constructor(options: KaiwaAdapterOptions = {}) {
    const app = express();
    app.disable('x-powered-by');
    app.set('etag', false);
    app.set('query parser', 'simple');
    app.set('trust proxy', options.trust_proxy ?? false);
    app.set('public url', options.public_url);
    super(app);
    this.app = app;
    this.born = bearPrototypes(app);
    this.problems = new Problems(options.log ?? (() => undefined));
    this.request_timeout_ms = options.request_timeout_ms ?? REQUEST_TIMEOUT_MS;
    this.websocket_path = options.websocket_path ?? null;
  }

  /** The routes that were registered: for sweeps over all of them. */
  get routes(): readonly RouteRecord[] {
    return this.table.routes;
  }

  /** Exchanges that are open now. */
  get in_flight(): number {
    return this.exchanges.in_flight;
  }

  /** Sets who may call from another origin; without a policy nobody may. */
  setOriginPolicy(policy: OriginPolicy): void {
    this.policy = policy;
  }

  /** Adds an observer of finished exchanges: the request log, metrics. */
  addObserver(observer: ExchangeObserver): void {
    this.exchanges.observe(observer);
  }

  /** Answers close their connections from now on, and idle connections are closed; requests are still served. */
  beginShutdown(): void {
    this.exchanges.beginShutdown();
  }

  /** Ends every connection that is still open, whatever it is in the middle of: a half-sent request, a socket whose client sleeps. */
  cutConnections(): void {
    for (const socket of this.connections) socket.destroy();
  }

  /** True once nothing is in flight; false where `timeout_ms` pass before. */
  drained(timeout_ms: number): Promise<boolean> {
    return this.exchanges.drained(timeout_ms);
  }

  override initHttpServer(options: NestApplicationOptions): void {
    const settings: http.ServerOptions = {
      IncomingMessage: this.born.IncomingMessage,
      ServerResponse: this.born.ServerResponse,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: Math.max(STREAM_TIMEOUT_MS, this.request_timeout_ms),
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      // Else Node keeps the first of two `Host` or `Authorization` headers without a word; so they are seen, and fit nothing.
      joinDuplicateHeaders: true,
      // Else whoever only offers another protocol, as Java's client offers HTTP/2, would wait for an answer that nobody gives.
      shouldUpgradeCallback: (request) => this.mayUpgrade(request),
      // The front answers those without one in the words of all other errors.
      requireHostHeader: false,
    };
    const tls = options?.httpsOptions;
    const listener = this.handle as unknown as http.RequestListener;
    const server = tls
      ? https.createServer({ ...(tls as https.ServerOptions), ...settings }, listener)
      : http.createServer(settings, listener);
    server.on(tls ? 'secureConnection' : 'connection', rememberAddress);
    server.on('connection', (socket: Socket) => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
    answerBrokenRequests(server);
    const watch = setInterval(() => this.cutLate(), Math.min(ARRIVAL_CHECK_MS, this.request_timeout_ms));
    watch.unref();
    server.once('close', () => clearInterval(watch));
    this.httpServer = server;
    this.exchanges.watch(server);
  }

  private mayUpgrade({ url, headers }: http.IncomingMessage): boolean {
    const path = this.websocket_path;
    return path !== null && headers.upgrade?.toLowerCase() === 'websocket' && url?.startsWith(`${path}/`) === true;
  }

  /** Refuses requests that take too long to arrive, and ends their connections; one timer for all of them, where one for each would cost each request. */
  private cutLate(): void {
    const latest = performance.now() - this.request_timeout_ms;
    for (const [request, response] of this.arriving) {
      const is_over = request.complete || request.destroyed;
      if (is_over || request.started_ms < latest) this.arriving.delete(request);
      if (is_over || request.started_ms >= latest) continue;
      if (response === null) request.socket.destroy();
      else this.fail(request, response, timedOut(request));
    }
  }

  /** Bodies are read by each route's options; nothing is parsed for all. */
  override registerParserMiddleware(): void {}

  /** Unknown paths are answered by the front. */
  override setNotFoundHandler(): void {}

  /** Errors of mounted middleware are answered by the front. */
  override setErrorHandler(): void {}

  /** Nest's middleware would run on no route of ours, silently: the boot fails instead. */
  override createMiddlewareFactory(): (path: string, callback: unknown) => unknown {
    return (path) => {
      throw new Error(`Middleware (${path}) is not run by this adapter; use a guard, an interceptor or an observer`);
    };
  }

  override getRouteMatchingOptions(): { caseSensitive: boolean; ignoreTrailingSlash: boolean } {
    return { caseSensitive: true, ignoreTrailingSlash: true };
  }

  override isRouteOrderSensitive(): boolean {
    return false;
  }

  override get(...args: unknown[]): unknown {
    // Express reads a setting by `get(name)`.
    if (args.length === 1) return this.app.get(args[0] as string);
    return this.register('GET', args);
  }

  override head(...args: unknown[]): unknown {
    return this.register('HEAD', args);
  }

  override post(...args: unknown[]): unknown {
    return this.register('POST', args);
  }

  override put(...args: unknown[]): unknown {
    return this.register('PUT', args);
  }

  override patch(...args: unknown[]): unknown {
    return this.register('PATCH', args);
  }

  override delete(...args: unknown[]): unknown {
    return this.register('DELETE', args);
  }

  override options(...args: unknown[]): unknown {
    return this.register('OPTIONS', args);
  }

  override all(...args: unknown[]): unknown {
    for (const method of ROUTE_METHODS) this.register(method, args);
    return this;
  }

  private register(method: RouteMethod, args: unknown[]): this {
    const [path, handler] = args.length === 1 ? ['/', args[0]] : args;
    if (typeof path !== 'string' || typeof handler !== 'function' || args.length > 2) {
      throw new Error(`${method} ${String(path)}: a route takes one path and one handler`);
    }
    this.table.add(method, path.startsWith('/') ? path : `/${path}`, handler as RouteHandler);
    return this;
  }

  override status(response: KaiwaResponse, statusCode: number): KaiwaResponse {
    response.statusCode = statusCode;
    return response;
  }

  /** Sends what a handler returned: {@link RawJson} as it is, pages with their `Link`, objects as JSON, strings as text, streams as Nest does. */
  override reply(response: KaiwaResponse, body: unknown, statusCode?: number): unknown {
    const status = statusCode ?? response.statusCode;
    if (body instanceof RawJson) return sendText(response, body.status ?? status, JSON_TYPE, body.json, this.hookFault(response));
    if (body === undefined || body === null) return sendText(response, status, JSON_TYPE, '', this.hookFault(response));
    if (body instanceof Page || body instanceof WrittenPage) return this.replyPage(response, status, body);
    if (body instanceof StreamableFile || Buffer.isBuffer(body)) return super.reply(response, body, statusCode) as unknown;
    if (typeof body === 'object') return sendText(response, status, JSON_TYPE, JSON.stringify(body), this.hookFault(response));
    return sendText(
      response,
      status,
      'text/plain; charset=utf-8',
      typeof body === 'string' ? body : JSON.stringify(body),
      this.hookFault(response),
    );
  }

  private replyPage(response: KaiwaResponse, status: number, page: Page<unknown> | WrittenPage): unknown {
    if (page.next_cursor !== null) setNextLink(response, response.req, { cursor: page.next_cursor });
    const json = page instanceof WrittenPage ? page.json : JSON.stringify(page.items);
    return sendText(response, status, JSON_TYPE, json, this.hookFault(response));
  }

  private hookFault(response: KaiwaResponse): (error: unknown) => void {
    return (error) => this.problems.report(response.req, error);
  }

  /** The front: all that a request needs before its handler, in the order of what it costs. */
  private readonly handle = (request: KaiwaRequest, response: KaiwaResponse): void => {
    request.started_ms = performance.now();
    request.res = response;
    const request_id = (request.request_id = requestIdOf(request.headers['x-request-id']));
    request.scope = new HttpScope(request, request_id);
    request.originalUrl = request.url;
    this.exchanges.begin(request, response);
    try {
      response.setHeader('X-Request-Id', request_id);
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Referrer-Policy', 'no-referrer');
      if (this.policy !== null) setOriginHeaders(this.policy, request, response);
      this.route(request, response);
    } catch (error) {
      this.fail(request, response, error);
    }
  };

  private route(request: KaiwaRequest, response: KaiwaResponse): void {
    if (!namesOneHost(request)) throw new AppError('INVALID_HOST');
    stripPrefix(request);
    if (request.method === 'OPTIONS' && (request.url === '*' || isPreflight(request))) return answerPreflight(response);
    const match = this.table.find(request.method, request.url);
    if (match?.route.options.body !== 'stream' && hasBody(request)) this.arriving.set(request, null);
    if (match === null) return this.fallBack(request, response);
    const { route } = match;
    request.route = route;
    request.params = match.params as Record<string, string>;
    const { method } = request;
    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || !hasBody(request)) return this.run(match, request, response);
    const is_awaited = this.arriving.has(request);
    if (is_awaited) this.arriving.set(request, response);
    this.bodies.read(request, response, route.options, (error) => {
      // It came too late, and was refused.
      if (is_awaited && !this.arriving.delete(request)) return;
      if (error === undefined) this.run(match, request, response);
      else this.fail(request, response, error);
    });
  }

  private run(match: RouteMatch, request: KaiwaRequest, response: KaiwaResponse): void {
    const next: NextFunction = (error?: unknown) => {
      if (error === undefined || error === 'route') this.fallBack(request, response);
      else this.fail(request, response, error);
    };
    request.next = next;
    try {
      const result = Scope.run(request.scope, () => match.route.handler(request, response, next));
      if (result instanceof Promise) result.catch((error: unknown) => this.fail(request, response, error));
    } catch (error) {
      this.fail(request, response, error);
    }
  }

  /** Asks what `use()` mounted, then answers 404, 405, or OPTIONS by itself. */
  private fallBack(request: KaiwaRequest, response: KaiwaResponse): void {
    const done: NextFunction = (error?: unknown) => {
      if (error) return this.fail(request, response, error);
      const allowed = this.table.allowed(request.url);
      if (allowed.length === 0) return this.fail(request, response, new AppError('NOT_FOUND'));
      const Allow = allowed.join(', ');
      if (request.method === 'OPTIONS') response.writeHead(204, { Allow }).end();
      else this.fail(request, response, new AppError('METHOD_NOT_ALLOWED', { headers: { Allow } }));
    };
    Scope.run(request.scope, () => this.app(request, response, done));
  }

  private fail(request: KaiwaRequest, response: KaiwaResponse, error: unknown): void {
    this.problems.answer(request, response, this.mapException(error));
  }
}

/**
 * False where a request has two Host headers (RFC 9112, section 3.2), which are joined here: a proxy in front may have believed the other
 * one; and where it has none, which HTTP/1.0 alone may do without.
 */
export function namesOneHost({ headers, httpVersion }: http.IncomingMessage): boolean {
  return headers.host === undefined ? httpVersion === '1.0' : !headers.host.includes(',');
}

/** `/api/rooms` is `/rooms` (contract, section 0): the prefix goes to `baseUrl`, as under an Express mount. */
function stripPrefix(request: KaiwaRequest): void {
  let url = request.url;
  if (url.charCodeAt(0) !== 47 && url !== '*') {
    // The absolute form, which proxies use (RFC 9112, section 3.2.2).
    const absolute = URL.parse(url);
    if (absolute === null) throw new AppError('INVALID_PATH');
    url = request.url = request.originalUrl = absolute.pathname + absolute.search;
  }
  if (!url.startsWith('/api')) return;
  const after = url.charCodeAt(4);
  if (after === 47) request.url = url.slice(4);
  else if (Number.isNaN(after) || after === 63) request.url = `/${url.slice(4)}`;
  else return;
  request.baseUrl = '/api';
}
