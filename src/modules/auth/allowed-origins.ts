import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import type { KaiwaRequest, OriginPolicy } from '../../platform/http/index.js';
import { TenantDirectory } from '../tenancy/index.js';

/** Which web origins may call, and which may use the cookie (contract, section 0: CORS and credentials). */
@Injectable()
export class AllowedOrigins implements OriginPolicy {
  private readonly listed: ReadonlySet<string>;
  private readonly everybody: boolean;
  private readonly own: string | undefined;

  constructor(
    config: Config,
    private readonly tenants: TenantDirectory,
  ) {
    this.listed = new Set(config.env.CORS_ORIGINS);
    this.everybody = this.listed.has('*');
    this.own = config.public_url === undefined ? undefined : new URL(config.public_url).origin;
  }

  /**
   * True where a page of this origin may call at all: it stands in `CORS_ORIGINS`, or some tenant owns its host. A preflight does not say
   * for which tenant; {@link mayUseCookie} does.
   */
  isAllowed(origin: string, _request?: KaiwaRequest): boolean {
    return this.everybody || this.listed.has(origin) || this.tenants.findByOrigin(origin) !== undefined;
  }

  /**
   * True where a page of this origin may use a cookie of the tenant: it is this server's own, stands in `CORS_ORIGINS` by name, or is on the
   * tenant's own domain. `*` opens the API to all, but nobody's cookie to them.
   * @param host where the request went, port included
   */
  mayUseCookie(origin: string, host: string | undefined, client_id: string | null): boolean {
    if (origin === this.own || this.listed.has(origin)) return true;
    if (host !== undefined && URL.parse(origin)?.host === host) return true;
    return client_id !== null && this.tenants.findByOrigin(origin) === client_id;
  }
}
