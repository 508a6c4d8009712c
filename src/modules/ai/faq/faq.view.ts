import { ApiProperty } from '@nestjs/swagger';
import type { Faq } from './faq.entity.js';

/** A FAQ. */
export class FaqView {
  /**
   * What callers ask; it names the FAQ
   * @example '営業時間を教えてください'
   */
  question: string;

  /**
   * What they are told
   * @example '10時から20時までです。火曜日は休みです。'
   */
  answer: string;

  /**
   * Words that it can be found by besides
   * @example ['営業日', '定休日']
   */
  tags: string[];

  /**
   * When it was made
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /**
   * When it was last changed
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

/** What an import did. */
export class ImportReportView {
  /**
   * FAQs that are new
   * @example 12
   */
  @ApiProperty({ type: 'integer' })
  created: number;

  /**
   * FAQs that were there and are now others
   * @example 3
   */
  @ApiProperty({ type: 'integer' })
  updated: number;

  /**
   * FAQs that are as they were
   * @example 40
   */
  @ApiProperty({ type: 'integer' })
  unchanged: number;
}

export function toFaqView({ question, answer, tags, created_at, updated_at }: Faq): FaqView {
  return { question, answer, tags, created_at: created_at.toISOString(), updated_at: updated_at.toISOString() };
}
