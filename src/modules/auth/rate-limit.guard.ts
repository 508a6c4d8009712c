import 'reflect-metadata';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { COUNTED_AS, type KaiwaRequest, type KaiwaResponse, UNLIMITED } from '../../platform/http/index.js';
import { caseless } from '../../platform/text/index.js';
import { type CountedAct, isCountedAct, RateLimits } from './rate-limits.js';

/** What the guard needs to know of a handler; worked out once. */
interface Route {
  readonly unlimited: boolean;
  readonly act: CountedAct | null;
}

/** Counts each request for its caller and its tenant, after both are known (contract, section 0: rate limits). */
@Injectable()
export class RateLimitGuard implements CanActivate {
  private readonly routes = new WeakMap<object, Route>();

  constructor(private readonly limits: RateLimits) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (!this.limits.enabled || context.getType() !== 'http') return true;
    const route = this.routeOf(context.getHandler());
    if (route.unlimited) return true;
    return this.count(route, context.getArgByIndex<KaiwaRequest>(0), context.getArgByIndex<KaiwaResponse>(1));
  }

  private async count({ act }: Route, request: KaiwaRequest, response: KaiwaResponse): Promise<boolean> {
    const { scope, credential } = request;
    const caller = this.limits.callerKey(credential?.actor ?? null, credential?.client_id ?? null, () => scope.address);
    await this.limits.count(caller, scope.client_id, response);
    // A person who is signed in is no better known for it: anybody may register.
    if (act !== null && (scope.actor === null || scope.actor.kind === 'user')) await this.countAct(act, request);
    return true;
  }

  private async countAct(act: CountedAct, { scope, body }: KaiwaRequest): Promise<void> {
    await this.limits.countAddress(act, scope.address);
    // Bodies are validated after the guards.
    const email = (body as { email?: unknown } | null | undefined)?.email;
    if (typeof email === 'string') await this.limits.countAccount(act, `${scope.client_id ?? ''} ${caseless(email.slice(0, 254))}`);
  }

  private routeOf(handler: object): Route {
    let route = this.routes.get(handler);
    if (route === undefined) {
      const act = Reflect.getMetadata(COUNTED_AS, handler) as string | undefined;
      if (act !== undefined && !isCountedAct(act)) throw new Error(`There is no limit for ${act}`);
      route = { unlimited: Reflect.getMetadata(UNLIMITED, handler) === true, act: act ?? null };
      this.routes.set(handler, route);
    }
    return route;
  }
}
