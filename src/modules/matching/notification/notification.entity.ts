import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../../platform/database/index.js';

/** What people are told of. */
export const NOTIFICATION_TYPES = [
  'matching.created',
  'matching.changed',
  'matching.cancelled',
  'message',
  'certificate.approved',
  'certificate.rejected',
] as const;
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** Something that one person is told of. */
@Entity('notifications')
export class Notification extends IdentifiedEntity {
  @Column('uuid')
  user_id: string;

  @Column('text')
  type: NotificationType;

  /** The matching, or the certificate. */
  @Column('uuid')
  object_id: string;

  @Column('text')
  text: string;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  read_at: Date | null;
}
