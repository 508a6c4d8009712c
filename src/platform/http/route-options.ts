import 'reflect-metadata';
import { applyDecorators } from '@nestjs/common';
import { ApiConsumes, ApiExtension } from '@nestjs/swagger';

/** JSON alone is taken up to this size where a route says nothing else (contract, section 0). */
export const DEFAULT_BODY_LIMIT_BYTES = 256 * 1024;

/** How a route takes its body. */
export interface RouteOptions {
  /**
   * `json` parses JSON alone; `form` parses JSON and `application/x-www-form-urlencoded`; `raw` keeps the bytes as a Buffer in
   * `req.body` and `req.rawBody`, whatever the type; `stream` leaves the request unread for the handler; `none` passes over whatever is sent.
   */
  readonly body: 'json' | 'form' | 'raw' | 'stream' | 'none';
  readonly body_limit_bytes: number;
}

export const ROUTE_OPTIONS = 'kaiwa:route-options';

const DEFAULTS: RouteOptions = { body: 'json', body_limit_bytes: DEFAULT_BODY_LIMIT_BYTES };

/**
 * What the decorators below say of a handler. Nest copies a method's metadata to the function that it registers with the
 * adapter, so that the adapter asks once, at registration.
 */
export function routeOptionsOf(handler: object): RouteOptions {
  return (Reflect.getMetadata(ROUTE_OPTIONS, handler) as RouteOptions | undefined) ?? DEFAULTS;
}

function setOptions(options: Partial<RouteOptions>): MethodDecorator {
  return (_target, _key, descriptor) => {
    const handler = descriptor.value as object;
    Reflect.defineMetadata(ROUTE_OPTIONS, { ...routeOptionsOf(handler), ...options }, handler);
  };
}

/** Takes bodies up to `bytes` on this route; beyond it 413. */
export function BodyLimit(bytes: number): MethodDecorator {
  return setOptions({ body_limit_bytes: bytes });
}

/** Takes `application/x-www-form-urlencoded` besides JSON: webhooks of the telephone provider. */
export function AcceptsForm(): MethodDecorator {
  return applyDecorators(setOptions({ body: 'form' }), ApiConsumes('application/x-www-form-urlencoded', 'application/json'));
}

/** Keeps the body's bytes unparsed in `req.rawBody`, whatever their type: what a signature is computed over. */
export function AcceptsRaw(): MethodDecorator {
  return applyDecorators(setOptions({ body: 'raw' }), ApiExtension('x-raw-body', true));
}

/** Passes over a body of any kind: the route needs none, and is not to fail for one. */
export function IgnoresBody(): MethodDecorator {
  return setOptions({ body: 'none' });
}

/** Leaves the body unread; the handler streams it and bounds it itself. */
export function AcceptsStream(): MethodDecorator {
  return setOptions({ body: 'stream' });
}
