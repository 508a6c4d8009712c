import { ApiProperty } from '@nestjs/swagger';
import type { MessageView } from '../../chat/index.js';

/** A message between the two of a matching. */
export class DirectMessageView {
  /**
   * Its id
   * @example '019ac1f0-8c2f-7d4b-8e6f-0123456789ab'
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
   * Who wrote it; null once that account is gone
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  from_id: string | null;

  /**
   * The words; null once it is deleted
   * @example 'よろしくお願いします'
   */
  @ApiProperty({ type: String, nullable: true })
  text: string | null;

  /**
   * When it was written
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /**
   * When it will be gone
   * @example '2026-12-20T09:00:00.000Z'
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expires_at: string | null;
}

export function toDirectMessageView({ id, from, content, created_at, expires_at }: MessageView, matching_id: string): DirectMessageView {
  return { id, matching_id, from_id: from?.id ?? null, text: content, created_at, expires_at };
}
