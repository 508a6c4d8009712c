import { ApiProperty } from '@nestjs/swagger';
import type { TenantMatching } from './tenant-matching.js';

/** What is set of a tenant's matchings, defaults included. */
export class TenantMatchingView implements TenantMatching {
  /**
   * What a talk costs, in the currency's smallest unit; null where nothing is to be paid
   * @example 3000
   */
  @ApiProperty({ type: 'integer', nullable: true })
  price: number | null;

  /**
   * ISO 4217, lower case
   * @example 'jpy'
   */
  currency: string;

  /**
   * Up to so many hours before its beginning the two may move or cancel a talk
   * @example 0
   */
  @ApiProperty({ type: 'integer' })
  cancel_cutoff_hours: number;

  /**
   * Cancelled by the listener so many hours before its beginning, or more, a talk is paid back whole
   * @example 24
   */
  @ApiProperty({ type: 'integer' })
  refund_full_hours: number;

  /**
   * Cancelled by the listener later than that, so much of the price is paid back
   * @example 50
   */
  @ApiProperty({ type: 'integer' })
  refund_late_percent: number;

  /**
   * How many days direct messages live
   * @example 30
   */
  @ApiProperty({ type: 'integer' })
  message_ttl_days: number;

  /**
   * How many days a certificate's images are kept after the decision
   * @example 90
   */
  @ApiProperty({ type: 'integer' })
  certificate_retention_days: number;

  /** Who carries the voices and pictures of meetings; null where it is as the installation has it */
  @ApiProperty({ enum: ['local', 'chime'], enumName: 'MeetingProvider', nullable: true, example: 'local' })
  meeting_provider: 'local' | 'chime' | null;
}
