import type { Readable } from 'node:stream';
import { DataStore, Metadata, Upload } from '@tus/server';
import type { Logger } from '../../../platform/http/index.js';
import { newId } from '../../../platform/ids/index.js';
import { Scope } from '../../../platform/scope/index.js';
import type { Storage } from '../../../integrations/storage/index.js';
import { HEAD_BYTES, typeOf } from '../file-type.js';
import type { StorageAccountRepository } from '../storage-account.repository.js';
import { TusError } from './tus-error.js';
import type { UploadLocker } from './upload-locker.js';
import { type ResumableUpload, UPLOAD_LIFE_S, type UploadRepository } from './upload.repository.js';

/** A part is stored at once or not at all, so that this much is lost at most where a server dies. */
const SEGMENT_BYTES = 6 * 1024 * 1024;
const MOST_SEGMENTS = 2_000;
const RESERVED_FOR_S = 26 * 3_600;

/** Throws for a type that is not taken. */
export type AssertTaken = (content_type: string) => void;

/** Whom an upload belongs to is decided before the library asks for it to be made. */
export type OwnerOf = (upload_id: string) => string;

/**
 * Where the tus library keeps uploads: their bytes as parts in the storage that files lie in, so that any node goes on where another one
 * stopped; what is known of them in a row.
 */
export class UploadStore extends DataStore {
  override extensions = ['creation', 'creation-with-upload', 'termination', 'expiration'];

  constructor(
    private readonly storage: Storage,
    private readonly uploads: UploadRepository,
    private readonly account: StorageAccountRepository,
    private readonly locker: UploadLocker,
    private readonly ownerOf: OwnerOf,
    private readonly logger: Logger,
    /** Asked as soon as an upload's first bytes have told its type; null where every type is taken. */
    private readonly assertTaken: AssertTaken | null = null,
  ) {
    super();
  }

  override async create(upload: Upload): Promise<Upload> {
    const metadata = upload.metadata ? Metadata.stringify(upload.metadata) : null;
    const { id, size = 0 } = upload;
    if (!(await this.uploads.add({ id, owner_id: this.ownerOf(id), metadata, size }))) throw new TusError('FILE_NOT_FOUND');
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const found = await this.uploads.find(id);
    if (!found) throw new TusError('FILE_NOT_FOUND');
    return new Upload({
      id,
      size: found.size,
      offset: found.received,
      metadata: found.metadata === null ? undefined : Metadata.parse(found.metadata),
      // The library adds the whole life to this; each part that comes begins it anew.
      creation_date: new Date(found.expires_at.getTime() - UPLOAD_LIFE_S * 1_000).toISOString(),
    });
  }

  override write(stream: Readable, id: string, offset: number): Promise<number> {
    return this.locker.track(id, this.append(stream, id, offset));
  }

  override async remove(id: string): Promise<void> {
    if (!(await this.uploads.delete(id))) throw new TusError('FILE_NOT_FOUND');
  }

  override getExpiration(): number {
    return UPLOAD_LIFE_S * 1_000;
  }

  /** Stores what comes, part by part. What has come before a connection broke is kept. */
  private async append(stream: Readable, id: string, offset: number): Promise<number> {
    const upload = await this.uploads.find(id);
    if (!upload) throw new TusError('FILE_NOT_FOUND');
    const source = new SegmentSource(
      this.examined(stream, upload, offset),
      Math.max(SEGMENT_BYTES, Math.ceil(upload.size / MOST_SEGMENTS)),
    );
    let at = offset;
    while (await source.hasMore()) {
      const key = `uploads/${Scope.clientId()}/${id}/${newId()}`;
      await this.account.reserve(key, RESERVED_FOR_S);
      const { bytes } = await this.storage.put(key, source.segment());
      if (bytes === 0 || !(await this.uploads.append(id, at, key, bytes))) {
        await this.discard(key);
        if (bytes > 0) throw new TusError('INVALID_OFFSET');
      }
      at += bytes;
    }
    if (source.fault instanceof TypeRefusal) {
      await this.uploads.delete(id);
      throw source.fault.cause;
    }
    if (source.fault) throw source.fault;
    return at;
  }

  /** What comes, which breaks off where the upload's first bytes are of a type that is not taken. A file that is smaller is examined when it is whole. */
  private async *examined(stream: AsyncIterable<Buffer>, upload: ResumableUpload, offset: number): AsyncGenerator<Buffer> {
    let head = this.assertTaken && upload.size >= HEAD_BYTES && offset < HEAD_BYTES ? await this.read(upload) : null;
    for await (const chunk of stream) {
      if (head !== null) {
        head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
        if (head.length === HEAD_BYTES) {
          this.assertTypeOf(await typeOf(head, false));
          head = null;
        }
      }
      yield chunk;
    }
  }

  /** @throws TypeRefusal */
  private assertTypeOf(content_type: string): void {
    try {
      this.assertTaken?.(content_type);
    } catch (error) {
      throw new TypeRefusal('The type is not taken', { cause: error });
    }
  }

  private async read({ segments }: ResumableUpload): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (const key of segments) {
      for await (const chunk of (await this.storage.open(key)) as AsyncIterable<Buffer>) chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  private async discard(key: string): Promise<void> {
    try {
      await this.storage.delete(key);
      await this.account.release(key);
    } catch (error) {
      this.logger.warn({ err: error }, 'a part of an upload was not cleared away; the sweep will do it');
    }
  }
}

/** Why a stream breaks off whose first bytes are of a type that is not taken. */
class TypeRefusal extends Error {}

/** Cuts a stream into segments. Where it breaks off, the segment ends as if the stream had ended, and the fault is told afterwards. */
class SegmentSource {
  fault: Error | null = null;
  private readonly chunks: AsyncIterator<Buffer>;
  private next: Buffer | null = null;
  private is_over = false;

  constructor(
    stream: AsyncIterable<Buffer>,
    private readonly segment_bytes: number,
  ) {
    this.chunks = stream[Symbol.asyncIterator]();
  }

  async hasMore(): Promise<boolean> {
    if (this.next === null) await this.pull();
    return this.next !== null;
  }

  async *segment(): AsyncGenerator<Buffer> {
    let left = this.segment_bytes;
    while (left > 0 && (await this.hasMore())) {
      const chunk = this.next as Buffer;
      const part = chunk.subarray(0, left);
      this.next = part.length < chunk.length ? chunk.subarray(part.length) : null;
      left -= part.length;
      yield part;
    }
  }

  private async pull(): Promise<void> {
    while (!this.is_over && this.next === null) {
      try {
        const pulled = await this.chunks.next();
        if (pulled.done) this.is_over = true;
        else if (pulled.value.length > 0) this.next = pulled.value;
      } catch (error) {
        this.is_over = true;
        this.fault = error instanceof Error ? error : new Error(String(error));
      }
    }
  }
}
