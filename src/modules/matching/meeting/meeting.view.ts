import { ApiProperty } from '@nestjs/swagger';
import type { IceServerView } from '../../calls/index.js';
import type { DirectMessageView } from '../direct-message/direct-message.view.js';
import type { MeetingProviderName } from './meeting.entity.js';
import type { TalkPhase, TalkRole } from './talk.js';

/** Where and when the two of a matching meet. */
export class MeetingView {
  /**
   * The meeting's id
   * @example '019ac1f0-a1b2-7e3f-8a4b-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * The matching
   * @example '019ac1f0-9d3a-7e5c-8f70-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  matching_id: string;

  /**
   * The page on which its reader meets the other; personal, a secret, and good from ten minutes before the beginning until the end. Null to those who
   * are none of the two
   * @example 'https://kaiwa.example.com/meetings/019ac1f0-a1b2-7e3f-8a4b-0123456789ab/join?token=salon.019ac1f0-7b1e-7c3a-9d5e-0123456789ab.k3p'
   */
  @ApiProperty({ type: String, format: 'uri', nullable: true })
  join_url: string | null;

  /**
   * When it begins
   * @example '2027-04-01T10:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  starts_at: string;

  /**
   * When it ends
   * @example '2027-04-01T10:30:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  ends_at: string;
}

/** A recording that has begun. */
export class TakeView {
  /**
   * The recording's id
   * @example '019ac1f0-b2c3-7e4f-8a5b-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * How many bytes of it are there
   * @example 0
   */
  @ApiProperty({ type: 'integer', minimum: 0 })
  offset: number;
}

/** One of the two, as both pages see them. */
export interface PersonHere {
  readonly name: string | null;
  readonly is_here: boolean;
  readonly tab_id: string | null;
  readonly is_recording: boolean;
}

/** How a meeting stands; what its pages go by. */
export interface MeetingState {
  readonly phase: TalkPhase;
  /** By the server's clock, as all times here. */
  readonly now: string;
  readonly opens_at: string;
  readonly starts_at: string;
  readonly ends_at: string;
  readonly people: Readonly<Record<TalkRole, PersonHere>>;
  /** Whose browser is to record; null while nobody's can, or one is alone. */
  readonly recorder: TalkRole | null;
  /** Whether any of it has been recorded so far. */
  readonly is_recorded: boolean;
}

/** What a page is told that comes in. */
export interface Entered {
  readonly me: TalkRole;
  readonly provider: MeetingProviderName;
  readonly state: MeetingState;
  readonly ice_servers: readonly IceServerView[];
  /** For the provider's own client; null for `local`. */
  readonly provider_join: { readonly meeting: unknown; readonly attendee: unknown } | null;
  readonly messages: readonly SaidView[];
}

/** A direct message as the meeting's page shows it. */
export interface SaidView extends DirectMessageView {
  readonly seq: number;
  readonly is_mine: boolean;
}
