import { isCalendarDate, isTimestamp } from '../../../platform/http/index.js';

const WALL_CLOCK = /^(\d{4}-\d\d-\d\d)[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d{1,3})?)?$/;

/** True for a date and a time of the day, to the minute or finer, without an offset: `2024-12-01T10:00:00`. */
export function isWallClock(text: string): boolean {
  const [, day] = WALL_CLOCK.exec(text) ?? [];
  return day !== undefined && isCalendarDate(day);
}

/** A wall-clock time as if it were UTC, by which two of them compare; null for what is none. */
export function wallClockKey(text: string): Date | null {
  const [, day = '', hour = '', minute = '', second = '00', fraction = ''] = WALL_CLOCK.exec(text) ?? [];
  if (!isCalendarDate(day)) return null;
  return new Date(`${day}T${hour}:${minute}:${second}${fraction}Z`);
}

/** True for what bounds a list of wall-clock times: one of them, a day, or an instant with its offset. */
export function isWallClockBound(text: string): boolean {
  return isWallClock(text) || isCalendarDate(text) || isTimestamp(text);
}

/** The bound as {@link wallClockKey} has it: a day begins at midnight, an instant is what the clocks of `timezone` show then. */
export function wallClockBound(text: string, timezone: string): Date | null {
  if (isCalendarDate(text)) return new Date(`${text}T00:00:00Z`);
  if (!isTimestamp(text)) return wallClockKey(text);
  const instant = new Date(text);
  const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'medium' }).format(instant);
  const key = wallClockKey(shown);
  return key && new Date(key.getTime() + instant.getUTCMilliseconds());
}
