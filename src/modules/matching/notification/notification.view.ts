import { ApiProperty } from '@nestjs/swagger';
import { type Notification, NOTIFICATION_TYPES, type NotificationType } from './notification.entity.js';

/** Something that a person is told of. */
export class NotificationView {
  /**
   * Its id
   * @example '019ac1f0-a1b2-7c3d-8e4f-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** What happened */
  @ApiProperty({ enum: NOTIFICATION_TYPES, enumName: 'NotificationType', example: 'matching.created' })
  type: NotificationType;

  /**
   * The matching that it is about, also of a message; or the certificate
   * @example '019ac1f0-9d3a-7e5c-8f70-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  object_id: string;

  /**
   * The same in words, in the tenant's time
   * @example 'A talk is booked for 2027-04-01 19:00'
   */
  text: string;

  /**
   * When it happened
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /**
   * When it was read
   * @example null
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  read_at: string | null;
}

/** How much waits. */
export class UnreadView {
  /**
   * How many notifications are unread now
   * @example 0
   */
  @ApiProperty({ type: 'integer', minimum: 0 })
  notifications: number;
}

export function toNotificationView({ id, type, object_id, text, created_at, read_at }: Notification): NotificationView {
  return { id, type, object_id, text, created_at: created_at.toISOString(), read_at: read_at?.toISOString() ?? null };
}
