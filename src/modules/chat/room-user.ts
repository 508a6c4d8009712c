import type { RoomUserView } from './room.view.js';

/** A person as a room shows them: without a name where the room is anonymous, and where the account is gone. */
export function roomUser({ is_anonymous }: { is_anonymous: boolean }, id: string, username: string | null | undefined): RoomUserView {
  return is_anonymous || username == null ? { id } : { id, username };
}

/** What {@link roomUser} makes, in SQL: of the person whose id `id` holds. Needs the aliases `r` (rooms) and `u` (users, left joined). */
export const roomUserSql = (id: string): string =>
  `json_strip_nulls(json_build_object('id', ${id}, 'username', case when not r.is_anonymous then u.username end))`;
