import { createSecretKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { Config, keyName } from '../../platform/config/index.js';
import type { Role } from '../../platform/scope/index.js';

/** Issuer and audience of the tokens that are made here. */
export const TOKEN_ISSUER = 'kaiwa';
/** How long an access token lasts, in seconds (contract, section 0). */
export const BEARER_SECONDS = 15 * 60;
/** How long the cookie's token lasts, in seconds. */
export const COOKIE_SECONDS = 7 * 24 * 60 * 60;
/** How long a session lives on after its last refresh, in seconds. */
export const REFRESH_SECONDS = 30 * 24 * 60 * 60;

/** What a token says of its bearer (contract, section 0: JWT claims). */
export interface TokenSubject {
  readonly sub: string;
  readonly client_id: string;
  readonly email: string;
  readonly room_id: string;
  readonly role: Role;
  readonly sid: string;
  /** When the tenant was made, in milliseconds since 1970: one that was deleted and made anew under its name is another one. */
  readonly client_since_ms: number;
}

export interface TokenClaims extends Omit<TokenSubject, 'client_since_ms'> {
  /** Absent from tokens of earlier releases. */
  readonly client_since_ms?: number;
  readonly iat: number;
  readonly exp: number;
}

/** A token and when it ends, in seconds since 1970. */
export interface SignedToken {
  readonly token: string;
  readonly exp: number;
}

/**
 * Signs the tokens of this installation (HS256, RFC 7519) and knows the keys that verify them. The keys are made once: a secret
 * handed over as text costs jsonwebtoken fifty times the verification itself.
 */
@Injectable()
export class TokenService {
  private readonly keys: ReadonlyMap<string, KeyObject>;
  private readonly signing: { readonly kid: string; readonly key: KeyObject };

  constructor(config: Config) {
    const [first] = config.jwt_secrets;
    if (!first) throw new Error('There is no secret to sign tokens with');
    this.keys = new Map(config.jwt_secrets.map((secret) => [keyName(secret), createSecretKey(Buffer.from(secret))]));
    const kid = keyName(first);
    this.signing = { kid, key: this.keys.get(kid) as KeyObject };
  }

  /** The key that a token's header names; undefined where it is none of ours. */
  key(kid: unknown): KeyObject | undefined {
    return typeof kid === 'string' ? this.keys.get(kid) : undefined;
  }

  /** Signs a token that lasts `seconds`. */
  async sign(subject: TokenSubject, seconds: number): Promise<SignedToken> {
    const iat = Math.floor(Date.now() / 1_000);
    const exp = iat + seconds;
    const { sub, ...claims } = subject;
    const token = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: this.signing.kid })
      .setSubject(sub)
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_ISSUER)
      .setIssuedAt(iat)
      .setExpirationTime(exp)
      .sign(this.signing.key);
    return { token, exp };
  }
}
