import { ApiProperty } from '@nestjs/swagger';

/** Who sent a message. In an anonymous room it has the id alone. */
export class MessageSenderView {
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

  /**
   * The user's email address; absent in an anonymous room
   * @example 'tanaka@example.com'
   */
  email?: string;
}

/** One emoji under a message and who put it there. */
export class ReactionView {
  /**
   * The emoji
   * @example '👍'
   */
  emoji: string;

  /**
   * Who reacted with it, first come first
   * @example ['019ac1f0-7b1e-7c3a-9d5e-0123456789ab']
   */
  user_ids: string[];
}

/** A message as REST and sockets both show it. */
export class MessageView {
  /**
   * The room
   * @example 'lobby'
   */
  room_id: string;

  /**
   * Its place in the room: 1, 2, 3 … without gaps
   * @example 42
   */
  @ApiProperty({ type: 'integer', minimum: 1 })
  seq: number;

  /**
   * Its id
   * @example '019ac1f0-8c2f-7d4b-8e6f-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** Who sent it; null once that account is gone */
  @ApiProperty({ type: () => MessageSenderView, nullable: true })
  from: MessageSenderView | null;

  /**
   * The words; null once the message is deleted
   * @example 'おはようございます'
   */
  @ApiProperty({ type: String, nullable: true })
  content: string | null;

  /**
   * Files attached to it
   * @example []
   */
  @ApiProperty({ type: [String] })
  file_ids: string[];

  /**
   * The place of the message it answers
   * @example 41
   */
  @ApiProperty({ type: 'integer', nullable: true })
  reply_to_seq: number | null;

  /** Its reactions */
  @ApiProperty({ type: () => [ReactionView] })
  reactions: ReactionView[];

  /**
   * When it was posted
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /**
   * When it was last edited
   * @example null
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  edited_at: string | null;

  /**
   * When it was deleted: it keeps its place as a tombstone
   * @example null
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  deleted_at: string | null;

  /**
   * When it will be gone
   * @example null
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expires_at: string | null;
}
