import 'reflect-metadata';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { SecretBox } from '../../platform/crypto/index.js';
import { AppError } from '../../platform/errors/index.js';
import {
  AlreadyAnswered,
  type IdempotencyRefusal,
  type KaiwaRequest,
  type KaiwaResponse,
  Logger,
  NO_IDEMPOTENCY,
  NO_IDEMPOTENCY_WHEN,
  readStreamed,
} from '../../platform/http/index.js';
import { Scope } from '../../platform/scope/index.js';
import { canonicalHash } from './canonical-json.js';
import { type EarlierRequest, type IdempotentRequest, IdempotencyRepository } from './idempotency.repository.js';

/** 1–255 visible ASCII characters. */
const KEY = /^[\x21-\x7e]{1,255}$/;
/** Headers that belong to an answer and are given again with it. */
const KEPT_HEADERS = ['Location', 'ETag', 'Link'];

/**
 * `Idempotency-Key` on a POST by a signed-in caller (contract, section 0): the same request again gets the first answer. Costs nothing
 * where the header is missing.
 */
@Injectable()
export class IdempotencyGuard implements CanActivate {
  constructor(
    private readonly config: Config,
    private readonly keys: IdempotencyRepository,
    private readonly box: SecretBox,
    private readonly logger: Logger,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.getArgByIndex<KaiwaRequest>(0);
    const key = request.headers['idempotency-key'];
    if (key === undefined || request.method !== 'POST') return true;
    const refuses = Reflect.getMetadata(NO_IDEMPOTENCY_WHEN, context.getHandler()) as IdempotencyRefusal | undefined;
    const is_refused = Reflect.getMetadata(NO_IDEMPOTENCY, context.getHandler()) === true || refuses?.(request) === true;
    if (is_refused) throw new AppError('IDEMPOTENCY_NOT_SUPPORTED');
    const { actor } = request.scope;
    if (!actor) return true;
    if (typeof key !== 'string' || !KEY.test(key)) throw new AppError('INVALID_IDEMPOTENCY_KEY');
    const wanted = { actor_id: `${actor.kind}:${actor.id}`, route: `POST ${pathOf(request.url)}`, key };
    // The operator's own routes run in no tenant; what was answered there is kept with the default one.
    const client_id = request.scope.client_id ?? this.config.env.DEFAULT_CLIENT_ID;
    return Scope.runAs(client_id, () => this.claim(wanted, request, context.getArgByIndex<KaiwaResponse>(1)));
  }

  private async claim(wanted: IdempotentRequest, request: KaiwaRequest, response: KaiwaResponse): Promise<boolean> {
    const said = canonicalHash([queryOf(request.url), await bodyOf(request)]);
    const request_hash = this.box.fingerprint(said);
    // Twice, because the request before may free the key between the two statements.
    for (let attempt = 0; attempt < 2; attempt++) {
      const lock = await this.keys.claim(wanted, request_hash);
      if (lock !== null) {
        this.watch(wanted, lock, response);
        return true;
      }
      const earlier = await this.keys.find(wanted);
      if (earlier === null) continue;
      if (earlier.request_hash !== request_hash) throw new AppError('IDEMPOTENCY_KEY_REUSED');
      if (earlier.status === null) break;
      replay(earlier, earlier.status, response);
    }
    throw new AppError('IDEMPOTENCY_IN_PROGRESS', { retry_after_seconds: 1 });
  }

  /** Keeps the answer before it is sent. What is worth trying again, and an answer that was no JSON, frees the key. */
  private watch(wanted: IdempotentRequest, lock: Date, response: KaiwaResponse): void {
    const client_id = Scope.clientId();
    let settled = false;
    const settle = (work: () => Promise<void>): Promise<void> => {
      settled = true;
      return Scope.runAs(client_id, work);
    };
    response.onReply = async (status, body) => {
      const headers = Object.fromEntries(
        KEPT_HEADERS.flatMap((name) => (response.hasHeader(name) ? [[name, response.getHeader(name)]] : [])),
      );
      if (isFinal(status, body)) await settle(() => this.keys.keep(wanted, lock, status, body, headers));
      else await settle(() => this.keys.release(wanted, lock));
    };
    // A client that went away early comes again: the work goes on, and its answer is kept for then.
    response.once('close', () => {
      if (settled || !response.writableEnded) return;
      settle(() => this.keys.release(wanted, lock)).catch((error: unknown) =>
        this.logger.warn({ err: error }, 'an Idempotency-Key was not freed'),
      );
    });
  }
}

/** What the body says; one that its route streams is read first, now that it is known who sends it. The same bytes of another type say something else. */
async function bodyOf(request: KaiwaRequest): Promise<unknown> {
  const { body: kind, body_limit_bytes } = request.route!.options;
  if (kind === 'stream') await readStreamed(request, body_limit_bytes);
  if (!Buffer.isBuffer(request.body)) return request.body;
  const bytes = canonicalHash(request.body);
  return kind === 'stream' ? [request.headers['content-type'] ?? '', bytes] : bytes;
}

/** Answers that the same request would get again; two transactions that met are none. */
function isFinal(status: number, body: string): boolean {
  if (status === 409 && body.includes('"code":"CONFLICT"')) return false;
  return status < 500 && status !== 401 && status !== 429;
}

function replay({ body, headers }: EarlierRequest, status: number, response: KaiwaResponse): never {
  const text = body ?? '';
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  response.setHeader('Idempotency-Replayed', 'true');
  if (text !== '') response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.writeHead(status, status === 204 ? {} : { 'Content-Length': Buffer.byteLength(text) }).end(status === 204 ? undefined : text);
  throw new AlreadyAnswered();
}

function pathOf(url: string): string {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function queryOf(url: string): string {
  const mark = url.indexOf('?');
  return mark === -1 ? '' : url.slice(mark);
}
