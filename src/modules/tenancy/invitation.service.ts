import { Injectable } from '@nestjs/common';
import { hashSecret, newSecret } from '../../platform/crypto/index.js';
import { Database, type Page, type PageRequest } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { EventBus } from '../../platform/events/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { caseless } from '../../platform/text/index.js';
import { AuditService } from './audit.service.js';
import type { CreateInvitationDto } from './invitation.dto.js';
import { InvitationRepository, type Redeemable } from './invitation.repository.js';
import { type InvitationView, type NewInvitationView, toInvitationView } from './invitation.view.js';
import { assertInviteAs, assertTenancy } from './tenancy.policy.js';

/** How long an invitation is good. */
const LIFETIME_MS = 7 * 24 * 60 * 60 * 1_000;

/** Leave to register, given to one email address. */
@Injectable()
export class InvitationService {
  constructor(
    private readonly database: Database,
    private readonly invitations: InvitationRepository,
    private readonly audit: AuditService,
    private readonly events: EventBus,
  ) {}

  /**
   * Invites an email address; the answer alone holds the token.
   * @throws FORBIDDEN also for a role that the inviter may not give, EMAIL_TAKEN where the address has an account already
   */
  async create(actor: Actor, input: CreateInvitationDto): Promise<NewInvitationView> {
    const role = input.role ?? 'member';
    assertInviteAs(actor, role);
    const token = newSecret();
    return this.database.transaction(async () => {
      await this.events.announce('invitation.creating', { email: input.email });
      const made = await this.invitations.insert({
        email: input.email,
        email_key: caseless(input.email),
        role,
        token_hash: hashSecret(token),
        created_by: actor.kind === 'user' ? actor.id : null,
        expires_at: new Date(Date.now() + LIFETIME_MS),
      });
      await this.audit.record(actor, 'invitation.created', 'invitation', made.id, { email: made.email, role });
      return { ...toInvitationView(made), token };
    });
  }

  /** A page of the tenant's invitations, newest first, used and expired ones too. @throws FORBIDDEN, INVALID_CURSOR */
  async list(actor: Actor, page: PageRequest): Promise<Page<InvitationView>> {
    assertTenancy(actor, 'invitations.manage');
    return (await this.invitations.list({}, page)).map(toInvitationView);
  }

  /** Takes an invitation back; an account that was made by it stays. @throws FORBIDDEN, INVITATION_NOT_FOUND */
  async delete(actor: Actor, id: string): Promise<void> {
    assertTenancy(actor, 'invitations.manage');
    await this.database.transaction(async () => {
      if ((await this.invitations.delete({ id })) === 0) throw new AppError('INVITATION_NOT_FOUND');
      await this.audit.record(actor, 'invitation.deleted', 'invitation', id);
    });
  }

  /**
   * Checks that a token is good for an email address, without using it up: before the work that a registration costs.
   * @throws INVITATION_INVALID where it is unknown, used, expired or somebody else's: which of these is not told
   */
  async check(token: string, email: string): Promise<void> {
    if (!(await this.invitations.findGood(hashSecret(token), caseless(email)))) throw new AppError('INVITATION_INVALID');
  }

  /** Uses a token up, in the transaction that registers; of two at once one fails. @throws INVITATION_INVALID */
  async redeem(token: string, email: string): Promise<Redeemable> {
    const invitation = await this.invitations.use(hashSecret(token), caseless(email));
    if (!invitation) throw new AppError('INVITATION_INVALID');
    return invitation;
  }
}
