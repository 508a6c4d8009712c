/** The elements that matter here (RFC 9559). */
export const ID = {
  header: 0x1a45dfa3,
  segment: 0x18538067,
  info: 0x1549a966,
  timestamp_scale: 0x2ad7b1,
  tracks: 0x1654ae6b,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simple_block: 0xa3,
  block_group: 0xa0,
  block: 0xa1,
} as const;

/** What is looked into rather than read whole: their ends need not be known, as they are not while a browser still records. */
const OPENED: ReadonlySet<number> = new Set([ID.segment, ID.cluster, ID.block_group]);
/** One frame, or the description of the tracks; more than that is no recording of a voice. */
const LARGEST_ELEMENT = 1024 * 1024;
const MS_NS = 1_000_000;

/** One frame of sound, with its time in the take that it came from. */
export interface Frame {
  readonly track: number;
  readonly time_ms: number;
  readonly data: Buffer;
}

/** What a take is told by: its tracks first, then its frames in order. */
export type WebmPart = { readonly tracks: Buffer } | Frame;

/** The bytes are no WebM that is understood here. */
export class NotWebmError extends Error {
  constructor(reason: string) {
    super(`Not a WebM recording: ${reason}`);
    this.name = 'NotWebmError';
  }
}

/**
 * Reads what a browser's MediaRecorder writes: one track of sound in WebM. A take that breaks off, as where a tab was closed, ends with its last
 * whole frame.
 * @throws NotWebmError
 */
export async function* readWebm(source: AsyncIterable<Buffer>): AsyncGenerator<WebmPart> {
  let scale_ns = MS_NS;
  let cluster = 0;
  for await (const { id, payload } of elementsOf(source)) {
    switch (id) {
      case ID.info:
        scale_ns = scaleIn(payload);
        break;
      case ID.tracks:
        yield { tracks: Buffer.from(payload) };
        break;
      case ID.timestamp:
        cluster = unsigned(payload);
        break;
      case ID.simple_block:
      case ID.block: {
        // A track number of one byte, the time in the cluster, flags, and the frame.
        if (payload.length < 5 || !((payload[0] as number) & 0x80)) break;
        const time_ms = Math.max(0, Math.round(((cluster + payload.readInt16BE(1)) * scale_ns) / MS_NS));
        if (!Number.isSafeInteger(time_ms)) throw new NotWebmError('a time beyond all measure');
        yield { track: (payload[0] as number) & 0x7f, time_ms, data: Buffer.from(payload.subarray(4)) };
        break;
      }
      default:
        break;
    }
  }
}

async function* elementsOf(source: AsyncIterable<Buffer>): AsyncGenerator<{ id: number; payload: Buffer }> {
  let held: Buffer = Buffer.alloc(0);
  let is_first = true;
  for await (const chunk of source) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    for (;;) {
      const head = headAt(held, at);
      if (!head) break;
      const { id, size, begin } = head;
      if (is_first && id !== ID.header) throw new NotWebmError('it begins otherwise');
      is_first = false;
      if (OPENED.has(id)) {
        at = begin;
        continue;
      }
      if (size === null || size > LARGEST_ELEMENT) throw new NotWebmError(`an element of ${size ?? 'unknown'} bytes`);
      if (begin + size > held.length) break;
      yield { id, payload: held.subarray(begin, begin + size) };
      at = begin + size;
    }
    held = held.subarray(at);
  }
}

/** An element's id and size, and where its content begins; null where they are not all there yet. */
function headAt(bytes: Buffer, at: number): { id: number; size: number | null; begin: number } | null {
  const id_length = lengthAt(bytes, at, 4);
  if (id_length === null || at + id_length >= bytes.length) return null;
  const size_length = lengthAt(bytes, at + id_length, 8);
  if (size_length === null || at + id_length + size_length > bytes.length) return null;
  const first = (bytes[at + id_length] as number) & (0xff >> size_length);
  let size = first;
  let is_unknown = first === 0xff >> size_length;
  for (let place = 1; place < size_length; place++) {
    const byte = bytes[at + id_length + place] as number;
    size = size * 256 + byte;
    is_unknown &&= byte === 0xff;
  }
  return { id: bytes.readUIntBE(at, id_length), size: is_unknown ? null : size, begin: at + id_length + size_length };
}

/** How many bytes the number at a place has, by its first bits; null where there is no byte. */
function lengthAt(bytes: Buffer, at: number, most: number): number | null {
  const byte = bytes[at];
  if (byte === undefined) return null;
  const length = Math.clz32(byte) - 23;
  if (length > most) throw new NotWebmError('a number that is too long');
  return length;
}

function scaleIn(info: Buffer): number {
  for (let at = 0; ;) {
    const head = headAt(info, at);
    if (!head?.size) return MS_NS;
    if (head.id === ID.timestamp_scale) return unsigned(info.subarray(head.begin, head.begin + head.size)) || MS_NS;
    at = head.begin + head.size;
  }
}

function unsigned(bytes: Buffer): number {
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value;
}
