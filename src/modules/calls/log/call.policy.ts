import { AppError } from '../../../platform/errors/index.js';
import { type Actor, type ApiScope, type Role, roleCovers } from '../../../platform/scope/index.js';

interface Need {
  readonly role: Role;
  /** The scope by which an API key may too. */
  readonly scope: ApiScope;
}

/** Who may do what at the phone desk (contract, section 0: the table of roles). */
export const CALL_NEEDS = {
  'calls.list': { role: 'member', scope: 'phone' },
  'calls.read': { role: 'staff', scope: 'phone' },
  'calls.write': { role: 'staff', scope: 'phone' },
  'recordings.read': { role: 'staff', scope: 'phone' },
} as const satisfies Record<string, Need>;

export type CallAct = keyof typeof CALL_NEEDS;

/** True where `actor` may do `act`. */
export function canCalls(actor: Actor, act: CallAct): boolean {
  const { role, scope } = CALL_NEEDS[act];
  if (actor.kind === 'operator') return true;
  return actor.kind === 'api_key' ? actor.scopes.includes(scope) : roleCovers(actor.role, role);
}

/** @throws FORBIDDEN */
export function assertCalls(actor: Actor, act: CallAct): void {
  if (!canCalls(actor, act)) throw new AppError('FORBIDDEN');
}

/** Whose calls with other users alone a list shows; undefined for the phone desk, which sees all. */
export function onlyOwnOf(actor: Actor): string | undefined {
  return actor.kind === 'user' && !canCalls(actor, 'calls.read') ? actor.id : undefined;
}
