import { isUtf8 } from 'node:buffer';

/** How many of a file's first bytes are looked at. */
export const HEAD_BYTES = 64 * 1024;

const UNKNOWN = 'application/octet-stream';
const TEXT = 'text/plain';

/** Control characters that stand in no text. */
const NOT_IN_TEXT = /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]/;

/**
 * Shown where a browser comes upon them; anything else is offered for saving. None of them can hold a script that a browser would run under
 * its type; SVG, HTML, XML and PDF are not among them.
 */
const SHOWN = new Set([
  'image/png',
  'image/apng',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
  'audio/mpeg',
  'audio/mp4',
  'audio/aac',
  'audio/ogg',
  'audio/opus',
  'audio/wav',
  'audio/x-m4a',
  'audio/flac',
  'audio/x-flac',
  'audio/webm',
  'audio/amr',
  'video/mp4',
  'video/webm',
  'video/ogg',
  'video/quicktime',
  'video/x-m4v',
  'video/3gpp',
]);

/** Images of which a smaller variant is made. */
const SCALED = new Set(['image/png', 'image/apng', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/heic', 'image/tiff']);

/** The type that the first bytes tell; nothing that a caller says is believed. `is_whole` where there are no more bytes. */
export async function typeOf(head: Buffer, is_whole: boolean): Promise<string> {
  // Its many formats are loaded with the first file.
  const { fileTypeFromBuffer } = await import('file-type');
  // A head that breaks off in the middle of a format's own header has told no type.
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  if (found) return found.mime.split(';', 1)[0]?.trim().toLowerCase() ?? UNKNOWN;
  return isText(head, is_whole) ? TEXT : UNKNOWN;
}

/** True where `allowed` has the type, or its group (`image/*`); where nothing is listed every type is taken. */
export function isTaken(type: string, allowed: readonly string[] | undefined): boolean {
  if (!allowed) return true;
  const group = type.replace(/\/.*$/, '/*');
  return allowed.includes(type) || allowed.includes(group);
}

/** True for what a browser may show. */
export function isShown(type: string): boolean {
  return SHOWN.has(type);
}

/** True for images that `?w=` scales. */
export function isScaled(type: string): boolean {
  return SCALED.has(type);
}

function isText(head: Buffer, is_whole: boolean): boolean {
  if (head.length === 0) return false;
  // The cut may go through a character.
  const text = is_whole ? head : withoutCutCharacter(head);
  return isUtf8(text) && !NOT_IN_TEXT.test(text.toString('latin1'));
}

/** Bytes of UTF-8 without the first bytes of a character that is not all there. */
function withoutCutCharacter(head: Buffer): Buffer {
  for (let back = 1; back <= Math.min(4, head.length); back++) {
    const byte = head[head.length - back] as number;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return head.subarray(0, head.length - back);
  }
  return head;
}
