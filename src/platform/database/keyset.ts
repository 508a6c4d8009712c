import { AppError } from '../errors/index.js';

/** One page of a list; `next_cursor` is null on the last. Returned by a handler it is answered as its items, with the `Link` to the next page. */
export class Page<T> {
  constructor(
    readonly items: T[],
    readonly next_cursor: string | null,
  ) {}

  /** The same page of what `show` makes of each item. */
  map<V>(show: (item: T) => V): Page<V> {
    return new Page(
      this.items.map((item) => show(item)),
      this.next_cursor,
    );
  }

  /** The same page where each item has its JSON. */
  written(textOf: (item: T) => string): WrittenPage {
    return new WrittenPage(`[${this.items.map(textOf).join()}]`, this.next_cursor);
  }
}

/** A page whose list is JSON already, such as PostgreSQL builds it; answered as {@link Page} is. */
export class WrittenPage {
  constructor(
    readonly json: string,
    readonly next_cursor: string | null,
  ) {}
}

/** Which page is asked for. */
export interface PageRequest {
  /** 1–200, 50 by default. */
  limit?: number;
  /** The `next_cursor` of the page before. */
  cursor?: string;
}

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 200;
const LONGEST_CURSOR = 2_048;

/** What a sort column holds; decides what a cursor may carry in its place. `integer` is a bigint's, as far as a number holds it exactly. */
export type KeysetKind = 'uuid' | 'timestamp' | 'date' | 'int4' | 'integer' | 'text';
export type KeysetValue = string | number;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const TIMESTAMP = /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DATE = /^(?!0000)\d{4}-\d\d-\d\d$/;

/** True for a time that is on the calendar: JavaScript takes the 31st of February for the 2nd or 3rd of March. */
function isTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

const FITS: Record<KeysetKind, (value: unknown) => boolean> = {
  uuid: (value) => typeof value === 'string' && UUID.test(value),
  timestamp: (value) => typeof value === 'string' && TIMESTAMP.test(value) && isTime(value),
  date: (value) => typeof value === 'string' && DATE.test(value) && isTime(`${value}T00:00:00.000Z`),
  int4: (value) => Number.isInteger(value) && value === (value as number) >> 0,
  integer: (value) => Number.isSafeInteger(value),
  text: (value) => typeof value === 'string' && !value.includes('\u0000') && value.isWellFormed(),
};

/** The page's size; throws VALIDATION_FAILED outside 1–200. */
export function pageLimit(limit: number | undefined): number {
  if (limit === undefined) return DEFAULT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) throw AppError.field('limit', `takes 1 to ${MAX_LIMIT}`);
  return limit;
}

/** An opaque cursor of the last row's sort values. A Date is kept to the millisecond, so sort by columns that are no finer. */
export function encodeCursor(values: ReadonlyArray<KeysetValue | Date>): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/** The values of a cursor, one for each sort column; throws INVALID_CURSOR for anything that {@link encodeCursor} did not make. */
export function decodeCursor(cursor: string, kinds: readonly KeysetKind[]): KeysetValue[] {
  const values = cursor.length <= LONGEST_CURSOR && /^[\w-]+$/.test(cursor) ? parse(Buffer.from(cursor, 'base64url').toString()) : null;
  if (!Array.isArray(values) || values.length !== kinds.length) throw new AppError('INVALID_CURSOR');
  kinds.forEach((kind, index) => {
    if (!FITS[kind](values[index])) throw new AppError('INVALID_CURSOR');
  });
  return values as KeysetValue[];
}

/**
 * A page of rows that were fetched with one more than `limit`, which tells whether there is a next one. `valuesOf` names
 * a row's sort values.
 */
export function pageOf<T>(rows: readonly T[], limit: number, valuesOf: (row: T) => ReadonlyArray<KeysetValue | Date>): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return new Page(items, rows.length > limit && last !== undefined ? encodeCursor(valuesOf(last)) : null);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
