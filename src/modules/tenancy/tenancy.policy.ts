import { AppError } from '../../platform/errors/index.js';
import { type Actor, type ApiScope, type Role, roleCovers } from '../../platform/scope/index.js';

interface Need {
  /** The role that a person needs; `operator` where no tenant's people may. */
  readonly role: Role | 'operator';
  /** The scope by which an API key may too. */
  readonly scope?: ApiScope;
}

/** Who may do what to a tenant and to what it keeps (contract, section 0: the table of roles). */
export const TENANCY_NEEDS = {
  'tenant.read': { role: 'member', scope: 'phone' },
  'tenant.change': { role: 'owner' },
  'tenants.manage': { role: 'operator' },
  'api_keys.manage': { role: 'admin' },
  'invitations.manage': { role: 'admin' },
  'usage.read': { role: 'admin' },
  'audit_log.read': { role: 'admin' },
} as const satisfies Record<string, Need>;

export type TenancyAct = keyof typeof TENANCY_NEEDS;

/** True where `actor` may do `act`. */
export function canTenancy(actor: Actor, act: TenancyAct): boolean {
  const need: Need = TENANCY_NEEDS[act];
  if (actor.kind === 'operator') return true;
  if (need.role === 'operator') return false;
  if (actor.kind === 'api_key') return need.scope !== undefined && actor.scopes.includes(need.scope);
  return roleCovers(actor.role, need.role);
}

/** @throws FORBIDDEN */
export function assertTenancy(actor: Actor, act: TenancyAct): void {
  if (!canTenancy(actor, act)) throw new AppError('FORBIDDEN');
}

/** Admins invite members and staff; admins and owners are made by owners alone, by whatever way. */
export function canInviteAs(actor: Actor, role: Role): boolean {
  if (!canTenancy(actor, 'invitations.manage')) return false;
  return actor.kind !== 'user' || actor.role === 'owner' || !roleCovers(role, 'admin');
}

/** @throws FORBIDDEN */
export function assertInviteAs(actor: Actor, role: Role): void {
  if (!canInviteAs(actor, role)) throw new AppError('FORBIDDEN');
}
