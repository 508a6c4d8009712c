import type { TenantMatching } from '../../tenancy/index.js';
import type { Party } from '../matching.policy.js';

/** Words that no later news of the provider's changes: paid is paid. */
export const FINAL_STATUSES = ['succeeded', 'refunded', 'partially_refunded'];

/**
 * How much of a paid talk is paid back, in the currency's smallest unit: all of it, unless its listener calls it off late.
 * @param hours_ahead hours until the talk would have begun
 */
export function refundOf(
  amount: number,
  by: Party,
  hours_ahead: number,
  rule: Pick<TenantMatching, 'refund_full_hours' | 'refund_late_percent'>,
): number {
  if (by !== 'listener' || hours_ahead >= rule.refund_full_hours) return amount;
  return Math.floor((amount * rule.refund_late_percent) / 100);
}
