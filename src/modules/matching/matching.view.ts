import { ApiProperty } from '@nestjs/swagger';
import { MATCHING_STATUSES, type MatchingStatus } from './matching.entity.js';
import type { NamedMatching } from './matching.repository.js';

/** One of the two. */
export class MatchedPersonView {
  /**
   * The user's id
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * The name in everyday life
   * @example '田中 太郎'
   */
  @ApiProperty({ type: String, nullable: true })
  name: string | null;
}

/** A student and a speaker who are to talk, or have talked. */
export class MatchingView {
  /**
   * The matching's id
   * @example '019ac1f0-9d3a-7e5c-8f70-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** Who speaks; null once that account is gone */
  @ApiProperty({ type: () => MatchedPersonView, nullable: true })
  speaker: MatchedPersonView | null;

  /** Who listens; null once that account is gone */
  @ApiProperty({ type: () => MatchedPersonView, nullable: true })
  listener: MatchedPersonView | null;

  /**
   * When the talk begins
   * @example '2027-04-01T10:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  date: string;

  /**
   * How long it takes, in minutes
   * @example 30
   */
  @ApiProperty({ type: 'integer' })
  meeting_length: number;

  /** `done` and `no_show` come by themselves once its time is over */
  @ApiProperty({ enum: MATCHING_STATUSES, enumName: 'MatchingStatus', example: 'booked' })
  status: MatchingStatus;

  /**
   * Whether they have met
   * @example false
   */
  is_done_meeting: boolean;

  /**
   * Whether it is paid
   * @example false
   */
  is_done_payment: boolean;

  /**
   * A signed link to the talk's recording; null while there is none
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  audio_url: string | null;

  /**
   * The private room of the two
   * @example '019ac1f0-9d3a-7e5c-8f70-0123456789ab'
   */
  room_id: string;

  /**
   * What was said; null until it is made
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  transcript: string | null;

  /**
   * What it was about; null until it is made
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  summary: string | null;
}

export function toMatchingView(matching: NamedMatching, audio_url: string | null): MatchingView {
  const { id, date, meeting_length, status, is_done_meeting, is_done_payment, room_id, transcript, summary } = matching;
  return {
    id,
    speaker: matching.speaker_id === null ? null : { id: matching.speaker_id, name: matching.speaker_name },
    listener: matching.listener_id === null ? null : { id: matching.listener_id, name: matching.listener_name },
    date: date.toISOString(),
    meeting_length,
    status,
    is_done_meeting,
    is_done_payment,
    audio_url,
    room_id,
    transcript,
    summary,
  };
}
