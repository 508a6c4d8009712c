import type { KaiwaRequest, KaiwaResponse } from './exchange.js';

/** Says which origins may call with credentials. */
export interface OriginPolicy {
  isAllowed(origin: string, request: KaiwaRequest): boolean;
}

const EXPOSED = [
  'Link',
  'ETag',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'x-request-id',
  'Idempotency-Replayed',
  'Content-Range',
  'Content-Disposition',
  'Location',
  'Tus-Resumable',
  'Tus-Version',
  'Tus-Extension',
  'Tus-Max-Size',
  'Upload-Offset',
  'Upload-Length',
  'Upload-Expires',
].join(', ');

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

const TAKEN = [
  'authorization',
  'content-type',
  'accept',
  'x-client-id',
  'x-request-id',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'range',
  'last-event-id',
  'tus-resumable',
  'upload-length',
  'upload-offset',
  'upload-metadata',
  'upload-defer-length',
  'upload-checksum',
  'x-http-method-override',
].join(', ');

/** How long a browser may keep a preflight's answer, in seconds. */
const PREFLIGHT_SECONDS = '600';

/** Sets the CORS headers of any answer (contract, section 0). An origin that is not allowed gets none; the cookie rule refuses it later. */
export function setOriginHeaders(policy: OriginPolicy, request: KaiwaRequest, response: KaiwaResponse): void {
  response.setHeader('Vary', 'Origin');
  const origin = request.headers.origin;
  if (origin === undefined || !policy.isAllowed(origin, request)) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  response.setHeader('Access-Control-Expose-Headers', EXPOSED);
}

/** True for a browser's question before the request itself. */
export function isPreflight(request: KaiwaRequest): boolean {
  return request.headers.origin !== undefined && request.headers['access-control-request-method'] !== undefined;
}

/** Answers a preflight; the browser refuses by itself where the origin's header is missing. */
export function answerPreflight(response: KaiwaResponse): void {
  if (response.hasHeader('Access-Control-Allow-Origin')) {
    response.removeHeader('Access-Control-Expose-Headers');
    response.setHeader('Access-Control-Allow-Methods', METHODS);
    response.setHeader('Access-Control-Allow-Headers', TAKEN);
    response.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
  }
  response.writeHead(204).end();
}
