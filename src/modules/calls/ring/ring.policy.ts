import { AppError } from '../../../platform/errors/index.js';
import type { Actor } from '../../../platform/scope/index.js';

/**
 * For whom somebody calls, answers or reads: a person for themselves; a system names the user that it acts for.
 * @throws NOT_YOURSELF where a person names somebody else, VALIDATION_FAILED where a system names nobody
 */
export function partyOf(actor: Actor, named: string | null | undefined, field: string): string {
  if (actor.kind === 'user') {
    if (named != null && named !== actor.id) throw new AppError('NOT_YOURSELF', { message: `${field} must be your own id` });
    return actor.id;
  }
  if (named == null) throw AppError.field(field, 'is required: name the user that you act for');
  return named;
}
