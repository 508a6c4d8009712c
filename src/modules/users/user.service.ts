import { Injectable } from '@nestjs/common';
import { Database, type Page } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { EventBus } from '../../platform/events/index.js';
import { UUID } from '../../platform/http/index.js';
import { type Actor, Scope, type UserActor } from '../../platform/scope/index.js';
import { caseless } from '../../platform/text/index.js';
import { AuditService } from '../tenancy/index.js';
import type { ChangeAccountDto, ProfileDto, SearchUsersQuery } from './user.dto.js';
import type { User } from './user.entity.js';
import { assertChangeAccount, assertUsers, canUsers } from './user.policy.js';
import { UserRepository } from './user.repository.js';
import { type PublicUserView, toPublicUserView, toUserView, type UserView } from './user.view.js';

/** What a name or an id answers that is nobody's (source 004, sections 11 and 12). */
const NO_MATCH = 'no match';

/** The people of a tenant: their profiles, their accounts, and the end of these. */
@Injectable()
export class UserService {
  constructor(
    private readonly database: Database,
    private readonly users: UserRepository,
    private readonly audit: AuditService,
    private readonly events: EventBus,
  ) {}

  /** One's own account. @throws UNAUTHORIZED where it is gone */
  async getSelf(actor: UserActor): Promise<User> {
    const user = await this.users.findOne({ id: actor.id });
    if (!user) throw new AppError('UNAUTHORIZED');
    return user;
  }

  /**
   * Changes what is named of one's own profile; null clears a field.
   * @throws UNAUTHORIZED where the account is gone, VALIDATION_FAILED, TYPE_HELD
   */
  async changeSelf(actor: UserActor, changes: ProfileDto): Promise<User> {
    await this.database.transaction(async () => {
      if (!(await this.users.setProfile(actor.id, changes))) throw new AppError('UNAUTHORIZED');
    });
    return this.getSelf(actor);
  }

  /** Somebody's profile: the whole one to admins, the public one to others. @throws FORBIDDEN, USER_NOT_FOUND */
  async get(actor: Actor, id: string): Promise<PublicUserView | UserView> {
    assertUsers(actor, 'users.read_public');
    const user = await this.users.findOne({ id });
    if (!user) throw new AppError('USER_NOT_FOUND');
    return viewFor(actor)(user);
  }

  /** A page of people by username, seen as by {@link get}; disabled accounts are for admins alone. @throws FORBIDDEN, INVALID_CURSOR */
  async search(actor: Actor, query: SearchUsersQuery): Promise<Page<PublicUserView | UserView>> {
    assertUsers(actor, 'users.read_public');
    return (await this.users.search(query, canUsers(actor, 'users.read_whole'), query)).map(viewFor(actor));
  }

  /** The id of each username, by the name as it was asked for, or `no match`. @throws FORBIDDEN */
  async usernamesToIds(actor: Actor, usernames: readonly string[]): Promise<Record<string, string>> {
    assertUsers(actor, 'users.read_public');
    const keys = usernames.map(caseless);
    const ids = await this.users.idsByUsernameKeys(keys);
    return answers(usernames, (_, index) => ids.get(keys[index] ?? ''));
  }

  /** The username of each id, by the id as it was asked for, or `no match`, also for what is no id. @throws FORBIDDEN */
  async idsToUsernames(actor: Actor, asked: ReadonlyArray<string | number>): Promise<Record<string, string>> {
    assertUsers(actor, 'users.read_public');
    const ids = asked.map(String);
    const known = await this.users.names(ids.filter((id) => UUID.test(id)));
    const usernames = new Map(known.map(({ id, username }) => [id, username]));
    return answers(ids, (id) => usernames.get(id.toLowerCase()));
  }

  /**
   * Changes somebody's role, or shuts or opens their account.
   * @throws FORBIDDEN, USER_NOT_FOUND, LAST_OWNER
   */
  async changeAccount(actor: Actor, id: string, change: ChangeAccountDto): Promise<User> {
    assertUsers(actor, 'users.manage');
    return this.database.transaction(async () => {
      const owners = await this.users.lockOwners();
      const user = await this.users.lock(id);
      if (!user) throw new AppError('USER_NOT_FOUND');
      assertChangeAccount(actor, user, change);
      const role = change.role ?? user.role;
      const disabled = change.disabled ?? user.disabled_at !== null;
      if (role !== 'owner' || disabled) assertNotLast(owners, id);
      await this.setRole(actor, user, role);
      await this.setDisabled(actor, user, disabled);
      return user;
    });
  }

  /**
   * Ends one's own account: what others made depend on it goes in the same transaction, or nothing does.
   * @throws USER_NOT_FOUND, LAST_OWNER
   */
  async deleteSelf(actor: UserActor): Promise<void> {
    const { id } = actor;
    const event = { client_id: Scope.clientId(), id };
    await this.database.transaction(
      async () => {
        const owners = await this.users.lockOwners();
        if (!(await this.users.lock(id))) throw new AppError('USER_NOT_FOUND');
        assertNotLast(owners, id);
        await this.events.announce('user.deleting', event);
        await this.users.delete({ id });
        await this.audit.record(actor, 'user.deleted', 'user', id);
        this.events.publish('user.deleted', event);
      },
      // Much is locked, and not all of it in the order in which others lock: whoever gives a file to a room holds the file first.
      { retry: true },
    );
  }

  private async setRole(actor: Actor, user: User, role: User['role']): Promise<void> {
    if (role === user.role) return;
    const event = { client_id: Scope.clientId(), id: user.id, role, previous_role: user.role };
    await this.users.update({ id: user.id }, { role });
    user.role = role;
    await this.audit.record(actor, 'user.role_changed', 'user', user.id, { role, previous_role: event.previous_role });
    await this.events.announce('user.role_changed', event);
    this.events.publish('user.role_changed', event);
  }

  private async setDisabled(actor: Actor, user: User, disabled: boolean): Promise<void> {
    if (disabled === (user.disabled_at !== null)) return;
    const name = disabled ? 'user.disabled' : 'user.enabled';
    const event = { client_id: Scope.clientId(), id: user.id };
    user.disabled_at = disabled ? new Date() : null;
    await this.users.update({ id: user.id }, { disabled_at: user.disabled_at });
    await this.audit.record(actor, name, 'user', user.id);
    await this.events.announce(name, event);
    this.events.publish(name, event);
  }
}

function viewFor(actor: Actor): (user: User) => PublicUserView | UserView {
  return canUsers(actor, 'users.read_whole') ? toUserView : toPublicUserView;
}

/** @throws LAST_OWNER where `id` is the only one left */
function assertNotLast(owners: readonly string[], id: string): void {
  if (owners.length === 1 && owners[0] === id) throw new AppError('LAST_OWNER');
}

/** An object without prototype: `__proto__` is a name like any other. */
function answers(asked: readonly string[], find: (one: string, index: number) => string | undefined): Record<string, string> {
  const found = Object.create(null) as Record<string, string>;
  asked.forEach((one, index) => {
    found[one] = find(one, index) ?? NO_MATCH;
  });
  return found;
}
