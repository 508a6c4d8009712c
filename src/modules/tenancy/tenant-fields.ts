import { isIP } from 'node:net';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { IsOptional, ValidateBy } from 'class-validator';
import { isPhoneRegion } from './phone-number.js';

const MAX_ITEMS = 100;
const ZONE = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** True for the IANA name of a time zone, as both Intl and PostgreSQL read it. */
export function isTimezone(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 64 || !ZONE.test(value)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** A host name as it is compared: lower case, Unicode in Punycode (RFC 5891), no dot at the end. Null for what is none. */
export function hostName(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 253 || /[/?#@:\\\s%]/.test(value)) return null;
  const host = URL.parse(`https://${value}`)?.hostname.replace(/\.$/, '');
  if (host === undefined || host.length > 253 || isIP(host)) return null;
  return host.split('.').every((label) => LABEL.test(label)) ? host : null;
}

interface Options {
  optional?: boolean;
  description: string;
}

function rule(
  name: string,
  holds: (value: unknown) => boolean,
  message: string,
  schema: ApiPropertyOptions,
  options: Options,
): PropertyDecorator {
  const { optional = false, description } = options;
  return applyDecorators(
    ApiProperty({ ...schema, required: !optional, description } as ApiPropertyOptions),
    ValidateBy({ name, validator: { validate: holds, defaultMessage: () => message } }),
    ...(optional ? [IsOptional()] : []),
  );
}

/** The IANA name of a time zone. */
export function IsTimezone(options: Options): PropertyDecorator {
  const schema = { type: String, maxLength: 64, example: 'Asia/Tokyo' };
  return rule('isTimezone', isTimezone, 'must be the name of a time zone such as Asia/Tokyo', schema, options);
}

/** The region that phone numbers without a country code are from. */
export function IsPhoneRegion(options: Options): PropertyDecorator {
  const holds = (value: unknown): boolean => typeof value === 'string' && isPhoneRegion(value);
  const schema = { type: String, minLength: 2, maxLength: 2, example: 'JP' };
  return rule('isPhoneRegion', holds, 'must be a region such as JP', schema, options);
}

/** Host names. */
export function IsDomainList(options: Options): PropertyDecorator {
  const holds = (value: unknown): boolean =>
    Array.isArray(value) && value.length <= MAX_ITEMS && value.every((item) => hostName(item) !== null);
  const schema = { type: [String], maxItems: MAX_ITEMS, example: ['app.example.com'] } as ApiPropertyOptions;
  return rule('isDomainList', holds, `must be a list of at most ${MAX_ITEMS} host names`, schema, options);
}

/** An issuer as ID tokens name it: an http(s) URL without query and fragment (OpenID Connect Core 1.0, section 2). */
export function IsIssuer(options: Options): PropertyDecorator {
  const schema = {
    type: String,
    format: 'uri',
    maxLength: 500,
    example: 'https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_AbCdEf123',
  };
  return rule('isIssuer', isIssuer, 'must be the https URL of an issuer', schema, options);
}

function isIssuer(value: unknown): boolean {
  const url = typeof value === 'string' && value.length <= 500 ? URL.parse(value) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}
