import { describe, expect, it } from '@jest/globals';
import { isWallClock, isWallClockBound, wallClockBound, wallClockKey } from './wall-clock.js';

describe('a wall-clock time', () => {
  it.each(['2024-12-01T10:00:00', '2024-12-01T10:00', '2024-12-01 10:00:00', '2024-02-29T23:59:59.999'])('is %s', (text) => {
    expect(isWallClock(text)).toBe(true);
  });

  it.each([
    '2024-12-01',
    '2024-12-01T10:00:00Z',
    '2024-12-01T10:00:00+09:00',
    '2023-02-29T10:00:00',
    '2024-12-01T24:00:00',
    '2024-12-01T10:60:00',
    '12/01/2024 10:00',
    '明日の10時',
    '',
  ])('is not %s', (text) => {
    expect(isWallClock(text)).toBe(false);
    expect(wallClockKey(text)).toBeNull();
  });

  it('compares as the clock shows it', () => {
    expect(wallClockKey('2024-12-01T10:00:00')?.toISOString()).toBe('2024-12-01T10:00:00.000Z');
    expect(wallClockKey('2024-12-01 10:00')?.toISOString()).toBe('2024-12-01T10:00:00.000Z');
  });
});

describe('what bounds a list', () => {
  it('is a wall-clock time, a day, or an instant, which the tenant’s clocks show', () => {
    expect(wallClockBound('2024-12-01T10:00:00', 'Asia/Tokyo')?.toISOString()).toBe('2024-12-01T10:00:00.000Z');
    expect(wallClockBound('2024-12-01', 'Asia/Tokyo')?.toISOString()).toBe('2024-12-01T00:00:00.000Z');
    expect(wallClockBound('2024-12-01T01:00:00.250Z', 'Asia/Tokyo')?.toISOString()).toBe('2024-12-01T10:00:00.250Z');
    expect(wallClockBound('2024-12-01T10:00:00+09:00', 'Asia/Tokyo')?.toISOString()).toBe('2024-12-01T10:00:00.000Z');
    expect(wallClockBound('2024-07-01T00:00:00Z', 'America/New_York')?.toISOString()).toBe('2024-06-30T20:00:00.000Z');
  });

  it('is nothing else', () => {
    expect(['tomorrow', '2024-13-01', '2024-12-01T25:00:00'].map(isWallClockBound)).toEqual([false, false, false]);
  });
});
