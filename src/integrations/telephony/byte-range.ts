import { Transform, type TransformCallback } from 'node:stream';

/** The first and last byte of a part, both counted from 0 and both in it. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

/**
 * The one part that a `Range` asks of `size` bytes (RFC 9110, section 14.1.2); null where the whole is to be sent, because it asks for
 * several parts or makes no sense, and `unsatisfiable` where the part lies beyond the end.
 */
export function rangeOf(header: string, size: number): ByteRange | 'unsatisfiable' | null {
  const [, from = '', to = ''] = RANGE.exec(header.trim()) ?? [];
  if (from === '' && to === '') return null;
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'unsatisfiable' : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return null;
  return first >= size ? 'unsatisfiable' : { first, last };
}

/** Lets one part of a stream through and drops the rest. */
export class RangeCut extends Transform {
  private at = 0;

  constructor(private readonly range: ByteRange) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const { first, last } = this.range;
    const begin = Math.max(0, first - this.at);
    const end = Math.min(chunk.length, last + 1 - this.at);
    this.at += chunk.length;
    if (begin < end) this.push(chunk.subarray(begin, end));
    if (this.at > last) this.push(null);
    done();
  }
}
