import { AppError } from '../../platform/errors/index.js';

/** What a tenant has set of its matchings; what it has not, or has set to null, is as {@link MATCHING_DEFAULTS} says. */
export interface TenantMatching {
  /** What a talk costs, in the currency's smallest unit (yen; cents); null where nothing is to be paid. */
  price: number | null;
  /** ISO 4217, lower case. */
  currency: string;
  /** Up to so many hours before its beginning the two may move or cancel a talk. */
  cancel_cutoff_hours: number;
  /** Cancelled by the listener so many hours before its beginning, or more, a talk is paid back whole. */
  refund_full_hours: number;
  /** Cancelled by the listener later than that, so much of it is paid back. A speaker who cancels costs the listener nothing. */
  refund_late_percent: number;
  /** How long direct messages live. */
  message_ttl_days: number;
  /** How long a certificate's images are kept after the decision. */
  certificate_retention_days: number;
  /** Who carries the voices and pictures of meetings; null where it is as `MEETING_PROVIDER` says. */
  meeting_provider: 'local' | 'chime' | null;
}

export const MATCHING_DEFAULTS: TenantMatching = {
  price: null,
  currency: 'jpy',
  cancel_cutoff_hours: 0,
  refund_full_hours: 24,
  refund_late_percent: 50,
  message_ttl_days: 30,
  certificate_retention_days: 90,
  meeting_provider: null,
};

/** All settings of a tenant's matchings. */
export function matchingSettings(set: Partial<TenantMatching>): TenantMatching {
  return { ...MATCHING_DEFAULTS, ...set };
}

/**
 * What is set after a change: what is not named stays, null gives the default back. Currencies are kept as the payment provider writes them.
 * @throws VALIDATION_FAILED where nobody pays in the currency
 */
export function changedMatching(
  before: Partial<TenantMatching>,
  changes: { [Field in keyof TenantMatching]?: TenantMatching[Field] | null },
): Partial<TenantMatching> {
  const { currency } = changes;
  if (currency != null && !Intl.supportedValuesOf('currency').includes(currency.toUpperCase())) {
    throw AppError.field('matching.currency', 'must be a currency such as jpy');
  }
  const named = Object.entries({ ...changes, currency: currency?.toLowerCase() ?? currency }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(Object.entries({ ...before, ...Object.fromEntries(named) }).filter(([, value]) => value !== null));
}
