import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../../platform/database/index.js';

/** Who carries a meeting's voices and pictures. */
export const MEETING_PROVIDERS = ['local', 'chime'] as const;
export type MeetingProviderName = (typeof MEETING_PROVIDERS)[number];

/** Where the two of a matching meet; one for each matching, which says when it begins and ends. */
@Entity('meetings')
export class Meeting extends IdentifiedEntity {
  @Column('uuid')
  matching_id: string;

  @Column('text', { default: 'local' })
  provider: MeetingProviderName;

  /** As the provider describes it to its clients; null until the first one joins, and for `local`. */
  @Column('jsonb', { nullable: true })
  provider_meeting: Record<string, unknown> | null;

  /** When both were there for the first time. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  met_at: Date | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  ended_at: Date | null;

  /** When what was recorded had become the matching's audio, or it was clear that there is none. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  recorded_at: Date | null;
}
