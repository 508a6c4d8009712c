import { IsIntField, IsOneOf, IsText } from '../../platform/http/index.js';

const CURRENCY = { expression: /^[A-Za-z]{3}$/, message: 'must be a currency such as jpy' };

/** What is set of matchings: what is not named stays, null gives the default back. */
export class TenantMatchingDto {
  @IsIntField({
    min: 1,
    max: 99_999_999,
    optional: true,
    description: "What a talk costs, in the currency's smallest unit: 3000 is 3,000 yen, or 30 dollars; nothing is to be paid by default",
    example: 3_000,
  })
  price?: number | null;

  @IsText({ min: 3, max: 3, pattern: CURRENCY, optional: true, description: 'ISO 4217; jpy by default', example: 'jpy' })
  currency?: string | null;

  @IsIntField({
    min: 0,
    max: 720,
    optional: true,
    description: 'Up to so many hours before its beginning the two may move or cancel a talk; 0 by default',
    example: 24,
  })
  cancel_cutoff_hours?: number | null;

  @IsIntField({
    min: 0,
    max: 720,
    optional: true,
    description: 'Cancelled by the listener so many hours before its beginning, or more, a talk is paid back whole; 24 by default',
    example: 24,
  })
  refund_full_hours?: number | null;

  @IsIntField({
    min: 0,
    max: 100,
    optional: true,
    description:
      'Cancelled by the listener later than that, so much of the price is paid back; 50 by default. A speaker who cancels costs nothing',
    example: 50,
  })
  refund_late_percent?: number | null;

  @IsIntField({ min: 1, max: 3_650, optional: true, description: 'How many days direct messages live; 30 by default', example: 30 })
  message_ttl_days?: number | null;

  @IsIntField({
    min: 0,
    max: 3_650,
    optional: true,
    description: "How many days a certificate's images are kept after the decision; 90 by default",
    example: 90,
  })
  certificate_retention_days?: number | null;

  @IsOneOf(['local', 'chime'], {
    optional: true,
    enum_name: 'MeetingProvider',
    description:
      'Who carries the voices and pictures of meetings: `local` the two browsers themselves, `chime` Amazon; as the installation has it by default',
    example: 'local',
  })
  meeting_provider?: 'local' | 'chime' | null;
}
