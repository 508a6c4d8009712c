import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { KaiwaRequest, OriginPolicy as HttpOriginPolicy } from '../../platform/http/index.js';
import { TenantOrigins } from '../tenancy/index.js';

/** Which web pages may call this server, by REST and by sockets, and which may do so with somebody's cookie (contract, section 0). */
@Injectable()
export class OriginPolicy implements HttpOriginPolicy {
  constructor(private readonly origins: TenantOrigins) {}

  /** True where the page may call at all. */
  isAllowed(origin: string, request: KaiwaRequest): boolean {
    return this.origins.isAllowed(origin, request);
  }

  /** {@link isAllowed} where there is no request yet; this server's own pages need no leave. */
  isKnown(origin: string): boolean {
    return this.origins.isKnown(origin);
  }

  /**
   * True where a request may act by a cookie of the tenant: its page is ours, is listed in `CORS_ORIGINS`, or is on the tenant's
   * own domain. Browsers send the cookie
   * from any page of the same site, and name the page in `Origin`; who names none is no browser.
   */
  mayUseCookie(request: IncomingMessage, client_id: string | null): boolean {
    const { origin } = request.headers;
    // Sockets too come through the server whose requests are Express's from birth.
    return origin === undefined || this.origins.isAllowedFor(client_id, origin, request as KaiwaRequest);
  }
}
