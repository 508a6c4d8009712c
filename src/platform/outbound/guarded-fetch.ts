import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { assertPublicUrl, ForbiddenAddressError, guardedLookup, guardedLookupFor, type Network } from './address-guard.js';
import { LazyAgent, loadUndici } from './lazy-agent.js';

export interface OutboundRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** The whole exchange, redirects and body included. */
  timeout_ms: number;
  /** An answer beyond this fails. */
  max_bytes: number;
  /** Hops that are followed, each checked anew; none where nothing is given. */
  max_redirects?: number;
  /** True for URLs that the operator set: those may be private. */
  allow_private?: boolean;
  /** Private networks that the operator lets tenants' URLs lead into. */
  allowed_networks?: readonly Network[];
  signal?: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Where the answer came from in the end. */
  readonly url: string;
}

/** Thrown where an answer is larger than the request allows. */
export class AnswerTooLargeError extends Error {
  constructor(max_bytes: number) {
    super(`The answer is larger than ${max_bytes} bytes`);
    this.name = 'AnswerTooLargeError';
  }
}

const CONNECT_TIMEOUT_MS = 3_000;

const common = { keepAliveTimeout: 10_000, connections: 16 } as const;
const guarded = new LazyAgent({ ...common, connect: { timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup } });
const allowing = new Map<string, LazyAgent>();
const open = new LazyAgent({ ...common, connect: { timeout: CONNECT_TIMEOUT_MS } });

/**
 * What connects for libraries that bring their own requests: give it as `dispatcher`, check the URL by {@link assertPublicUrl} where
 * `allow_private` is false (a literal address is never looked up), and follow no redirects.
 */
export function dispatcherFor(allow_private: boolean): Promise<Dispatcher> {
  return (allow_private ? open : guarded).get();
}

/**
 * One HTTP exchange with a server that a tenant named. Unless `allow_private`, no connection is made to an address outside the
 * public internet, whether it stands in the URL, comes from DNS at the moment of connecting, or from a redirect. The answer is
 * held in memory and bounded.
 * @throws ForbiddenAddressError, AnswerTooLargeError, and undici's and abort errors
 */
export async function guardedFetch(target: string, options: OutboundRequest): Promise<OutboundAnswer> {
  const timeout = AbortSignal.timeout(options.timeout_ms);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const allowed = options.allowed_networks ?? [];
  const { request } = await loadUndici();
  const dispatcher = await (options.allow_private ? open : agentFor(allowed)).get();
  let url = new URL(target);
  let { method = 'GET', headers = {}, body } = options;
  for (let hops = 0; ; hops++) {
    if (!options.allow_private) assertPublicUrl(url, allowed);
    else if (!/^https?:$/.test(url.protocol)) throw new ForbiddenAddressError(url.protocol);
    const response = await request(url, { method, headers, body, dispatcher, signal });
    const next = redirectOf(response.statusCode, response.headers.location, url);
    if (!next || hops >= (options.max_redirects ?? 0)) {
      return {
        status: response.statusCode,
        headers: response.headers,
        body: await readAll(response.body, options.max_bytes),
        url: url.href,
      };
    }
    await response.body.dump({ limit: 16_384, signal });
    // A secret in a header is for the server that it was given to.
    if (next.origin !== url.origin) headers = pick(headers, ['accept', 'content-type']);
    if (response.statusCode === 303 || (method === 'POST' && response.statusCode < 303)) {
      method = 'GET';
      body = undefined;
      headers = pick(
        headers,
        Object.keys(headers).filter((name) => !/^content-/i.test(name)),
      );
    }
    url = next;
  }
}

/** The configuration names the networks once, so there is one agent more at most. */
function agentFor(allowed: readonly Network[]): LazyAgent {
  if (allowed.length === 0) return guarded;
  const key = allowed.join();
  let agent = allowing.get(key);
  if (!agent) {
    agent = new LazyAgent({ ...common, connect: { timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookupFor(allowed) } });
    allowing.set(key, agent);
  }
  return agent;
}

function redirectOf(status: number, location: string | string[] | undefined, from: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(status) || typeof location !== 'string') return null;
  return URL.parse(location, from.href);
}

function pick(headers: Record<string, string>, names: string[]): Record<string, string> {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => wanted.has(name.toLowerCase())));
}

async function readAll(body: AsyncIterable<Buffer>, max_bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > max_bytes) throw new AnswerTooLargeError(max_bytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
