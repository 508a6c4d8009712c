import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PasswordHasher } from '../../platform/crypto/index.js';
import { Database } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { EventBus } from '../../platform/events/index.js';
import { type Actor, type Role, Scope } from '../../platform/scope/index.js';
import { AuditService, InvitationService, TenantDirectory } from '../tenancy/index.js';
import type { User } from './user.entity.js';
import { changedProfile, EMPTY_PROFILE, type Profile } from './user-profile.js';
import { type NewUser, UserRepository } from './user.repository.js';
import { numbered, usernameFrom } from './username-maker.js';

/** Who wants an account. */
export interface Registration extends Profile {
  /** Made from the email where none is given. */
  username?: string | null;
  email: string;
  password: string;
  invitation?: string | null;
}

/** A person whom the tenant's OIDC issuer vouches for. */
export interface ForeignPerson {
  readonly issuer: string;
  readonly subject: string;
  /** Null where the issuer does not say. */
  readonly email: string | null;
  readonly email_verified: boolean;
  readonly name?: string | null;
}

/** After so many numbered names the next one is drawn by lot. */
const NUMBERED_TRIES = 20;

/** The one way to an account, whichever door it is asked for at. */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly database: Database,
    private readonly users: UserRepository,
    private readonly tenants: TenantDirectory,
    private readonly invitations: InvitationService,
    private readonly audit: AuditService,
    private readonly events: EventBus,
    private readonly hasher: PasswordHasher,
  ) {
    this.events.during('tenant.creating', async ({ owner }) => {
      await this.insert({ ...EMPTY_PROFILE, ...owner, role: 'owner' }, false);
    });
    // Whoever has an account could use an invitation for nothing.
    this.events.during('invitation.creating', async ({ email }) => {
      if ((await this.users.taken('', email)).email) throw new AppError('EMAIL_TAKEN');
    });
  }

  /**
   * Registers a person in the tenant in scope. An invitation opens a tenant that takes invited people alone and brings its
   * role along; a closed tenant takes nobody.
   * @throws REGISTRATION_CLOSED, INVITATION_REQUIRED, INVITATION_INVALID, USERNAME_TAKEN (also where both are), EMAIL_TAKEN, VALIDATION_FAILED
   */
  async register(actor: Actor | null, registration: Registration): Promise<User> {
    const { username, email, password, invitation } = registration;
    const profile = changedProfile(EMPTY_PROFILE, registration);
    await this.assertOpen(invitation ?? null, email);
    // Nobody waits for a hash that would be of no use; what decides are the constraints.
    const isMade = username == null;
    const taken = await this.users.taken(username ?? '', email);
    if (!isMade && taken.username) throw new AppError('USERNAME_TAKEN');
    if (taken.email) throw new AppError('EMAIL_TAKEN');
    const password_hash = await this.hasher.hash(password);
    return this.database.transaction(async () => {
      const redeemed = invitation ? await this.invitations.redeem(invitation, email) : null;
      const role: Role = redeemed?.role ?? 'member';
      const user = await this.insert({ ...profile, username: username ?? usernameFrom(email), email, password_hash, role }, isMade);
      if (redeemed) await this.audit.record(actor, 'invitation.redeemed', 'invitation', redeemed.id, { user_id: user.id, role });
      return user;
    });
  }

  /**
   * The account of a person who comes with the tenant's issuer's ID token: the one that is theirs already, else the one that has
   * their verified email, else a new member's; null where that would need an email and there is none.
   * @throws EMAIL_TAKEN where the email is another account's and not verified
   */
  async join(person: ForeignPerson): Promise<User | null> {
    const { issuer: oidc_issuer, subject: oidc_subject, email, email_verified, name } = person;
    const identity = { oidc_issuer, oidc_subject };
    const known = await this.users.findOne(identity);
    if (known || email === null) return known;
    try {
      return await this.database.transaction(async () => {
        const joined = email_verified ? await this.users.adopt(email, oidc_issuer, oidc_subject) : null;
        if (joined) {
          await this.audit.record(null, 'user.identity_joined', 'user', joined.id, { issuer: oidc_issuer });
          return joined;
        }
        const profile = { ...EMPTY_PROFILE, name: name ?? null };
        const user = { ...profile, username: usernameFrom(email), email, email_verified, password_hash: null, role: 'member' } as const;
        return this.insert({ ...user, ...identity }, true);
      });
    } catch (error) {
      // Two first requests of one person run side by side: the second finds what the first has made.
      const meanwhile = await this.users.findOne(identity);
      if (meanwhile) return meanwhile;
      throw error;
    }
  }

  private async assertOpen(invitation: string | null, email: string): Promise<void> {
    const tenant = await this.tenants.find(Scope.clientId());
    if (!tenant || tenant.registration === 'closed') throw new AppError('REGISTRATION_CLOSED');
    if (invitation) await this.invitations.check(invitation, email);
    else if (tenant.registration === 'invite') throw new AppError('INVITATION_REQUIRED');
  }

  /** A username that was made, not asked for, gives way to one that is taken. */
  private async insert(user: NewUser, givesWay: boolean): Promise<User> {
    let id = await this.users.add(user);
    for (let n = 2; id === null && givesWay; n++) {
      const username = n <= NUMBERED_TRIES ? numbered(user.username, n) : numbered(user.username, randomBytes(4).readUInt32BE());
      id = await this.users.add({ ...user, username });
    }
    if (id === null) throw new AppError('USERNAME_TAKEN');
    const made = await this.users.findOne({ id });
    if (!made) throw new Error('A user who was just inserted is not there');
    const { username, email, role } = made;
    const event = { client_id: Scope.clientId(), id, username, email, role };
    await this.events.announce('user.registered', event);
    this.events.publish('user.registered', event);
    return made;
  }
}
