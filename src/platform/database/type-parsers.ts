import pg from 'pg';

type Parser = (text: string) => unknown;

const parserOf = pg.types.getTypeParser as (oid: number, format: string) => Parser;
const asIs: Parser = (text) => text;

const INT8 = 20;
const DATE = 1082;
const TIMESTAMP = 1114;
const DATE_ARRAY = 1182;
const TIMESTAMP_ARRAY = 1115;
const INT8_ARRAY = 1016;
const NUMERIC_ARRAY = 1231;
const TEXT_ARRAY = 1009;
const TIMESTAMPTZ = 1184;
const SPACE = 32;
const ZERO = 48;

const anyTimestamptz = parserOf(TIMESTAMPTZ, 'text');
const textArray = parserOf(TEXT_ARRAY, 'text') as (text: string) => Array<string | null>;

/** The number that the two digits at `at` write. */
const twoDigits = (text: string, at: number): number => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 11 * ZERO;

/**
 * Sessions run in UTC, so nearly every text is `2026-02-03 04:05:06.789+00`, with up to six digits of a second or none; read
 * digit by digit, it takes a quarter of the time. What is written otherwise (infinity, years BC or beyond 9999) goes pg's own way.
 */
function parseTimestamptz(text: string): unknown {
  const end = text.length - 3;
  if (end < 19 || end > 26 || text.charCodeAt(10) !== SPACE || !text.endsWith('+00')) return anyTimestamptz(text);
  let milliseconds = 0;
  if (end > 20) milliseconds += (text.charCodeAt(20) - ZERO) * 100;
  if (end > 21) milliseconds += (text.charCodeAt(21) - ZERO) * 10;
  if (end > 22) milliseconds += text.charCodeAt(22) - ZERO;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  // Date.UTC takes years before 100 for the twentieth century's.
  if (year < 100) return anyTimestamptz(text);
  return new Date(
    Date.UTC(year, twoDigits(text, 5) - 1, twoDigits(text, 8), twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17), milliseconds),
  );
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('A bigint of the database is beyond what a number holds exactly');
  return value;
}

const PARSERS = new Map<number, Parser>([
  [INT8, parseInt8],
  [INT8_ARRAY, (text) => textArray(text).map((item) => (item === null ? null : parseInt8(item)))],
  [NUMERIC_ARRAY, textArray],
  [DATE, asIs],
  [DATE_ARRAY, textArray],
  [TIMESTAMP, asIs],
  [TIMESTAMP_ARRAY, textArray],
  [TIMESTAMPTZ, parseTimestamptz],
]);

/**
 * How columns become values on every connection: `timestamptz` a Date, `int8` a number (a RangeError beyond 2^53),
 * `numeric`, `date` and `timestamp` the text as PostgreSQL writes it; the rest as pg has it.
 */
export const TYPE_PARSERS: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: string) =>
    (format === 'binary' ? undefined : PARSERS.get(oid)) ?? parserOf(oid, format ?? 'text')) as typeof pg.types.getTypeParser,
};
