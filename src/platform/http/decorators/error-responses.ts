import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import { CUSTOM_ROUTE_ARGS_METADATA, METHOD_METADATA, ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';
import { getSchemaPath } from '@nestjs/swagger';
import { AppError, ERROR_TABLE, type ErrorCode, toErrorBody } from '../../errors/index.js';
import { ErrorBodyView } from '../error-body.view.js';
import { routeOptionsOf } from '../route-options.js';
import { ACCESS, type AccessRule, type PublicTenant } from './access-rule.js';
import { NO_IDEMPOTENCY, NO_IDEMPOTENCY_WHEN } from './no-idempotency.decorator.js';
import { UNLIMITED } from './unlimited.decorator.js';

/** The codes that `@Answers` names. */
export const ANSWERS = 'kaiwa:answers';
const OURS = 'kaiwa:error-responses';
/** Where swagger keeps an operation's responses, by status. */
export const API_RESPONSE = 'swagger/apiResponse';

const EXAMPLE_REQUEST_ID = '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10';
const EVERYWHERE: readonly ErrorCode[] = ['INVALID_HOST', 'INTERNAL_ERROR', 'OVERLOADED', 'DATABASE_UNAVAILABLE'];

const PUBLIC_CODES: Record<PublicTenant, readonly ErrorCode[]> = {
  request: ['UNKNOWN_CLIENT'],
  credential: ['UNKNOWN_CLIENT'],
  signature: ['INVALID_SIGNATURE'],
  none: [],
};

/** Methods that change nothing (RFC 9110, section 9.2.1). */
const SAFE = new Set([RequestMethod.GET, RequestMethod.HEAD, RequestMethod.OPTIONS]);

type Responses = Record<string, object>;

/**
 * Writes the error responses of an operation: what `@Answers` names and what every route has. `@Answers` and `@Access` both call
 * it, because either may stand above the other; whoever builds the document calls it once more, since the route's method and options may
 * be written after both.
 */
export function documentErrors(target: object, key: string | symbol, descriptor: PropertyDescriptor): void {
  const handler = descriptor.value as object;
  const named = Reflect.getMetadata(ANSWERS, handler) as readonly ErrorCode[] | undefined;
  if (named === undefined) return;
  const before = (Reflect.getMetadata(API_RESPONSE, handler) ?? {}) as Responses;
  const ours = new Set((Reflect.getMetadata(OURS, handler) ?? []) as string[]);
  const responses: Responses = Object.fromEntries(Object.entries(before).filter(([status]) => !ours.has(status)));
  const byStatus = Map.groupBy(new Set([...named, ...commonCodes(target, key, handler)]), (code) => String(ERROR_TABLE[code].status));
  const written: string[] = [];
  for (const [status, codes] of [...byStatus].sort()) {
    if (responses[status]) continue;
    responses[status] = errorResponse(codes);
    written.push(status);
  }
  Reflect.defineMetadata(API_RESPONSE, responses, handler);
  Reflect.defineMetadata(OURS, written, handler);
}

/** The codes that a route has by what it is: its access, its parameters, its body. */
function commonCodes(target: object, key: string | symbol, handler: object): ErrorCode[] {
  const access = Reflect.getMetadata(ACCESS, handler) as AccessRule | undefined;
  const kinds = parameterKinds(target, key);
  const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
  const options = routeOptionsOf(handler);
  const body = kinds.has(RouteParamtypes.BODY) || options.body !== 'json';
  const codes: ErrorCode[] = [...EVERYWHERE];
  if (body || kinds.has(RouteParamtypes.QUERY)) codes.push('VALIDATION_FAILED');
  if (kinds.has(RouteParamtypes.PARAM)) codes.push('INVALID_PATH', 'INVALID_NAME');
  if (body) codes.push('PAYLOAD_TOO_LARGE', 'REQUEST_TIMEOUT');
  if (body && (options.body === 'json' || options.body === 'form')) codes.push('MALFORMED_JSON', 'UNSUPPORTED_MEDIA_TYPE');
  if (access?.kind === 'public') codes.push(...PUBLIC_CODES[access.tenant]);
  else codes.push('UNAUTHORIZED', 'FORBIDDEN');
  // The operator has to name the tenant, and may name one that is not there.
  if (access?.kind === 'role') codes.push('SCOPE_MISSING', 'CLIENT_MISMATCH', 'VALIDATION_FAILED', 'UNKNOWN_CLIENT');
  if (access?.kind === 'role') codes.push('ISSUER_UNAVAILABLE');
  const unsafe = body || (method !== undefined && !SAFE.has(method));
  if (access?.kind !== 'public' && unsafe) codes.push('ORIGIN_NOT_ALLOWED');
  // What writes may meet another one that writes the same.
  if (unsafe) codes.push('CONFLICT');
  if (Reflect.getMetadata(UNLIMITED, handler) !== true) codes.push('RATE_LIMITED');
  if (method === RequestMethod.POST) codes.push(...keyCodes(handler));
  return codes;
}

/** What `Idempotency-Key` may be answered by. */
function keyCodes(handler: object): ErrorCode[] {
  if (Reflect.getMetadata(NO_IDEMPOTENCY, handler) === true) return ['IDEMPOTENCY_NOT_SUPPORTED'];
  const sometimes: ErrorCode[] = Reflect.getMetadata(NO_IDEMPOTENCY_WHEN, handler) === undefined ? [] : ['IDEMPOTENCY_NOT_SUPPORTED'];
  return ['INVALID_IDEMPOTENCY_KEY', 'IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED', ...sometimes];
}

/** Which of body, query and path a handler reads; parameter decorators run before the method's own. */
function parameterKinds(target: object, key: string | symbol): Set<number> {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, target.constructor, key) ?? {}) as Record<string, unknown>;
  // A parameter decorator of our own is kept under a random name, which may begin with the number of another kind.
  const names = Object.keys(parameters).filter((name) => !name.includes(CUSTOM_ROUTE_ARGS_METADATA));
  return new Set(names.map((name) => Number.parseInt(name, 10)));
}

function errorResponse(codes: readonly ErrorCode[]): object {
  const examples = Object.fromEntries(codes.map((code) => [code, { summary: ERROR_TABLE[code].message, value: exampleOf(code) }]));
  return {
    description: codes.map((code) => `\`${code}\` ${ERROR_TABLE[code].message}`).join(' · '),
    content: { 'application/json': { schema: { $ref: getSchemaPath(ErrorBodyView) }, examples } },
  };
}

function exampleOf(code: ErrorCode): object {
  const details = code === 'VALIDATION_FAILED' ? [{ field: 'name', message: 'is required' }] : undefined;
  return toErrorBody(new AppError(code, { details }), EXAMPLE_REQUEST_ID);
}
