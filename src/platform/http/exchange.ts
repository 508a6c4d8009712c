import type { NextFunction, Request, Response } from 'express';
import type { Credential, RequestScope } from '../scope/index.js';
import type { RouteOptions } from './route-options.js';

export type RouteHandler = (request: KaiwaRequest, response: KaiwaResponse, next: NextFunction) => unknown;

export type RouteMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/** One route as it was declared; `path` is what metrics and logs call it by. */
export interface RouteRecord {
  readonly method: RouteMethod;
  readonly path: string;
  readonly handler: RouteHandler;
  readonly options: RouteOptions;
  /** The name of `*name` at the end of the path. */
  readonly wildcard: string | null;
}

/** Express's request with what the front adds. */
export interface KaiwaRequest extends Request {
  request_id: string;
  scope: RequestScope;
  /** Who calls, as the auth guard found; null for nobody, and for a credential that a public route ignores. */
  credential: Credential | null;
  /** The bytes of the body, on routes that declare `@AcceptsRaw()`. */
  rawBody: Buffer | undefined;
  /** The route that was found; undefined where none was. */
  route: RouteRecord | undefined;
  /** When the request came, by `performance.now()`. */
  started_ms: number;
}

/** Called with the answer before its bytes are written; see `KaiwaResponse.onReply`. */
export type ReplyHook = (status: number, body: string) => Promise<void> | void;

/** Express's response with what the front adds. */
export interface KaiwaResponse extends Response {
  req: KaiwaRequest;
  /** Awaited before a JSON answer is written, errors too; where it fails the answer is sent all the same. */
  onReply: ReplyHook | undefined;
  /** True once the exchange is over and counted. */
  settled: boolean;
}
