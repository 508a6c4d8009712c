import { ApiProperty } from '@nestjs/swagger';
import { REGISTRATIONS, type Registration, type Tenant } from './tenant.entity.js';
import { matchingSettings, type TenantMatching } from './tenant-matching.js';

/** The OIDC issuer that a tenant trusts. */
export class TenantOidcView {
  /**
   * The issuer, as the tokens' `iss` has it
   * @example 'https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_AbCdEf123'
   */
  issuer: string;

  /**
   * What the tokens' `aud` may be
   * @example ['1example23456789']
   */
  audience: string[];
}

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
}

/** A tenant. */
export class TenantView {
  /**
   * How everything else names it
   * @example 'tokyo-salon'
   */
  client_id: string;

  /**
   * What people call it
   * @example '東京サロン'
   */
  name: string;

  /**
   * The time zone that its wall-clock times are read in
   * @example 'Asia/Tokyo'
   */
  timezone: string;

  /**
   * Where phone numbers without a country code are from
   * @example 'JP'
   */
  phone_region: string;

  /** Who may register */
  @ApiProperty({ enum: REGISTRATIONS, enumName: 'Registration', example: 'open' })
  registration: Registration;

  /**
   * The host names that are this tenant
   * @example ['app.example.com']
   */
  domains: string[];

  /**
   * The phone numbers that are this tenant, as they were given
   * @example ['+81312345678']
   */
  phone_numbers: string[];

  /** The OIDC issuer whose ID tokens are accepted; null for none */
  @ApiProperty({ type: () => TenantOidcView, nullable: true })
  oidc: TenantOidcView | null;

  /** What is set of matchings */
  @ApiProperty({ type: () => TenantMatchingView })
  matching: TenantMatchingView;

  /**
   * How many bytes its files may have together; null for what the installation gives
   * @example 10737418240
   */
  @ApiProperty({ type: 'integer', nullable: true })
  storage_quota_bytes: number | null;

  /**
   * When it was made
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export function toTenantView(tenant: Tenant): TenantView {
  const { client_id, name, timezone, phone_region, registration, domains, phone_numbers, oidc, storage_quota_bytes, matching } = tenant;
  return {
    client_id,
    name,
    timezone,
    phone_region,
    registration,
    domains,
    phone_numbers,
    oidc: oidc && { issuer: oidc.issuer, audience: oidc.audience },
    storage_quota_bytes,
    matching: matchingSettings(matching),
    created_at: tenant.created_at.toISOString(),
  };
}
