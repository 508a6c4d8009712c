import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AppError } from '../../platform/errors/index.js';
import { accessOf, type KaiwaRequest, type KaiwaResponse, Logger, setSessionCookie } from '../../platform/http/index.js';
import { type Credential, Scope } from '../../platform/scope/index.js';
import { Authenticator } from './authenticator.js';
import { checksOrigin } from './checks-origin.decorator.js';
import { bearerToken, cookieToken } from './credential.js';
import { OriginPolicy } from './origin-policy.js';
import { RateLimits } from './rate-limits.js';
import { SessionService } from './session.service.js';
import type { Via } from './verified-credentials.js';

/** What the guard needs to know of a handler; worked out once. */
interface Route {
  readonly public: boolean;
  /** True where the cookie of a foreign page is refused, not ignored, although the route is public. */
  readonly checks_origin: boolean;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The first guard: who calls (contract, section 0: credentials). What was verified before is answered at once, without a promise.
 * A protected
 * route refuses whoever is nobody; a public one ignores a credential that is not valid.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  private readonly routes = new WeakMap<object, Route>();

  constructor(
    private readonly authenticator: Authenticator,
    private readonly origins: OriginPolicy,
    private readonly sessions: SessionService,
    private readonly limits: RateLimits,
    private readonly logger: Logger,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    // Sockets are authenticated at their handshake.
    if (context.getType() !== 'http') return true;
    const request = context.getArgByIndex<KaiwaRequest>(0);
    const response = context.getArgByIndex<KaiwaResponse>(1);
    const route = this.routeOf(context.getHandler());
    const bearer = bearerToken(request.headers.authorization);
    if (bearer !== null) {
      const known = this.authenticator.peek(bearer, 'bearer', clientIdHeader(request));
      if (known === undefined) return this.ask(bearer, 'bearer', route, request, response);
      request.credential = known;
      return true;
    }
    const cookie = cookieToken(request.headers);
    if (cookie === null) return nobody(route, request);
    const known = this.authenticator.peek(cookie, 'cookie', undefined);
    if (known === undefined) return this.ask(cookie, 'cookie', route, request, response);
    return this.admitCookie(known, route, request, response);
  }

  /** The slow way, for a credential that is not in memory. */
  private async ask(token: string, via: Via, route: Route, request: KaiwaRequest, response: KaiwaResponse): Promise<boolean> {
    let found: Credential | null = null;
    try {
      found = await this.authenticator.identify(token, via, clientIdHeader(request));
    } catch (error) {
      // On a public route a credential that cannot be checked counts as none.
      if (!route.public) throw error;
      this.logger.warn({ err: error }, 'a credential could not be checked');
    }
    if (found === null) {
      if (route.public) return nobody(route, request);
      // Later guards do not see who is refused here, so that guesses are counted now.
      await this.limits.count(
        this.limits.callerKey(null, null, () => request.scope.address),
        null,
        response,
      );
      return nobody(route, request);
    }
    if (via === 'cookie') return this.admitCookie(found, route, request, response);
    request.credential = found;
    return true;
  }

  private admitCookie(credential: Credential, route: Route, request: KaiwaRequest, response: KaiwaResponse): boolean | Promise<boolean> {
    if (!SAFE.has(request.method) && !this.origins.mayUseCookie(request, credential.client_id)) {
      if (!route.public || route.checks_origin) throw new AppError('ORIGIN_NOT_ALLOWED');
      return nobody(route, request);
    }
    request.credential = credential;
    const { actor, client_id } = credential;
    if (actor.kind !== 'user' || client_id === null || !this.sessions.needsRenewal(actor)) return true;
    return this.renew(credential, request, response);
  }

  /** Renews the cookie by its use; where that fails the old one serves on. */
  private async renew({ actor, client_id }: Credential, request: KaiwaRequest, response: KaiwaResponse): Promise<boolean> {
    if (actor.kind !== 'user' || client_id === null) return true;
    try {
      const renewed = await Scope.runAs(client_id, () => this.sessions.renew(actor), request.request_id);
      if (renewed) setSessionCookie(response, request, renewed.token);
    } catch (error) {
      this.logger.warn({ err: error }, 'a cookie could not be renewed');
    }
    return true;
  }

  private routeOf(handler: object): Route {
    let route = this.routes.get(handler);
    if (route === undefined) {
      route = { public: accessOf(handler)?.kind === 'public', checks_origin: checksOrigin(handler) };
      this.routes.set(handler, route);
    }
    return route;
  }
}

function nobody(route: Route, request: KaiwaRequest): boolean {
  if (!route.public) throw new AppError('UNAUTHORIZED');
  request.credential = null;
  return true;
}

function clientIdHeader(request: KaiwaRequest): string | undefined {
  const given = request.headers['x-client-id'];
  return typeof given === 'string' ? given : undefined;
}
