import { AppError } from '../../platform/errors/index.js';
import { type Actor, roleCovers } from '../../platform/scope/index.js';
import type { Room } from './room.entity.js';
import type { RoomRole } from './room-member.entity.js';

/** A room with what the reader is in it. */
export interface RoomForReader extends Room {
  my_role: RoomRole | null;
}

/** Whose eyes read: a person's own, or null for the tenant's systems, which see every room that is not anonymous. */
export function readerOf(actor: Actor): string | null {
  return actor.kind === 'user' ? actor.id : null;
}

/**
 * Who speaks: a person speaks as themselves; a system names the user that it speaks for. Throws NOT_YOURSELF (403), or
 * VALIDATION_FAILED where a system names nobody.
 */
export function speakerOf(actor: Actor, named: string | null | undefined, field: string): string {
  if (actor.kind === 'user') {
    if (named != null && named !== actor.id) throw new AppError('NOT_YOURSELF', { message: `${field} must be your own id` });
    return actor.id;
  }
  if (named == null) throw AppError.field(field, 'is required: name the user that you act for');
  return named;
}

/** The person, for what only a person can do (react, read, type). */
export function personOf(actor: Actor): string {
  if (actor.kind !== 'user') throw new AppError('FORBIDDEN');
  return actor.id;
}

/**
 * Who runs a room: its own admins; the tenant's systems; and a tenant's admins in rooms that are open, since an open room
 * belongs to everyone.
 */
export function canRun(actor: Actor, room: RoomForReader): boolean {
  if (actor.kind !== 'user') return true;
  return room.my_role === 'admin' || (room.visibility === 'open' && roleCovers(actor.role, 'admin'));
}

/** Throws FORBIDDEN where the actor does not run the room. */
export function assertCanRun(actor: Actor, room: RoomForReader): void {
  if (!canRun(actor, room)) throw new AppError('FORBIDDEN');
}

/** Throws `refusal` where a room that the system made is to be changed or deleted by its members, or others are to be in it. */
export function assertNotFixed(room: Room, refusal: 'ROOM_NOT_DELETABLE' | 'ROOM_NOT_CHANGEABLE' | 'ROOM_MEMBERS_FIXED'): void {
  if (room.is_fixed) throw new AppError(refusal);
}
