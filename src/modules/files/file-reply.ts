import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create as contentDisposition } from 'content-disposition';
import type { ByteRange } from '../../integrations/storage/index.js';
import { AppError } from '../../platform/errors/index.js';
import type { KaiwaRequest, KaiwaResponse } from '../../platform/http/index.js';
import { byteRange } from './byte-range.js';
import { isShown } from './file-type.js';

/** What is sent of a file. */
export interface FileAnswer {
  readonly name: string;
  readonly content_type: string;
  readonly size: number;
  /** Names these very bytes, without quotes. */
  readonly tag: string;
  readonly modified_at: Date;
  open(range: ByteRange | undefined): Promise<Readable>;
}

/**
 * Whatever was uploaded runs nowhere: a document that a browser opens by itself is in a sandbox of its own, without script, network or
 * plug-ins, and nothing but pictures and sound is shown inside a page of ours.
 */
const CONTENT_SECURITY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** A caller that takes nothing for so long is let go: each that stalls holds the file open, and some of it in memory. `Range` goes on from there. */
const SILENCE_MS = 60_000;

/**
 * Sends a file or the part of it that `Range` asks for; 304 where the caller has it already (RFC 9110, sections 13 and 14).
 * @throws RANGE_NOT_SATISFIABLE; what `open` throws
 */
export async function sendFile(request: KaiwaRequest, response: KaiwaResponse, file: FileAnswer, silence_ms = SILENCE_MS): Promise<void> {
  const etag = `"${file.tag}"`;
  if (matches(request.headers['if-none-match'], etag)) {
    response.writeHead(304, { ETag: etag, 'Cache-Control': 'private, no-cache' }).end();
    return;
  }
  const is_head = request.method === 'HEAD';
  // A range is asked for by GET alone (RFC 9110, section 14.2).
  const is_whole_asked = is_head || !isCurrent(request.headers['if-range'] as string | undefined, etag, file.modified_at);
  const range = is_whole_asked ? null : byteRange(request.headers.range, file.size);
  const length = range ? range.end - range.start + 1 : file.size;
  const bytes = is_head ? null : await file.open(range ?? undefined);
  // The caller may have gone while it was opened.
  if (response.destroyed) {
    bytes?.destroy();
    return;
  }
  response.writeHead(range ? 206 : 200, {
    'Content-Type': file.content_type === 'text/plain' ? 'text/plain; charset=utf-8' : file.content_type,
    'Content-Length': length,
    'Content-Disposition': contentDisposition(file.name, { type: isShown(file.content_type) ? 'inline' : 'attachment' }),
    'Content-Security-Policy': CONTENT_SECURITY,
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': 'private, no-cache',
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Last-Modified': file.modified_at.toUTCString(),
    ...(range ? { 'Content-Range': `bytes ${range.start}-${range.end}/${file.size}` } : {}),
  });
  if (!bytes) {
    response.end();
    return;
  }
  // With the end of the answer the server sets the connection's own patience again.
  response.setTimeout(silence_ms, () => response.destroy());
  await pour(bytes, response);
}

/** A caller that goes away is no error; a storage that breaks off breaks the answer off too, so that it is not taken for whole. */
async function pour(bytes: Readable, response: KaiwaResponse): Promise<void> {
  let is_gone = false;
  // What the pipeline says in the end is the storage's word either way: an S3 server's answer that is given up for the caller fails as well.
  response.once('close', () => {
    is_gone = bytes.errored === null;
  });
  try {
    await pipeline(bytes, response);
  } catch (cause) {
    if (!is_gone) throw new AppError('STORAGE_UNAVAILABLE', { cause });
  }
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header
    .split(',')
    .map((one) => one.trim().replace(/^W\//, ''))
    .some((one) => one === etag || one === '*');
}

/** False where `If-Range` names other bytes than there are now. */
function isCurrent(header: string | undefined, etag: string, modified_at: Date): boolean {
  if (header === undefined) return true;
  if (header.startsWith('"')) return header === etag;
  return Date.parse(header) === Math.floor(modified_at.getTime() / 1_000) * 1_000;
}
