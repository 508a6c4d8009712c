/** A UUID in any letter case (RFC 9562). */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** `client_id` and a room's `id` (contract, section 0). */
export const CLIENT_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

const CALENDAR_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
/** Offsets of 16 hours and more, which no place on earth has, are beyond what PostgreSQL reads. */
const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-5]):[0-5]\d)$/;

/** True for text that PostgreSQL and JSON can hold: no NUL, no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

const DEEPEST_JSON = 32;

/** True for parsed JSON whose every text is storable, and that is nested no deeper than 32 levels. */
export function isStorableJson(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= DEEPEST_JSON) return false;
  if (Array.isArray(value)) return value.every((item) => isStorableJson(item, depth + 1));
  return Object.entries(value).every(([name, item]) => isStorable(name) && isStorableJson(item, depth + 1));
}

/** True where a text has `min` to `max` characters; a character is a Unicode code point. */
export function hasLength(text: string, min: number, max: number): boolean {
  if (text.length < min) return false;
  if (text.length <= max && text.length >= 2 * min) return true;
  if (text.length > 2 * max) return false;
  let count = 0;
  for (const _ of text) if (++count > max) return false;
  return count >= min;
}

/** True for a day that the calendar has, as `YYYY-MM-DD`. */
export function isCalendarDate(text: string): boolean {
  const parts = CALENDAR_DATE.exec(text);
  return parts !== null && isDay(Number(parts[1]), Number(parts[2]), Number(parts[3]));
}

/** True for an RFC 3339 date-time with its offset, whose year has four digits in UTC as well. */
export function isTimestamp(text: string): boolean {
  const parts = TIMESTAMP.exec(text);
  return parts !== null && isDay(Number(parts[1]), Number(parts[2]), Number(parts[3])) && isWritten(new Date(text).getUTCFullYear());
}

/** True for a year that RFC 3339 can write and every calendar has. */
function isWritten(year: number): boolean {
  return year >= 1 && year <= 9_999;
}

function isDay(year: number, month: number, day: number): boolean {
  if (!isWritten(year) || month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}
