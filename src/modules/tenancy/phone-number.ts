import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js';

/**
 * The number by which `09012345678`, `+819012345678` and `090-1234-5678` are one: E.164, read from `region` where it has no
 * country code. Null for what no phone could dial.
 */
export function phoneKey(number: string, region: string): string | null {
  const parsed = parsePhoneNumberFromString(number.normalize('NFKC'), region as CountryCode);
  return parsed?.isPossible() ? parsed.number : null;
}

/** True for a region that has a numbering plan (ISO 3166-1 alpha-2, upper case). */
export function isPhoneRegion(region: string): boolean {
  return isSupportedCountry(region);
}
