import { isUtf8 } from 'node:buffer';
import bodyParser from 'body-parser';
import { AppError } from '../errors/index.js';
import { AlreadyAnswered } from './already-answered.js';
import type { KaiwaRequest, KaiwaResponse } from './exchange.js';
import type { RouteOptions } from './route-options.js';

type Done = (error?: unknown) => void;

/** How long a client that was refused may go on sending before its connection is cut, so that it comes to read the refusal. */
const LINGER_MS = 5_000;
/** A client that sends nothing for so long has gone. */
const SILENCE_MS = 60_000;

const PLAIN_JSON = /^application\/(?:[\w.-]+\+)?json(?:\s*;\s*charset="?utf-?8"?)?\s*$/i;
const ANY_JSON = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** True where the request brings a body at all. */
export function hasBody(request: KaiwaRequest): boolean {
  const headers = request.headers;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0');
}

/**
 * Reads and parses bodies by a route's options, into `req.body`. Reports UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE or
 * MALFORMED_JSON; a client that goes away midway gets no call, because nobody is there to answer.
 */
export class BodyReader {
  private readonly parsers = new Map<string, ReturnType<typeof bodyParser.json>>();

  read(request: KaiwaRequest, response: KaiwaResponse, options: RouteOptions, done: Done): void {
    const { body: kind, body_limit_bytes: limit } = options;
    if (kind === 'stream') return done();
    if (kind === 'none') {
      request.resume();
      return done();
    }
    const type = request.headers['content-type'] ?? '';
    if (kind !== 'raw' && !ANY_JSON.test(type) && !(kind === 'form' && FORM.test(type))) {
      linger(request);
      return done(new AppError('UNSUPPORTED_MEDIA_TYPE'));
    }
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      linger(request);
      return done(new AppError('PAYLOAD_TOO_LARGE'));
    }
    const encoding = request.headers['content-encoding'];
    const plain = encoding === undefined || encoding === 'identity';
    if (kind === 'raw' && plain) return readBytes(request, limit, keepRaw, done);
    if (plain && PLAIN_JSON.test(type)) return readBytes(request, limit, parseJson, done);
    this.parse(request, response, kind === 'raw' ? 'raw' : FORM.test(type) ? 'urlencoded' : 'json', limit, done);
  }

  /** Forms, compressed bodies and other charsets than UTF-8: body-parser knows them all. */
  private parse(request: KaiwaRequest, response: KaiwaResponse, parser: 'json' | 'urlencoded' | 'raw', limit: number, done: Done): void {
    let finished = false;
    const finish = (error?: unknown): void => {
      if (finished) return;
      finished = true;
      done(error === undefined ? undefined : toRefusal(error));
    };
    this.parser(parser, limit)(request, response, (error?: unknown) => {
      if (parser === 'raw' && Buffer.isBuffer(request.body)) request.rawBody = request.body;
      finish(error);
    });
    // body-parser reads an oversized body to its end before it says so; the bytes on the wire are counted here besides.
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit || finished) return;
      linger(request);
      finish(new AppError('PAYLOAD_TOO_LARGE'));
    });
  }

  private parser(name: 'json' | 'urlencoded' | 'raw', limit: number): ReturnType<typeof bodyParser.json> {
    const key = `${name} ${limit}`;
    let parser = this.parsers.get(key);
    if (!parser) {
      if (name === 'json') parser = bodyParser.json({ limit, strict: false, type: () => true });
      else if (name === 'raw') parser = bodyParser.raw({ limit, type: () => true });
      else parser = bodyParser.urlencoded({ limit, extended: false, parameterLimit: 1_000, type: () => true });
      this.parsers.set(key, parser);
    }
    return parser;
  }
}

/** The common case: bytes as they are. A third of body-parser's cost, because it looks at nothing that was decided already. */
function readBytes(request: KaiwaRequest, limit: number, use: (request: KaiwaRequest, bytes: Buffer) => void, done: Done): void {
  let first: Buffer | null = null;
  let chunks: Buffer[] | null = null;
  let size = 0;
  let refused = false;
  request.on('data', (chunk: Buffer) => {
    if (refused) return;
    size += chunk.length;
    if (size > limit) {
      refused = true;
      first = chunks = null;
      linger(request);
      return done(new AppError('PAYLOAD_TOO_LARGE'));
    }
    if (first === null) first = chunk;
    else (chunks ??= [first]).push(chunk);
  });
  request.on('end', () => {
    if (refused) return;
    try {
      use(request, chunks ? Buffer.concat(chunks, size) : (first ?? Buffer.alloc(0)));
    } catch (error) {
      return done(error);
    }
    done();
  });
}

function keepRaw(request: KaiwaRequest, bytes: Buffer): void {
  request.rawBody = bytes;
  request.body = bytes;
}

function parseJson(request: KaiwaRequest, bytes: Buffer): void {
  if (bytes.length === 0) return;
  if (!isUtf8(bytes)) throw new AppError('MALFORMED_JSON');
  const text = bytes.toString();
  try {
    request.body = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) as unknown;
  } catch {
    throw new AppError('MALFORMED_JSON');
  }
}

/** What body-parser's complaints are in our table. */
function toRefusal(error: unknown): unknown {
  const status = (error as { status?: unknown } | null)?.status;
  if (status === 413) return new AppError('PAYLOAD_TOO_LARGE');
  if (status === 415) return new AppError('UNSUPPORTED_MEDIA_TYPE');
  if (status === 400) return new AppError('MALFORMED_JSON');
  return error;
}

/**
 * What a route streams, as it comes. Its reader may stop early and still answer: stock iteration would end the connection with it.
 * @throws REQUEST_TIMEOUT where nothing comes for `silence_ms`
 */
export async function* streamed(request: KaiwaRequest, silence_ms = SILENCE_MS): AsyncGenerator<Buffer> {
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  const silence = Promise.withResolvers<never>();
  silence.promise.catch(() => undefined);
  const onSilence = (): void => silence.reject(timedOut(request));
  request.setTimeout(silence_ms, onSilence);
  try {
    for (;;) {
      const next = chunks.next();
      // Whoever stopped waiting for it hears nothing of its failure.
      next.catch(() => undefined);
      const result = await Promise.race([next, silence.promise]);
      if (result.done) return;
      yield result.value;
    }
  } finally {
    request.off('timeout', onSilence);
    // What is done with it may take longer.
    request.setTimeout(0);
  }
}

/**
 * Reads the body that a route streams, whole, into `req.body`, where something besides the route must have seen it.
 * @throws PAYLOAD_TOO_LARGE beyond `limit` bytes; REQUEST_TIMEOUT; AlreadyAnswered where the client went away, whom nobody answers
 */
export async function readStreamed(request: KaiwaRequest, limit: number, silence_ms = SILENCE_MS): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of streamed(request, silence_ms)) {
      size += chunk.length;
      if (size > limit) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw request.destroyed && !request.complete ? new AlreadyAnswered() : error;
  }
  if (size > limit) {
    linger(request);
    throw new AppError('PAYLOAD_TOO_LARGE', { headers: { Connection: 'close' } });
  }
  request.body = Buffer.concat(chunks, size);
}

/** The refusal of a request whose body does not come; its connection ends with the answer. */
export function timedOut(request: KaiwaRequest): AppError {
  linger(request);
  return new AppError('REQUEST_TIMEOUT', { headers: { Connection: 'close' } });
}

/**
 * Lets a refused client send on for a while: an early close resets the connection, and the client loses the answer that was
 * on its way. Nothing of what it sends is kept.
 */
export function linger(request: KaiwaRequest): void {
  request.resume();
  const { socket } = request;
  setTimeout(() => {
    if (!request.complete) socket.destroy();
  }, LINGER_MS).unref();
}
