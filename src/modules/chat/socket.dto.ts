import { ApiProperty, IntersectionType } from '@nestjs/swagger';
import { IsClientName, IsFlag, IsIntField, IsText } from '../../platform/http/validation/index.js';
import { EditMessageDto, MarkReadDto, PostMessageDto } from './message.dto.js';
import { MessageView } from './message.view.js';
import { RoomUserView, RoomView } from './room.view.js';

/** A room. */
export class RoomRefDto {
  @IsClientName({ description: 'The room', example: 'lobby' })
  room_id: string;
}

/** A room to come into. */
export class JoinRoomDto extends RoomRefDto {
  @IsIntField({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    optional: true,
    description: 'The place of the last message that the client has; it is given what came since',
    example: 42,
  })
  after_seq?: number | null;
}

/** A message to send. */
export class SendMessageDto extends PostMessageDto {
  @IsClientName({ optional: true, description: "The room; the token's where none is given", example: 'lobby' })
  room_id?: string | null;
}

/** A message of a room. */
export class MessageRefDto extends RoomRefDto {
  @IsIntField({ min: 1, max: Number.MAX_SAFE_INTEGER, description: "The message's place", example: 42 })
  seq: number;
}

/** New words for a message. */
export class EditMessageEventDto extends IntersectionType(MessageRefDto, EditMessageDto) {}

/** An emoji to put under a message, or to take away. */
export class ReactDto extends MessageRefDto {
  @IsText({ min: 1, max: 32, description: 'One emoji', example: '👍' })
  emoji: string;

  @IsFlag({ optional: true, description: 'Take it away', example: false })
  remove?: boolean | null;
}

/** How far the client has read. */
export class MarkReadEventDto extends IntersectionType(RoomRefDto, MarkReadDto) {}

/** A new token for a live socket. */
export class RenewTokenDto {
  @IsText({ min: 1, max: 8_192, description: 'A token of the same person in the same tenant', example: 'eyJhbGciOiJIUzI1NiIs…' })
  token: string;
}

/** What a client that joins is given. */
export class JoinedAck {
  /** The room */
  @ApiProperty({ type: () => RoomView })
  room: RoomView;

  /** What came since `after_seq`, oldest first, at most 200 */
  @ApiProperty({ type: () => [MessageView] })
  missed: MessageView[];

  /**
   * There is more than `missed` holds: read it by REST from the last one on
   * @example false
   */
  has_more: boolean;

  /**
   * The room's newest place at that moment; what comes live follows it
   * @example 42
   */
  @ApiProperty({ type: 'integer' })
  last_seq: number;

  /** Messages up to `after_seq` that were edited, deleted or reacted to since, as they are now */
  @ApiProperty({ type: () => [MessageView] })
  changed: MessageView[];

  /**
   * There is more than `changed` holds: read the shown part of the history anew
   * @example false
   */
  changed_has_more: boolean;
}

/** The message as it is stored. */
export class MessageAck {
  /** The message */
  @ApiProperty({ type: () => MessageView })
  message: MessageView;
}

/** Until when the socket's new token holds. */
export class RenewedAck {
  /**
   * When the new token ends
   * @example '2026-11-20T09:15:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  expires_at: string;
}

/** Someone put an emoji under a message, or took it away. */
export class ReactionEvent {
  /**
   * The room
   * @example 'lobby'
   */
  room_id: string;

  /**
   * The message's place
   * @example 42
   */
  @ApiProperty({ type: 'integer' })
  seq: number;

  /**
   * The emoji
   * @example '👍'
   */
  emoji: string;

  /**
   * Who
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  user_id: string;

  /**
   * Taken away
   * @example false
   */
  removed: boolean;
}

/** Someone did something in a room: came, left, is typing. */
export class RoomUserEvent {
  /**
   * The room
   * @example 'lobby'
   */
  room_id: string;

  /** Who */
  @ApiProperty({ type: () => RoomUserView })
  user: RoomUserView;
}

/** How far someone has read. */
export class ReadEvent extends RoomUserEvent {
  /**
   * Up to this place
   * @example 42
   */
  @ApiProperty({ type: 'integer' })
  seq: number;
}

/** Someone's first socket came into a room, or their last one left. */
export class PresenceEvent extends RoomUserEvent {
  /**
   * They are there
   * @example true
   */
  online: boolean;
}

/** Why the server closes a socket. */
export class SessionEndedEvent {
  /**
   * `expired`, `logout`, `password_changed`, `token_reused`, `too_many_sessions`, `account_disabled`, `account_deleted`, `tenant_deleted`; `ended`
   * where it is not known any more
   * @example 'logout'
   */
  reason: string;
}
