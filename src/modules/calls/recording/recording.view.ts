import { ApiProperty } from '@nestjs/swagger';

/** A recording of a phone call. */
export class RecordingView {
  /**
   * The telephone provider's name for it
   * @example 'RE0123456789abcdef0123456789abcdef'
   */
  sid: string;

  /**
   * The call that it is of
   * @example 'CA0123456789abcdef0123456789abcdef'
   */
  call_sid: string;

  /** The other side's number; null where neither the log nor the provider knows it */
  @ApiProperty({ type: String, nullable: true, example: '+819012345678' })
  phone_number: string | null;

  /** How long it is; null while it is being made */
  @ApiProperty({ type: 'integer', nullable: true, example: 150 })
  duration_seconds: number | null;

  /**
   * When it began
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  started_at: string;
}

/** What was said from one second to another. */
export class TranscriptSegmentView {
  /**
   * From here, in seconds
   * @example 0.5
   */
  @ApiProperty({ type: 'number', multipleOf: 0.01 })
  start: number;

  /**
   * To here, in seconds
   * @example 2.25
   */
  @ApiProperty({ type: 'number', multipleOf: 0.01 })
  end: number;

  /**
   * The words
   * @example '予約をしたいのですが'
   */
  text: string;
}

/** The text of a recording. */
export class TranscriptionView {
  /**
   * All words; empty where nobody spoke
   * @example '予約をしたいのですが'
   */
  text: string;

  /** The words with their times; empty where the model does not tell times */
  @ApiProperty({ type: () => [TranscriptSegmentView] })
  segments: TranscriptSegmentView[];

  /** The language, as the model calls it */
  @ApiProperty({ type: String, nullable: true, example: 'japanese' })
  language: string | null;
}

/** A transcript that is being made. */
export class TranscriptionPendingView {
  /** Where it stands */
  @ApiProperty({ enum: ['pending'], example: 'pending' })
  status: 'pending';
}
