import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { baseUrlOf, type KaiwaRequest, type KaiwaResponse, type OriginPolicy } from '../../platform/http/index.js';
import { TenantDirectory } from './tenant-directory.js';

const ALLOW_ORIGIN = 'Access-Control-Allow-Origin';

/** From which web origins this server may be called with credentials: our own, `CORS_ORIGINS`, and the tenant's domains. */
@Injectable()
export class TenantOrigins implements OriginPolicy {
  private readonly configured: ReadonlySet<string>;
  private readonly any: boolean;

  constructor(
    config: Config,
    private readonly directory: TenantDirectory,
  ) {
    this.configured = new Set(config.env.CORS_ORIGINS);
    this.any = this.configured.has('*');
  }

  /** True for an origin that the installation or any tenant names: a socket's handshake comes before its tenant is known. */
  isKnown(origin: string): boolean {
    return this.isListed(origin) || this.directory.findByOrigin(origin) !== undefined;
  }

  /** Before the tenant is known (a preflight never says it) any tenant's domain will do; {@link narrow} looks again. */
  isAllowed(origin: string, request: KaiwaRequest): boolean {
    return this.isKnown(origin) || isOwn(origin, request);
  }

  /** True where `origin` may use a credential of the tenant. */
  isAllowedFor(client_id: string | null, origin: string, request: KaiwaRequest): boolean {
    if (this.isListed(origin) || isOwn(origin, request)) return true;
    return client_id !== null && this.directory.findByOrigin(origin) === client_id;
  }

  /** Takes back what {@link isAllowed} let pass, where the domain turns out to be another tenant's. */
  narrow(client_id: string | null, request: KaiwaRequest, response: KaiwaResponse): void {
    const { origin } = request.headers;
    if (origin === undefined || this.isAllowedFor(client_id, origin, request)) return;
    response.removeHeader(ALLOW_ORIGIN);
    response.removeHeader('Access-Control-Allow-Credentials');
    response.removeHeader('Access-Control-Expose-Headers');
  }

  private isListed(origin: string): boolean {
    return this.any || this.configured.has(origin);
  }
}

function isOwn(origin: string, request: KaiwaRequest): boolean {
  const base = baseUrlOf(request);
  if (base === origin || URL.parse(base)?.origin === origin) return true;
  // Behind a proxy that ends TLS the request may look like http, and its page is https all the same; never the other way round.
  const page = URL.parse(origin);
  return request.host !== undefined && page?.host === request.host && !(request.protocol === 'https' && page.protocol === 'http:');
}
