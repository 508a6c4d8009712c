import { Injectable } from '@nestjs/common';
import { EventBus } from '../../platform/events/index.js';
import { AccountRepository } from './account.repository.js';
import type { EndReason } from './session-ends.js';
import { RevocationService } from './revocation.service.js';
import { SessionService } from './session.service.js';

/** What befalls users and API keys has its effect on credentials in the same transaction, so that neither comes without the other. */
@Injectable()
export class AuthEvents {
  constructor(
    events: EventBus,
    private readonly accounts: AccountRepository,
    private readonly sessions: SessionService,
    private readonly revocations: RevocationService,
  ) {
    events.during('user.role_changed', ({ id, role }) => this.revocations.setRole(id, role));
    events.during('user.disabled', ({ id }) => this.end(id, 'account_disabled'));
    events.during('user.deleting', ({ id }) => this.delete(id));
    events.during('api_key.deleting', ({ id }) => this.revocations.endApiKey(id));
  }

  private async end(user_id: string, reason: EndReason): Promise<void> {
    await this.accounts.lock(user_id);
    await this.sessions.endAll(user_id, reason);
    await this.revocations.forgetUser(user_id, reason);
  }

  private async delete(user_id: string): Promise<void> {
    const account = await this.accounts.lock(user_id);
    await this.end(user_id, 'account_deleted');
    if (account?.oidc_issuer && account.oidc_subject) await this.revocations.endIdentity(account.oidc_issuer, account.oidc_subject);
  }
}
