import { ApiProperty } from '@nestjs/swagger';
import { MessageView } from './message.view.js';
import { ROOM_ROLES, type RoomRole } from './room-member.entity.js';
import { VISIBILITIES, type Visibility } from './room.entity.js';

/** A person as rooms show them. */
export class RoomUserView {
  /**
   * The user's id
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * The user's name; absent in an anonymous room
   * @example 'tanaka'
   */
  username?: string;
}

/** A room as its reader sees it. */
export class RoomView {
  /**
   * The id that its maker chose, or one that the server made
   * @example 'lobby'
   */
  id: string;

  /**
   * What it is called
   * @example 'ロビー'
   */
  name: string;

  /** `open` to everyone in the tenant, `private` to its members */
  @ApiProperty({ enum: VISIBILITIES, example: 'open' })
  visibility: Visibility;

  /**
   * How long its messages live, in seconds; null for ever
   * @example null
   */
  @ApiProperty({ type: 'integer', nullable: true })
  message_ttl_seconds: number | null;

  /**
   * Who made it; null for a room of the system's
   * @example null
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  created_by: string | null;

  /**
   * When it was made
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /** What the reader is in it; null for no member */
  @ApiProperty({ type: String, enum: ROOM_ROLES, nullable: true, example: 'member' })
  my_role: RoomRole | null;

  /**
   * The place of its newest message; 0 while there is none
   * @example 42
   */
  @ApiProperty({ type: 'integer' })
  last_seq: number;

  /** Its newest message */
  @ApiProperty({ type: () => MessageView, nullable: true })
  last_message: MessageView | null;

  /**
   * Messages of others that the reader has not read; counted up to 1,000
   * @example 3
   */
  @ApiProperty({ type: 'integer' })
  unread: number;
}

/** A member of a room. */
export class RoomMemberView {
  /** Who */
  @ApiProperty({ type: () => RoomUserView })
  user: RoomUserView;

  /** `admin` runs the room */
  @ApiProperty({ enum: ROOM_ROLES, example: 'member' })
  role: RoomRole;

  /**
   * Since when
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  joined_at: string;
}

/** A socket that is in a room now, on whatever node. */
export class ConnectionView {
  /**
   * The socket's id
   * @example 'yq3FJvC1mZ0nLr0uAAAB'
   */
  connection_id: string;

  /** Whose it is */
  @ApiProperty({ type: () => RoomUserView })
  user: RoomUserView;

  /**
   * Since when
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  connected_at: string;
}

/** How far the caller has read. */
export class ReadMarkerView {
  /**
   * The room
   * @example 'lobby'
   */
  room_id: string;

  /**
   * Everything up to here is read
   * @example 42
   */
  @ApiProperty({ type: 'integer' })
  seq: number;
}
