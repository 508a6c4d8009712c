import { Injectable } from '@nestjs/common';
import { createRemoteJWKSet, customFetch, type FetchImplementation, type JWTVerifyGetKey } from 'jose';
import { BoundedCache } from '../../platform/cache/index.js';
import { guardedFetch, type OutboundAnswer } from '../../platform/outbound/index.js';

/** An issuer as a tenant names it. */
export interface TrustedIssuer {
  readonly issuer: string;
  /** True where the operator named it: then it may stand at a private address. */
  readonly allow_private: boolean;
}

/** Thrown where an issuer's keys cannot be had now. */
export class IssuerUnavailableError extends Error {
  constructor(issuer: string, options?: ErrorOptions) {
    super(`The keys of ${issuer} could not be fetched`, options);
    this.name = 'IssuerUnavailableError';
  }
}

interface Known {
  readonly keys: Promise<JWTVerifyGetKey>;
  readonly until_ms: number;
}

const MAX_ISSUERS = 1_000;
const FETCH_TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;
/** How long it is believed where an issuer keeps its keys. */
const DISCOVERY_MS = 60 * 60 * 1_000;
/** How long an issuer that did not answer is not asked again, so that bad tokens cannot make this server ask. */
const FAILURE_MS = 10_000;
/** An unknown key id has the keys fetched again, but not more often than this. */
const COOLDOWN_MS = 30_000;
const KEYS_MS = 10 * 60 * 1_000;

/** The public keys of other issuers: found by OpenID Connect Discovery 1.0, fetched by jose, kept bounded. */
@Injectable()
export class IssuerKeys {
  private readonly known = new BoundedCache<string, Known>(MAX_ISSUERS);

  /** The keys of an issuer, for `jwtVerify`. @throws IssuerUnavailableError */
  of(trusted: TrustedIssuer): Promise<JWTVerifyGetKey> {
    const name = `${trusted.allow_private ? 'private' : 'public'} ${trusted.issuer}`;
    const known = this.known.get(name);
    if (known && known.until_ms > Date.now()) return known.keys;
    const keys = this.discover(trusted);
    this.known.set(name, { keys, until_ms: Date.now() + DISCOVERY_MS });
    keys.catch(() => this.known.set(name, { keys, until_ms: Date.now() + FAILURE_MS }));
    return keys;
  }

  private async discover({ issuer, allow_private }: TrustedIssuer): Promise<JWTVerifyGetKey> {
    const fetch = this.fetcher(allow_private);
    try {
      return createRemoteJWKSet(await jwksUri(issuer, allow_private), {
        timeoutDuration: FETCH_TIMEOUT_MS,
        cooldownDuration: COOLDOWN_MS,
        cacheMaxAge: KEYS_MS,
        [customFetch]: fetch,
      });
    } catch (cause) {
      throw new IssuerUnavailableError(issuer, { cause });
    }
  }

  private fetcher(allow_private: boolean): FetchImplementation {
    return async (url, { signal }) => {
      const { status, body } = await get(url, allow_private, signal);
      return new Response(new Uint8Array(body), { status });
    };
  }
}

/**
 * Where an issuer keeps its keys: as its configuration says, else at the place under the issuer's own URL where AWS Cognito
 * documents them. A
 * configuration that is of another issuer says nothing.
 */
async function jwksUri(issuer: string, allow_private: boolean): Promise<URL> {
  const base = issuer.replace(/\/$/, '');
  const { status, body } = await get(`${base}/.well-known/openid-configuration`, allow_private);
  if (status !== 200 && status !== 404) throw new Error(`The configuration of the issuer answered ${status}`);
  const configuration = status === 200 ? (JSON.parse(body.toString()) as { issuer?: unknown; jwks_uri?: unknown } | null) : null;
  if (configuration?.issuer !== issuer) return new URL(`${base}/.well-known/jwks.json`);
  if (typeof configuration.jwks_uri !== 'string') throw new Error('The configuration names no keys');
  const url = new URL(configuration.jwks_uri);
  if (!allow_private && url.protocol !== 'https:') throw new Error('The keys are not kept under https');
  return url;
}

function get(url: string, allow_private: boolean, signal?: AbortSignal): Promise<OutboundAnswer> {
  const headers = { accept: 'application/json' };
  return guardedFetch(url, { headers, timeout_ms: FETCH_TIMEOUT_MS, max_bytes: MAX_BYTES, allow_private, ...(signal ? { signal } : {}) });
}
