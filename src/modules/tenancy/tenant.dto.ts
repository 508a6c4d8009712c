import { IsClientName, IsEmailField, IsIntField, IsOneOf, IsText, Nested } from '../../platform/http/index.js';
import { IsNewPassword, IsUsername } from './account-fields.js';
import { REGISTRATIONS, type Registration } from './tenant.entity.js';
import { TenantMatchingDto } from './tenant-matching.dto.js';
import { TenantAssistantDto, TenantOpenAiDto, TenantTwilioDto } from './tenant-integration.dto.js';
import { IsDomainList, IsIssuer, IsPhoneRegion, IsTimezone } from './tenant-fields.js';

const MAX_NAME = 200;
const MAX_ITEMS = 100;

/** The person that a new tenant begins with. */
export class TenantOwnerDto {
  @IsUsername()
  username: string;

  @IsEmailField({ description: "The owner's email address" })
  email: string;

  @IsNewPassword()
  password: string;
}

/** An OIDC issuer to trust. */
export class TenantOidcDto {
  @IsIssuer({ description: "The issuer, as the tokens' `iss` has it" })
  issuer: string;

  @IsText({ min: 1, max: 200, each: true, max_items: 10, description: "What the tokens' `aud` may be", example: ['1example23456789'] })
  audience: string[];
}

/** What a tenant's own owner may change. */
export class ChangeTenantDto {
  @IsText({ min: 1, max: MAX_NAME, optional: true, description: 'What people call the tenant', example: '東京サロン' })
  name?: string | null;

  @IsTimezone({ optional: true, description: 'The time zone that its wall-clock times are read in' })
  timezone?: string | null;

  @IsPhoneRegion({ optional: true, description: 'Where phone numbers without a country code are from' })
  phone_region?: string | null;

  @IsOneOf(REGISTRATIONS, { optional: true, enum_name: 'Registration', description: 'Who may register' })
  registration?: Registration | null;

  @Nested(() => TenantOidcDto, { optional: true, description: 'The OIDC issuer whose ID tokens are accepted; null for none' })
  oidc?: TenantOidcDto | null;

  @Nested(() => TenantOpenAiDto, { optional: true, description: 'How the model is reached; null for as the installation does' })
  openai?: TenantOpenAiDto | null;

  @Nested(() => TenantTwilioDto, { optional: true, description: 'An account of its own at Twilio; null for the installation’s' })
  twilio?: TenantTwilioDto | null;

  @Nested(() => TenantAssistantDto, { optional: true, description: 'How the assistant treats calls; null for the defaults' })
  assistant?: TenantAssistantDto | null;

  @Nested(() => TenantMatchingDto, { optional: true, description: 'What is set of matchings; only what it names changes' })
  matching?: TenantMatchingDto | null;
}

const PHONE_NUMBERS = { min: 1, max: 40, each: true, max_items: MAX_ITEMS, optional: true, example: ['+81312345678'] };
const QUOTA = {
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  optional: true,
  description: "How many bytes the tenant's files may have together; null for what the installation gives",
  example: 10_737_418_240,
};

/** What the operator may change of a tenant. */
export class ChangeAnyTenantDto extends ChangeTenantDto {
  @IsDomainList({ optional: true, description: 'The host names that are this tenant, in place of those before' })
  domains?: string[] | null;

  @IsText({ ...PHONE_NUMBERS, description: 'The phone numbers that are this tenant, in place of those before' })
  phone_numbers?: string[] | null;

  @IsIntField(QUOTA)
  storage_quota_bytes?: number | null;
}

/** A new tenant. */
export class CreateTenantDto {
  @IsClientName({ description: 'How everything else names the tenant; it stays' })
  client_id: string;

  @IsText({ min: 1, max: MAX_NAME, description: 'What people call the tenant', example: '東京サロン' })
  name: string;

  @IsTimezone({ optional: true, description: 'The time zone that its wall-clock times are read in; Asia/Tokyo where none is given' })
  timezone?: string | null;

  @IsPhoneRegion({ optional: true, description: 'Where phone numbers without a country code are from; JP where none is given' })
  phone_region?: string | null;

  @IsDomainList({ optional: true, description: 'The host names that are this tenant' })
  domains?: string[] | null;

  @IsText({ ...PHONE_NUMBERS, description: 'The phone numbers that are this tenant' })
  phone_numbers?: string[] | null;

  @IsOneOf(REGISTRATIONS, { optional: true, enum_name: 'Registration', description: 'Who may register; open where nothing is given' })
  registration?: Registration | null;

  @Nested(() => TenantOidcDto, { optional: true, description: 'The OIDC issuer whose ID tokens are accepted' })
  oidc?: TenantOidcDto | null;

  @IsIntField(QUOTA)
  storage_quota_bytes?: number | null;

  @Nested(() => TenantOwnerDto, { description: 'The person that the tenant begins with' })
  owner: TenantOwnerDto;
}
