import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { parse as parseQuery } from 'node:querystring';
import type { Express, NextFunction, Request, Response } from 'express';
import type { Actor, Credential, OpenTransaction, RequestScope } from '../scope/index.js';
import type { ReplyHook, RouteRecord } from './exchange.js';

/** Constructors for `http.createServer`, whose instances are Express's requests and responses from birth. */
export interface BornPrototypes {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse;
}

/**
 * Express changes the prototype of every request and response, which is most of what it costs. Here the server makes them
 * with the application's prototypes, so that there is nothing to change.
 */
export function bearPrototypes(app: Express): BornPrototypes {
  class BornRequest extends IncomingMessage {
    res: unknown = undefined;
    next: NextFunction | undefined = undefined;
    originalUrl = '';
    baseUrl = '';
    params: unknown = undefined;
    body: unknown = undefined;
    rawBody: Buffer | undefined = undefined;
    credential: Credential | null = null;
    route: RouteRecord | undefined = undefined;
    request_id = '';
    scope: RequestScope | undefined = undefined;
    started_ms = 0;
    #query: unknown = undefined;

    /** Parsed once, on first use; Express parses at each. */
    get query(): unknown {
      if (this.#query === undefined) {
        const url = this.url ?? '';
        const mark = url.indexOf('?');
        this.#query = mark === -1 ? {} : parseQuery(url.slice(mark + 1));
      }
      return this.#query;
    }
  }

  class BornResponse extends ServerResponse<IncomingMessage> {
    onReply: ReplyHook | undefined = undefined;
    settled = false;
    #locals: Record<string, unknown> | undefined = undefined;

    /** Made on first use; few handlers ask for it. */
    get locals(): Record<string, unknown> {
      return (this.#locals ??= Object.create(null) as Record<string, unknown>);
    }

    set locals(locals: Record<string, unknown>) {
      this.#locals = locals;
    }
  }

  Object.setPrototypeOf(BornRequest.prototype, app.request);
  Object.setPrototypeOf(BornResponse.prototype, app.response);
  app.request = BornRequest.prototype as unknown as Request;
  app.response = BornResponse.prototype as unknown as Response;
  return { IncomingMessage: BornRequest, ServerResponse: BornResponse as unknown as typeof ServerResponse };
}

/** The scope of a REST request. Its address is worked out when somebody asks, because few do. */
export class HttpScope implements RequestScope {
  client_id: string | null = null;
  actor: Actor | null = null;
  transaction: OpenTransaction | null = null;
  readonly #request: Request;

  constructor(
    request: Request,
    readonly request_id: string,
  ) {
    this.#request = request;
  }

  get address(): string {
    return this.#request.ip ?? '';
  }
}

/** Reads the peer's address while the socket still knows it: a closed socket forgets, logs and audits ask later. */
export function rememberAddress(socket: Socket): void {
  void socket.remoteAddress;
}
