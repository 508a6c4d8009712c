import { AppError } from '../../platform/errors/index.js';
import type { Actor } from '../../platform/scope/index.js';

/** What is needed of a page to decide who may edit it. */
export interface Owned {
  readonly creator_id: string;
  readonly co_editor_user_ids: readonly string[];
}

/** Whose pages are listed: a person's own and those they co-edit; null for the tenant's systems, which see all. */
export function editorOf(actor: Actor): string | null {
  return actor.kind === 'user' ? actor.id : null;
}

/** True for the creator, the co-editors and the tenant's systems (contract, section 5). */
export function canEdit(actor: Actor, page: Owned): boolean {
  return actor.kind !== 'user' || actor.id === page.creator_id || page.co_editor_user_ids.includes(actor.id);
}

/** True for the creator and the tenant's systems. */
export function canDelete(actor: Actor, page: Pick<Owned, 'creator_id'>): boolean {
  return actor.kind !== 'user' || actor.id === page.creator_id;
}

/** Throws FORBIDDEN where the actor may not see the page as its editors do. */
export function assertCanRead(actor: Actor, page: Owned): void {
  if (!canEdit(actor, page)) throw new AppError('FORBIDDEN');
}

/** Throws PAGE_NOT_EDITABLE (404): whoever may not change a page is not told whether there is one. */
export function assertCanEdit(actor: Actor, page: Owned): void {
  if (!canEdit(actor, page)) throw new AppError('PAGE_NOT_EDITABLE');
}

/** Throws PAGE_NOT_EDITABLE (404). */
export function assertCanDelete(actor: Actor, page: Pick<Owned, 'creator_id'>): void {
  if (!canDelete(actor, page)) throw new AppError('PAGE_NOT_EDITABLE');
}

/**
 * Who makes a page: a person makes their own; a system names the user that it acts for. Throws NOT_YOURSELF (403), or VALIDATION_FAILED
 * where a system names nobody.
 */
export function makerOf(actor: Actor, named: string | null | undefined): string {
  if (actor.kind === 'user') {
    if (named != null && named !== actor.id) throw new AppError('NOT_YOURSELF', { message: 'user_id must be your own id' });
    return actor.id;
  }
  if (named == null) throw AppError.field('user_id', 'is required: name the user that you act for');
  return named;
}
