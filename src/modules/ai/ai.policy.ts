import { AppError } from '../../platform/errors/index.js';
import { type Actor, type ApiScope, type Role, roleCovers } from '../../platform/scope/index.js';

interface Need {
  /** The role that a person needs. */
  readonly role: Role;
  /** The scopes by any of which an API key may too. */
  readonly scopes: readonly ApiScope[];
}

/** Who may do what with the assistant's knowledge and settings (contract, section 0: the table of roles). */
export const AI_NEEDS = {
  'faqs.read': { role: 'member', scopes: ['phone'] },
  'faqs.write': { role: 'staff', scopes: ['phone'] },
  'tasks.manage': { role: 'staff', scopes: ['phone'] },
  'settings.read': { role: 'staff', scopes: ['phone', 'settings'] },
  'settings.write': { role: 'admin', scopes: ['settings'] },
  'chat.use': { role: 'staff', scopes: ['phone'] },
  'chat_logs.read': { role: 'staff', scopes: ['phone'] },
  'tools.execute': { role: 'staff', scopes: ['phone'] },
} as const satisfies Record<string, Need>;

export type AiAct = keyof typeof AI_NEEDS;

/** True where `actor` may do `act`. */
export function canAi(actor: Actor, act: AiAct): boolean {
  const need: Need = AI_NEEDS[act];
  if (actor.kind === 'operator') return true;
  if (actor.kind === 'api_key') return need.scopes.some((scope) => actor.scopes.includes(scope));
  return roleCovers(actor.role, need.role);
}

/** @throws FORBIDDEN */
export function assertAi(actor: Actor, act: AiAct): void {
  if (!canAi(actor, act)) throw new AppError('FORBIDDEN');
}
