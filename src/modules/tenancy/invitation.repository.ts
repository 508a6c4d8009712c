import { Injectable } from '@nestjs/common';
import { Database, TenantRepository } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';
import { Invitation } from './invitation.entity.js';

/** What an invitation is worth to whoever redeems it. */
export type Redeemable = Pick<Invitation, 'id' | 'role'>;

const GOOD = 'client_id = $1 and token_hash = $2 and email_key = $3 and used_at is null and expires_at > now()';

@Injectable()
export class InvitationRepository extends TenantRepository<Invitation> {
  constructor(database: Database) {
    super(database, Invitation);
  }

  /** The invitation that a token and an email open, or null. */
  async findGood(token_hash: string, email_key: string): Promise<Redeemable | null> {
    const [invitation] = await this.database.sql<Redeemable>(`select id, role from invitations where ${GOOD}`, [
      Scope.clientId(),
      token_hash,
      email_key,
    ]);
    return invitation ?? null;
  }

  /** Uses it up; null where it is not good, or another has just used it. */
  async use(token_hash: string, email_key: string): Promise<Redeemable | null> {
    const [invitation] = await this.database.sql<Redeemable>(`update invitations set used_at = now() where ${GOOD} returning id, role`, [
      Scope.clientId(),
      token_hash,
      email_key,
    ]);
    return invitation ?? null;
  }
}
