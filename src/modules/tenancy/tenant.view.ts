import { ApiProperty } from '@nestjs/swagger';
import { REGISTRATIONS, type Registration, type Tenant } from './tenant.entity.js';

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
  const { client_id, name, timezone, phone_region, registration, domains, phone_numbers, oidc, storage_quota_bytes } = tenant;
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
    created_at: tenant.created_at.toISOString(),
  };
}
