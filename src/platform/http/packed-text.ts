import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Request, Response } from 'express';

/** Best first. */
const CODINGS = ['br', 'gzip'] as const;
type Coding = (typeof CODINGS)[number];

const pack: Record<Coding, (bytes: Buffer) => Promise<Buffer>> = {
  // The last two levels take ten times as long, for a twentieth of the size.
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

/**
 * An answer that stays the same as long as this process: packed once for each coding, when that is first asked for, and not sent again
 * to whoever has it (ETag, RFC 9110).
 */
export class PackedText {
  private readonly bytes: Buffer;
  private readonly tag: string;
  private readonly packed = new Map<Coding, Promise<Buffer>>();

  /** `is_packable` is false where packing would make it no smaller. */
  constructor(
    content: string | Buffer,
    private readonly type: string,
    private readonly cache_control: string,
    private readonly is_packable = true,
  ) {
    this.bytes = typeof content === 'string' ? Buffer.from(content) : content;
    this.tag = createHash('sha256').update(this.bytes).digest('base64url').slice(0, 22);
  }

  /** Answers in the best coding that the client takes, or 304 where it has this one. */
  async send(request: Request, response: Response): Promise<void> {
    const coding = this.is_packable ? codingFor(request) : undefined;
    response.setHeader('ETag', coding === undefined ? `"${this.tag}"` : `"${this.tag}-${coding}"`);
    response.setHeader('Cache-Control', this.cache_control);
    if (this.is_packable) response.vary('Accept-Encoding');
    if (request.fresh) {
      response.writeHead(304).end();
      return;
    }
    const bytes = coding === undefined ? this.bytes : await this.inCoding(coding);
    response.setHeader('Content-Type', this.type);
    if (coding !== undefined) response.setHeader('Content-Encoding', coding);
    response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes);
  }

  private inCoding(coding: Coding): Promise<Buffer> {
    let packed = this.packed.get(coding);
    if (packed === undefined) this.packed.set(coding, (packed = pack[coding](this.bytes)));
    return packed;
  }
}

/** Undefined for the bytes as they are. */
function codingFor(request: Request): Coding | undefined {
  if (request.headers['accept-encoding'] === undefined) return undefined;
  const accepted = request.acceptsEncodings();
  return CODINGS.find((coding) => accepted.includes(coding));
}
