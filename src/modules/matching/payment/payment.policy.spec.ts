import { describe, expect, it } from '@jest/globals';
import { refundOf } from './payment.policy.js';

const RULE = { refund_full_hours: 24, refund_late_percent: 50 };

describe('refundOf', () => {
  it('pays all back where the talk is called off in time', () => {
    expect(refundOf(3_000, 'listener', 24, RULE)).toBe(3_000);
    expect(refundOf(3_000, 'listener', 100, RULE)).toBe(3_000);
  });

  it('pays the tenant’s part back where the listener is late, in whole units', () => {
    expect(refundOf(3_001, 'listener', 23.99, RULE)).toBe(1_500);
    expect(refundOf(3_000, 'listener', 0, { ...RULE, refund_late_percent: 0 })).toBe(0);
    expect(refundOf(3_000, 'listener', 0, { ...RULE, refund_late_percent: 100 })).toBe(3_000);
  });

  it('costs the listener nothing where another calls it off', () => {
    for (const by of ['speaker', 'desk', 'server'] as const) expect(refundOf(3_000, by, 0, RULE)).toBe(3_000);
  });
});
