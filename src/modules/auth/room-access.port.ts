/** The token by which the module of rooms provides {@link RoomAccess}. */
export const ROOM_ACCESS = Symbol('ROOM_ACCESS');

/** What a login that names a room asks; rooms are another module's, which stands above this one. */
export interface RoomAccess {
  /** True where the user may be in the room; false also where there is none. */
  canEnter(user_id: string, room_id: string): Promise<boolean>;
}

/** The room of a login that names none (contract, section 3). */
export const DEFAULT_ROOM_ID = 'lobby';
