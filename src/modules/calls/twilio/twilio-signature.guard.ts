import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Telephony } from '../../../integrations/telephony/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { baseUrlOf, type KaiwaRequest } from '../../../platform/http/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { RateLimits } from '../../auth/index.js';
import { TenantIntegrations, UsageService } from '../../tenancy/index.js';
import { formOf, type TwilioForm } from './twilio-form.js';
import { TwilioTenants } from './twilio-tenants.js';

const SIGNATURE = /^[A-Za-z0-9+/=]{1,100}$/;

/**
 * Lets Twilio's own requests in, and nobody else's: the signature is checked over the URL as the proxy saw it, by the auth token of the
 * tenant whose the request is, and the request then runs in that tenant. Whoever is refused is told nothing, and counted by address; what
 * Twilio sends is not counted, since all tenants' calls come from its few addresses.
 */
@Injectable()
export class TwilioSignatureGuard implements CanActivate {
  constructor(
    private readonly tenants: TwilioTenants,
    private readonly integrations: TenantIntegrations,
    private readonly telephony: Telephony,
    private readonly limits: RateLimits,
    private readonly usage: UsageService,
  ) {}

  /** @throws INVALID_SIGNATURE, RATE_LIMITED */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<KaiwaRequest>();
    const form = formOf(request.body);
    const client_id = form && (await this.tenantOf(request, form));
    if (client_id === null) {
      await this.limits.count(
        this.limits.callerKey(null, null, () => request.scope.address),
        null,
        null,
      );
      throw new AppError('INVALID_SIGNATURE');
    }
    request.scope.client_id = client_id;
    this.usage.count(client_id, 'requests');
    return true;
  }

  /** The tenant by whose token the request is signed, or null. */
  private async tenantOf(request: KaiwaRequest, form: TwilioForm): Promise<string | null> {
    const signature = request.headers['x-twilio-signature'];
    if (typeof signature !== 'string' || !SIGNATURE.test(signature)) return null;
    const client_id = await this.tenants.find(request.query['client_id'], form);
    if (client_id === null) return null;
    const account = await Scope.runAs(client_id, () => this.integrations.twilio());
    if (!account) return null;
    return (await this.telephony.isSigned(account.auth_token, signature, urlsOf(request), form)) ? client_id : null;
  }
}

/** Where Twilio may have sent the request: under the configured public URL, and where the proxy says that it came. */
function urlsOf(request: KaiwaRequest): string[] {
  const seen = request.host === undefined ? [] : [`${request.protocol}://${request.host}`];
  return [...new Set([baseUrlOf(request), ...seen])].map((base) => base + request.originalUrl);
}
