import { describe, expect, it } from '@jest/globals';
import { EventBudget } from './event-budget.js';

const taken = (budget: EventBudget, event: string, times: number, now: number): number =>
  Array.from({ length: times }, () => budget.take(event, now)).filter(Boolean).length;

describe('EventBudget', () => {
  it.each([
    ['joinRoom', 20],
    ['leaveRoom', 20],
    ['typing', 10],
    ['renewToken', 5],
    ['sendMessage', 50],
    ['anything', 50],
  ])('%s: %d a second, bursts of twice that', (event, rate) => {
    const budget = new EventBudget(1_200);
    expect(taken(budget, event, 1_000, 0)).toBe(rate * 2);
    expect(taken(budget, event, 1_000, 1_000)).toBe(rate);
    expect(taken(budget, event, 1_000, 1_000)).toBe(0);
    expect(taken(budget, event, 1_000, 3_600_000)).toBe(rate * 2);
  });

  it('goes on at the rate, without losing parts of a token', () => {
    const budget = new EventBudget(1_200);
    taken(budget, 'typing', 1_000, 0);
    let passed = 0;
    for (let now = 10; now <= 10_000; now += 10) passed += taken(budget, 'typing', 1, now);
    expect(passed).toBeGreaterThanOrEqual(99);
    expect(passed).toBeLessThanOrEqual(100);
  });

  it('one event’s flood leaves the others theirs, and another socket all of its own', () => {
    const budget = new EventBudget(1_200);
    taken(budget, 'joinRoom', 1_000, 0);
    expect(budget.take('sendMessage', 0)).toBe(true);
    expect(new EventBudget(1_200).take('joinRoom', 0)).toBe(true);
  });

  it('follows the limit of the caller’s requests, but leaves one a second of everything', () => {
    expect(taken(new EventBudget(120), 'sendMessage', 1_000, 0)).toBe(10);
    expect(taken(new EventBudget(12_000), 'sendMessage', 10_000, 0)).toBe(1_000);
    expect(taken(new EventBudget(1), 'renewToken', 1_000, 0)).toBe(2);
  });

  it('switched off, it refuses nothing', () => {
    expect(taken(new EventBudget(null), 'renewToken', 10_000, 0)).toBe(10_000);
  });
});
