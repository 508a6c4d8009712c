import { ApiProperty } from '@nestjs/swagger';

/** What a tenant used on one day (UTC). */
export class UsageDayView {
  /**
   * The day
   * @example '2026-11-20'
   */
  @ApiProperty({ format: 'date' })
  day: string;

  /**
   * Requests that were taken for the tenant
   * @example 12040
   */
  @ApiProperty({ type: 'integer' })
  requests: number;

  /**
   * Messages that were posted
   * @example 356
   */
  @ApiProperty({ type: 'integer' })
  messages: number;

  /**
   * Tokens that language models read and wrote
   * @example 48200
   */
  @ApiProperty({ type: 'integer' })
  ai_tokens: number;

  /**
   * Seconds of audio that were transcribed
   * @example 740
   */
  @ApiProperty({ type: 'integer' })
  audio_seconds: number;

  /**
   * Bytes that came into storage, less those that were deleted
   * @example 1048576
   */
  @ApiProperty({ type: 'integer' })
  stored_bytes: number;
}
