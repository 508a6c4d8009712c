import { AppError } from '../../../platform/errors/index.js';
import { type Actor, roleCovers } from '../../../platform/scope/index.js';

/** Papers are looked at by people who answer for it: admins and the operator, never a system. */
export function canDecide(actor: Actor): boolean {
  return actor.kind === 'operator' || (actor.kind === 'user' && roleCovers(actor.role, 'admin'));
}

/** @throws FORBIDDEN */
export function assertCanDecide(actor: Actor): void {
  if (!canDecide(actor)) throw new AppError('FORBIDDEN');
}
