import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4_096;
/** Random bits of one id: the counter's start, and the last eight bytes. */
const TAKEN_BYTES = 10;
const pool = Buffer.allocUnsafe(POOL_BYTES);
let at = POOL_BYTES;

let last_ms = 0;
let counter = 0;

/**
 * A new id: UUIDv7 (RFC 9562, section 6.2, method 1). Ids of one process sort in the order in which they were made, also within a millisecond,
 * by a counter of twelve bits that starts at random below its half; a list by id is then a list by time. Random bits come from a pool that
 * is filled now and then, since asking for those of each id costs more than all the rest.
 */
export function newId(): string {
  if (at + TAKEN_BYTES > POOL_BYTES) {
    randomFillSync(pool);
    at = 0;
  }
  const now = Date.now();
  if (now > last_ms) {
    last_ms = now;
    counter = pool.readUInt16BE(at) & 0x7ff;
  } else if (++counter > 0xfff) {
    // More than the counter holds in one millisecond, or a clock that was set back: time is taken from the next one.
    last_ms += 1;
    counter = 0;
  }
  const tail = pool.toString('hex', at + 2, at + TAKEN_BYTES);
  at += TAKEN_BYTES;
  const time = last_ms.toString(16).padStart(12, '0');
  const variant = (0x8 | (Number.parseInt(tail[0] as string, 16) & 0x3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${variant}${tail.slice(1, 4)}-${tail.slice(4)}`;
}
