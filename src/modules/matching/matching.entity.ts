import { Column, Entity, UpdateDateColumn } from 'typeorm';
import { IdentifiedEntity } from '../../platform/database/index.js';

/** What becomes of a matching; MATCHING_RULES says by whom. */
export const MATCHING_STATUSES = ['booked', 'cancelled', 'done', 'no_show'] as const;
export type MatchingStatus = (typeof MATCHING_STATUSES)[number];

/** A student and a speaker who are to talk, or have talked. */
@Entity('matchings')
export class Matching extends IdentifiedEntity {
  /** Null once the account is gone. */
  @Column('uuid', { nullable: true })
  speaker_id: string | null;

  /** Null once the account is gone. */
  @Column('uuid', { nullable: true })
  listener_id: string | null;

  @Column({ type: 'timestamptz', precision: 3 })
  date: Date;

  /** In minutes. */
  @Column('integer')
  meeting_length: number;

  @Column({ type: 'timestamptz', precision: 3 })
  ends_at: Date;

  @Column('text', { default: 'booked' })
  status: MatchingStatus;

  @Column('boolean', { default: false })
  is_done_meeting: boolean;

  @Column('boolean', { default: false })
  is_done_payment: boolean;

  @Column('uuid', { nullable: true })
  audio_file_id: string | null;

  /** Where the two write to each other. */
  @Column('text')
  room_id: string;

  @Column('text', { nullable: true })
  transcript: string | null;

  @Column('text', { nullable: true })
  summary: string | null;

  @UpdateDateColumn({ type: 'timestamptz', precision: 3 })
  updated_at: Date;
}
