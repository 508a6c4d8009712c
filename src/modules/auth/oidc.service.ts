import { Injectable } from '@nestjs/common';
import { isEmail } from 'class-validator';
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { AppError } from '../../platform/errors/index.js';
import { Logger } from '../../platform/http/index.js';
import { Scope, type UserActor } from '../../platform/scope/index.js';
import { TenantDirectory, type TenantOidc } from '../tenancy/index.js';
import { RegistrationService, type User } from '../users/index.js';
import { IssuerKeys } from './issuer-keys.js';
import { RevocationList } from './revocation-list.js';
import { IDENTITY_SECONDS, identityId } from './revocation.service.js';
import { DEFAULT_ROOM_ID } from './room-access.port.js';

/** The claim by which a token names its tenant (contract, section 0). */
const TENANT_CLAIM = 'custom:tenant_id';
const ALGORITHMS = ['RS256', 'ES256'];
const CLOCK_TOLERANCE_SECONDS = 5;
/** What jose throws where the keys, not the token, are at fault. */
const UNAVAILABLE = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

/** A token's claims once it was verified. */
interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly email_verified: boolean;
  readonly name: string | null;
  readonly iat: number;
  readonly exp: number;
}

/** ID tokens of the issuer that a tenant trusts (OpenID Connect Core 1.0, section 3.1.3.7), AWS Cognito's above all. */
@Injectable()
export class OidcService {
  /** First sign-ins that run: parallel requests of a new person make one account. */
  private readonly joining = new Map<string, Promise<User | null>>();

  constructor(
    private readonly tenants: TenantDirectory,
    private readonly keys: IssuerKeys,
    private readonly registrations: RegistrationService,
    private readonly revocations: RevocationList,
    private readonly logger: Logger,
  ) {}

  /**
   * The member whom a token stands for, or null where the token is not valid in its tenant. Whoever comes for the first time
   * becomes a member.
   * @throws ISSUER_UNAVAILABLE
   */
  async identify(token: string, issuer: string): Promise<{ actor: UserActor; client_id: string } | null> {
    const client_id = claimedTenant(token);
    const tenant = client_id === null ? null : await this.tenants.find(client_id);
    if (!tenant?.oidc || tenant.oidc.issuer !== issuer) return null;
    const identity = await this.verify(token, tenant.oidc);
    if (!identity) return null;
    if (this.revocations.isIdentityEnded(identityId(tenant.client_id, issuer, identity.subject), identity.iat)) return null;
    const user = await inTenant(tenant.client_id, () => this.member(identity));
    if (!user || user.disabled_at) return null;
    const { id, email, role } = user;
    const actor: UserActor = { kind: 'user', id, email, role, sid: null, room_id: DEFAULT_ROOM_ID, credential: 'oidc', exp: identity.exp };
    return { actor, client_id: tenant.client_id };
  }

  private async verify(token: string, { issuer, audience, allow_private }: TenantOidc): Promise<Identity | null> {
    try {
      const keys = await this.keys.of({ issuer, allow_private });
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        maxTokenAge: IDENTITY_SECONDS,
        requiredClaims: ['sub', 'exp', 'iat'],
      });
      return toIdentity(payload, issuer);
    } catch (error) {
      if (error instanceof errors.JOSEError && !UNAVAILABLE.has(error.code)) return null;
      throw this.unavailable(issuer, error);
    }
  }

  private unavailable(issuer: string, cause: unknown): AppError {
    this.logger.warn({ err: cause, issuer }, 'the keys of an issuer could not be had');
    return new AppError('ISSUER_UNAVAILABLE', { cause, retry_after_seconds: 10 });
  }

  private async member(identity: Identity): Promise<User | null> {
    const name = identityId(Scope.clientId(), identity.issuer, identity.subject);
    const running = this.joining.get(name);
    try {
      if (running) return await running;
      const join = this.registrations.join(identity);
      this.joining.set(name, join);
      try {
        const member = await join;
        if (!member)
          this.logger.warn({ issuer: identity.issuer }, 'an ID token of somebody new names no email, by which an account is made');
        return member;
      } finally {
        this.joining.delete(name);
      }
    } catch (error) {
      if (error instanceof AppError && error.code === 'EMAIL_TAKEN') return null;
      throw error;
    }
  }
}

/** Within a request it stays the request's work, with its address; a socket's handshake has none. */
function inTenant<T>(client_id: string, work: () => T): T {
  return Scope.find() ? Scope.runIn(client_id, work) : Scope.runAs(client_id, work);
}

/** Which tenant a token names; believed only once the issuer that this tenant trusts has signed it. */
function claimedTenant(token: string): string | null {
  const named = decodeJwt(token)[TENANT_CLAIM];
  return typeof named === 'string' ? named : null;
}

function toIdentity(payload: JWTPayload, issuer: string): Identity | null {
  const { sub, exp, iat, email, email_verified, name, token_use } = payload;
  // Cognito signs access tokens by the same keys; those are for its own API.
  if (token_use !== undefined && token_use !== 'id') return null;
  if (!sub || sub.length > 255 || exp === undefined || iat === undefined) return null;
  return {
    issuer,
    subject: sub,
    email: typeof email === 'string' && email.length <= 254 && isEmail(email) ? email : null,
    // Some issuers write their booleans as text.
    email_verified: email_verified === true || email_verified === 'true',
    name: typeof name === 'string' && name !== '' ? name.slice(0, 100) : null,
    iat,
    exp,
  };
}
