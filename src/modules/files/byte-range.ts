import { AppError } from '../../platform/errors/index.js';
import type { ByteRange } from '../../integrations/storage/index.js';

const ONE_RANGE = /^bytes=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i;

/**
 * What a `Range` header asks of `size` bytes (RFC 9110, section 14.2); null for all of them, as where it is in another unit, malformed or asks for
 * several parts, each of which a server may leave unheeded.
 *
 * @throws RANGE_NOT_SATISFIABLE where it begins beyond the end
 */
export function byteRange(header: string | undefined, size: number): ByteRange | null {
  const match = header === undefined ? null : ONE_RANGE.exec(header);
  if (!match) return null;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return null;
  if (first === '') return suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return null;
  if (start >= size) throw beyond(size);
  return { start, end };
}

/** The last so many bytes. */
function suffix(length: number, size: number): ByteRange {
  if (length === 0 || size === 0) throw beyond(size);
  return { start: Math.max(size - length, 0), end: size - 1 };
}

function beyond(size: number): AppError {
  return new AppError('RANGE_NOT_SATISFIABLE', { headers: { 'Content-Range': `bytes */${size}` } });
}
