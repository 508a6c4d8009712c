import { Column, CreateDateColumn, Entity } from 'typeorm';
import { TenantEntity } from '../../platform/database/index.js';

/** Who may register: everybody, those with an invitation, or nobody. */
export const REGISTRATIONS = ['open', 'invite', 'closed'] as const;
export type Registration = (typeof REGISTRATIONS)[number];

/** The OIDC issuer whose ID tokens a tenant accepts. */
export interface TenantOidc {
  /** As the tokens' `iss` has it. */
  issuer: string;
  /** What the tokens' `aud` may be: the tenant's apps at that issuer. */
  audience: string[];
  /** True where the operator named the issuer: then it may stand at a private address. */
  allow_private: boolean;
}

/** A customer of this installation; every other row belongs to one. */
@Entity('tenants')
export class Tenant extends TenantEntity {
  @Column('text')
  name: string;

  /** IANA name; wall-clock times of the tenant are read in it. */
  @Column('text')
  timezone: string;

  /** Where a phone number without a country code is from (ISO 3166-1 alpha-2). */
  @Column('text')
  phone_region: string;

  @Column('text')
  registration: Registration;

  /** Host names, lower case. */
  @Column('text', { array: true })
  domains: string[];

  /** As they were given. */
  @Column('text', { array: true })
  phone_numbers: string[];

  @Column('jsonb', { nullable: true })
  oidc: TenantOidc | null;

  /** How many bytes its files may have together; null for what the installation gives (`STORAGE_QUOTA_BYTES`). */
  @Column('bigint', { nullable: true })
  storage_quota_bytes: number | null;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  created_at: Date;
}
