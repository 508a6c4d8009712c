import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { Config } from '../../platform/config/index.js';
import { sameSecret } from '../../platform/crypto/index.js';
import { type Credential, Scope, type UserActor } from '../../platform/scope/index.js';
import { ApiKeyService, TenantDirectory } from '../tenancy/index.js';
import { cookieToken } from './credential.js';
import { JwtStrategy } from './jwt.strategy.js';
import { OidcService } from './oidc.service.js';
import { TOKEN_ISSUER, type TokenClaims } from './token.service.js';
import { VerifiedCredentials, type Via } from './verified-credentials.js';

/** How API keys begin. */
const API_KEY = 'kw_';
/** How long a verified API key is believed without asking again. */
const API_KEY_MS = 60_000;
const OPERATOR_MS = 24 * 60 * 60 * 1_000;

/** A person and the tenant that the credential names. */
export interface SignedIn {
  readonly actor: UserActor;
  readonly client_id: string;
}

/** Finds out who a token stands for: one place for REST and sockets. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly config: Config,
    private readonly verified: VerifiedCredentials,
    private readonly jwt: JwtStrategy,
    private readonly tenants: TenantDirectory,
    private readonly apiKeys: ApiKeyService,
    private readonly oidc: OidcService,
  ) {}

  /** Who a token stands for, from memory; undefined where {@link identify} must find out. No promise, no database. */
  peek(token: string, via: Via, x_client_id: string | undefined): Credential | undefined {
    return this.verified.get(token, via, token.startsWith(API_KEY) ? (x_client_id ?? '') : '');
  }

  /**
   * Who a token stands for, or null where it is not valid. An API key needs the tenant beside it; the operator's key and tokens name it
   * themselves.
   * @throws ISSUER_UNAVAILABLE where another issuer's keys cannot be had
   */
  async identify(token: string, via: Via, x_client_id: string | undefined): Promise<Credential | null> {
    // First of all: whatever the operator has chosen may look like something else.
    const operator_key = this.config.env.OPERATOR_KEY;
    if (via === 'bearer' && operator_key !== undefined && sameSecret(token, operator_key)) {
      const credential = { actor: { kind: 'operator', id: 'operator' }, client_id: null } as const;
      return this.verified.put(token, via, credential, Date.now() + OPERATOR_MS, this.verified.ticket());
    }
    if (token.startsWith(API_KEY)) return via === 'bearer' && x_client_id ? this.identifyApiKey(token, x_client_id) : null;
    const issuer = issuerOf(token);
    if (issuer === undefined) return null;
    if (issuer === TOKEN_ISSUER) return this.identifyOwn(token, via);
    return via === 'bearer' ? this.identifyForeign(token, issuer) : null;
  }

  /** For sockets (handshake, `renewToken`): the person whom a token stands for, or null. */
  async authenticate(token: string, via: Via = 'bearer'): Promise<SignedIn | null> {
    const credential = this.peek(token, via, undefined) ?? (await this.identify(token, via, undefined));
    const { actor, client_id } = credential ?? {};
    return actor?.kind === 'user' && client_id ? { actor, client_id } : null;
  }

  /** The token that a request's or a handshake's cookie holds, or null. */
  cookieToken(headers: IncomingHttpHeaders): string | null {
    return cookieToken(headers);
  }

  /** What an actor that was signed in before is now: its role as it is, or null where its session or its token has ended. */
  asOfNow(actor: UserActor): UserActor | null {
    return actor.exp * 1_000 <= Date.now() ? null : this.verified.asOfNow(actor);
  }

  private async identifyOwn(token: string, via: Via): Promise<Credential | null> {
    const ticket = this.verified.ticket();
    const claims = await this.jwt.verify(token);
    if (!claims || !(await this.isOfLivingTenant(claims))) return null;
    const { sub, client_id, email, role, sid, room_id, exp } = claims;
    const actor: UserActor = { kind: 'user', id: sub, email, role, sid, room_id, credential: via, exp };
    return this.verified.put(token, via, { actor, client_id }, exp * 1_000, ticket);
  }

  /** A tenant that was deleted and made anew is another one: what was signed before is not for it. */
  private async isOfLivingTenant({ client_id, client_since_ms, iat }: TokenClaims): Promise<boolean> {
    const tenant = await this.tenants.find(client_id);
    if (tenant === null) return false;
    const since_ms = tenant.created_at.getTime();
    // A later one is of a tenant that this node is about to hear of. Without it the second of signing has to do.
    return client_since_ms === undefined ? (iat + 1) * 1_000 > since_ms : client_since_ms >= since_ms;
  }

  private async identifyApiKey(key: string, client_id: string): Promise<Credential | null> {
    const ticket = this.verified.ticket();
    if (!(await this.tenants.find(client_id))) return null;
    const found = await Scope.runAs(client_id, () => this.apiKeys.verify(key));
    if (!found) return null;
    const { actor, expires_at } = found;
    const until_ms = Math.min(Date.now() + API_KEY_MS, expires_at?.getTime() ?? Infinity);
    return this.verified.put(key, 'bearer', { actor, client_id }, until_ms, ticket, client_id);
  }

  private async identifyForeign(token: string, issuer: string): Promise<Credential | null> {
    const ticket = this.verified.ticket();
    const found = await this.oidc.identify(token, issuer);
    return found && this.verified.put(token, 'bearer', found, found.actor.exp * 1_000, ticket);
  }
}

/** What a token says of its issuer, unverified: which verification it goes to. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
