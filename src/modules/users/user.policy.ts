import { AppError } from '../../platform/errors/index.js';
import { type Actor, type ApiScope, type Role, roleCovers } from '../../platform/scope/index.js';

interface Need {
  /** The role that a person needs. */
  readonly role: Role;
  /** The scope by which an API key may too. */
  readonly scope?: ApiScope;
}

/** Who may do what with people (contract, section 0: the table of roles). */
export const USER_NEEDS = {
  'users.read_public': { role: 'member', scope: 'users' },
  'users.read_whole': { role: 'admin', scope: 'users' },
  /** Roles below admin, and accounts of those who have one. */
  'users.manage': { role: 'admin', scope: 'users' },
  /** Universities, companies, departments and jobs. */
  'master_data.read': { role: 'member', scope: 'matching' },
  'master_data.manage': { role: 'admin', scope: 'matching' },
  /** Admins and owners: making them, and changing what they are. */
  'admins.manage': { role: 'owner' },
} as const satisfies Record<string, Need>;

export type UserAct = keyof typeof USER_NEEDS;

/** True where `actor` may do `act`. */
export function canUsers(actor: Actor, act: UserAct): boolean {
  const need: Need = USER_NEEDS[act];
  if (actor.kind === 'operator') return true;
  if (actor.kind === 'api_key') return need.scope !== undefined && actor.scopes.includes(need.scope);
  return roleCovers(actor.role, need.role);
}

/** @throws FORBIDDEN */
export function assertUsers(actor: Actor, act: UserAct): void {
  if (!canUsers(actor, act)) throw new AppError('FORBIDDEN');
}

/** What a change of somebody's account would do. */
export interface AccountChange {
  readonly role?: Role | null;
  readonly disabled?: boolean | null;
}

/** True where `actor` may make that change to the account of `target`; everybody may step down by themselves. */
export function canChangeAccount(actor: Actor, target: { readonly id: string; readonly role: Role }, change: AccountChange): boolean {
  const role = change.role ?? target.role;
  const isStepDown = actor.kind === 'user' && actor.id === target.id && change.disabled == null && roleCovers(target.role, role);
  if (isStepDown) return canUsers(actor, 'users.manage');
  const touchesAdmins = roleCovers(target.role, 'admin') || roleCovers(role, 'admin');
  return canUsers(actor, touchesAdmins ? 'admins.manage' : 'users.manage');
}

/** @throws FORBIDDEN */
export function assertChangeAccount(actor: Actor, target: { readonly id: string; readonly role: Role }, change: AccountChange): void {
  if (!canChangeAccount(actor, target, change)) throw new AppError('FORBIDDEN');
}
