import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { AppError } from '../../platform/errors/index.js';
import { type AccessRule, accessOf, type KaiwaRequest, type KaiwaResponse } from '../../platform/http/index.js';
import { type Actor, roleCovers } from '../../platform/scope/index.js';
import { TenantDirectory, type TenantFacts } from './tenant-directory.js';
import { TenantOrigins } from './tenant-origins.js';
import { UsageService } from './usage.service.js';

type RoleRule = Extract<AccessRule, { kind: 'role' }>;
type PublicRule = Extract<AccessRule, { kind: 'public' }>;

/**
 * The second guard: in which tenant the request runs, and whether the caller's role or scopes suffice (contract, section 0: tenant). It answers
 * without a promise for every tenant that is in memory.
 */
@Injectable()
export class TenantGuard implements CanActivate {
  private readonly rules = new WeakMap<object, AccessRule>();
  private readonly default_client_id: string;

  constructor(
    config: Config,
    private readonly directory: TenantDirectory,
    private readonly origins: TenantOrigins,
    private readonly usage: UsageService,
  ) {
    this.default_client_id = config.env.DEFAULT_CLIENT_ID;
  }

  /**
   * @throws UNKNOWN_CLIENT, UNAUTHORIZED, FORBIDDEN, CLIENT_MISMATCH, SCOPE_MISSING; VALIDATION_FAILED where the operator names no tenant on a
   * route that needs one
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.getArgByIndex<KaiwaRequest>(0);
    const response = context.getArgByIndex<KaiwaResponse>(1);
    const rule = this.ruleOf(context.getHandler());
    if (rule.kind === 'public') return this.enterPublic(rule, request, response);
    const { credential } = request;
    if (!credential) throw new AppError('UNAUTHORIZED');
    request.scope.actor = credential.actor;
    if (rule.kind === 'operator') return assertOperator(credential.actor);
    const named = request.headers['x-client-id'] || undefined;
    if (credential.client_id === null) {
      if (typeof named !== 'string') throw AppError.field('x-client-id', 'is required');
      return this.enter(named, request, response, 'UNKNOWN_CLIENT', () => undefined);
    }
    const { client_id, actor } = credential;
    if (named !== undefined && named !== client_id) throw new AppError('CLIENT_MISMATCH');
    return this.enter(client_id, request, response, 'UNAUTHORIZED', () => assertCovers(actor, rule));
  }

  /**
   * For a public route that runs in no tenant until it has found whose the object in its path is: the request goes on in that tenant, and
   * the caller's credential counts where it is good there. False where the tenant is gone.
   */
  enterFound(client_id: string, request: KaiwaRequest, response: KaiwaResponse): boolean | Promise<boolean> {
    const enter = (tenant: TenantFacts | null): boolean =>
      tenant !== null && this.bind(tenant, request, response, 'UNKNOWN_CLIENT', () => admitCredential(client_id, request));
    const known = this.directory.peek(client_id);
    return known === undefined ? this.directory.find(client_id).then(enter) : enter(known);
  }

  private enterPublic(rule: PublicRule, request: KaiwaRequest, response: KaiwaResponse): boolean | Promise<boolean> {
    // Whose a signed request is, the route's own guard finds out and binds.
    if (rule.tenant === 'none' || rule.tenant === 'signature') return true;
    const { credential } = request;
    const client_id = (rule.tenant === 'credential' && credential?.client_id) || this.nameOf(request);
    return this.enter(client_id, request, response, 'UNKNOWN_CLIENT', () => admitCredential(client_id, request));
  }

  /** The tenant that an anonymous request means. */
  private nameOf(request: KaiwaRequest): string {
    const header = request.headers['x-client-id'];
    if (typeof header === 'string' && header !== '') return header;
    if (request.url.includes('client_id=')) {
      const { client_id } = request.query;
      if (typeof client_id === 'string' && client_id !== '') return client_id;
      // Named twice is named wrongly, and is nobody's name.
      if (Array.isArray(client_id)) throw new AppError('UNKNOWN_CLIENT');
    }
    return this.directory.findByHost(request.hostname ?? '') ?? this.default_client_id;
  }

  private enter(
    client_id: string,
    request: KaiwaRequest,
    response: KaiwaResponse,
    absent: 'UNKNOWN_CLIENT' | 'UNAUTHORIZED',
    admit: () => void,
  ): boolean | Promise<boolean> {
    const known = this.directory.peek(client_id);
    if (known !== undefined) return this.bind(known, request, response, absent, admit);
    return this.directory.find(client_id).then((found) => this.bind(found, request, response, absent, admit));
  }

  private bind(
    tenant: TenantFacts | null,
    request: KaiwaRequest,
    response: KaiwaResponse,
    absent: 'UNKNOWN_CLIENT' | 'UNAUTHORIZED',
    admit: () => void,
  ): boolean {
    if (!tenant) throw new AppError(absent);
    const { client_id } = tenant;
    if (request.headers.origin !== undefined) this.origins.narrow(client_id, request, response);
    admit();
    request.scope.client_id = client_id;
    this.usage.count(client_id, 'requests');
    return true;
  }

  private ruleOf(handler: object): AccessRule {
    let rule = this.rules.get(handler);
    if (rule === undefined) {
      rule = accessOf(handler);
      if (rule === undefined) throw new AppError('FORBIDDEN', { cause: new Error('a route declares no access') });
      this.rules.set(handler, rule);
    }
    return rule;
  }
}

/** Who belongs to another tenant is nobody here. */
function admitCredential(client_id: string, { credential, scope }: KaiwaRequest): void {
  if (credential && (credential.client_id ?? client_id) === client_id) scope.actor = credential.actor;
}

function assertOperator(actor: Actor): true {
  if (actor.kind !== 'operator') throw new AppError('FORBIDDEN');
  return true;
}

function assertCovers(actor: Actor, rule: RoleRule): void {
  if (actor.kind === 'user') {
    if (!roleCovers(actor.role, rule.role)) throw new AppError('FORBIDDEN');
  } else if (actor.kind === 'api_key') {
    if (![rule.scope, rule.or_scope].some((scope) => scope !== undefined && actor.scopes.includes(scope)))
      throw new AppError('SCOPE_MISSING');
  }
}
