import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One message; its place in the room (`seq`) never changes and is never given again. */
@Entity('messages')
export class Message {
  @PrimaryColumn('text')
  client_id: string;

  @PrimaryColumn('text')
  room_id: string;

  @PrimaryColumn('bigint')
  seq: number;

  @Column('uuid')
  id: string;

  @Column('uuid')
  sender_id: string;

  /** Null once deleted. */
  @Column('text', { nullable: true })
  content: string | null;

  @Column('uuid', { array: true })
  file_ids: string[];

  @Column('bigint', { nullable: true })
  reply_to_seq: number | null;

  @Column('text', { nullable: true })
  client_message_id: string | null;

  /** The room's counter when the message last changed. */
  @Column('bigint')
  rev: number;

  /** The room's counter when it was posted. */
  @Column('bigint')
  posted_rev: number;

  @Column('boolean')
  has_reactions: boolean;

  @Column({ type: 'timestamptz', precision: 3 })
  created_at: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  edited_at: Date | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deleted_at: Date | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  expires_at: Date | null;
}
