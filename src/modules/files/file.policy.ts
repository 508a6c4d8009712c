import { AppError } from '../../platform/errors/index.js';
import { type Actor, roleCovers } from '../../platform/scope/index.js';

/** True for those who see every file of the tenant: admins, API keys for files, the operator. */
export function seesAllFiles(actor: Actor): boolean {
  if (actor.kind === 'operator') return true;
  if (actor.kind === 'api_key') return actor.scopes.includes('files');
  return roleCovers(actor.role, 'admin');
}

/** True where the file is the actor's own to delete, or to give to others. */
export function mayManage(actor: Actor, owner_id: string): boolean {
  return (actor.kind === 'user' && actor.id === owner_id) || seesAllFiles(actor);
}

/** @throws FORBIDDEN for who may read a file of that owner, but do no more. */
export function assertMayManage(actor: Actor, owner_id: string): void {
  if (!mayManage(actor, owner_id)) throw new AppError('FORBIDDEN');
}

/**
 * Whose file it is to be: a person's own; a system names the user that it acts for.
 * @throws NOT_YOURSELF; VALIDATION_FAILED where a system names nobody
 */
export function ownerFor(actor: Actor, user_id: string | null | undefined): string {
  if (actor.kind === 'user') {
    if (user_id != null && user_id !== actor.id) throw new AppError('NOT_YOURSELF', { message: 'user_id must be your own id' });
    return actor.id;
  }
  if (user_id == null) throw AppError.field('user_id', 'is required: name the user that you act for');
  return user_id;
}
