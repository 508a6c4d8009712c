import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import {
  assertKey,
  type ByteRange,
  ObjectMissingError,
  ObjectTooLargeError,
  type PutOptions,
  Storage,
  StorageFailedError,
  type StoredObject,
} from './storage.port.js';

export interface S3Settings {
  /** Of a compatible server; Amazon's own for the region where none is given. */
  readonly endpoint?: string;
  readonly bucket: string;
  readonly region: string;
  /** None where the machine has its own (an instance's role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** `https://host/bucket/key` in place of `https://bucket.host/key`. */
  readonly force_path_style: boolean;
}

/** S3 takes parts of 5 MiB at least, and 10,000 of them; those under way are held in memory. */
const PART_BYTES = 6 * 1024 * 1024;
const MOST_PARTS = 9_000;
const PARTS_AT_ONCE = 2;
/** The SDK's own patience knows no end. */
const CONNECT_TIMEOUT_MS = 5_000;
const SILENCE_MS = 60_000;
const TRIES = 3;
const ABSENT = /^(NoSuchKey|NotFound|NoSuchUpload)$/;
/** What servers say that have not learnt to list what is unfinished, or may not be asked. */
const UNASKABLE = new Set([403, 405, 501]);

/** A bucket of an S3 server, Amazon's or any compatible one. S3 shows an object once all of its parts are there, and never before. */
export class S3Storage extends Storage {
  private readonly client: S3Client;
  /**
   * Reads as many objects at once as there are callers who ask for one. A caller who takes their time holds a connection to the S3 server, of
   * which the SDK has 50: whoever else wants anything of the storage would wait for the slow ones.
   */
  private readonly reader: S3Client;
  private readonly bucket: string;

  constructor({ endpoint, bucket, region, credentials, force_path_style }: S3Settings) {
    super();
    this.bucket = bucket;
    const clientOf = (agent: { maxSockets?: number }): S3Client =>
      new S3Client({
        region,
        forcePathStyle: force_path_style,
        maxAttempts: TRIES,
        // Amazon's newer checksums are unknown to many compatible servers.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_MS, httpAgent: agent, httpsAgent: agent },
        ...(endpoint ? { endpoint } : {}),
        ...(credentials ? { credentials } : {}),
      });
    this.client = clientOf({});
    this.reader = clientOf({ maxSockets: Infinity });
  }

  async put(key: string, source: AsyncIterable<Buffer>, { max_bytes = Infinity }: PutOptions = {}): Promise<StoredObject> {
    assertKey(key);
    const measured = new MeasuredSource(source, max_bytes);
    const upload = new Upload({
      client: this.client,
      params: { Bucket: this.bucket, Key: key, Body: Readable.from(measured, { objectMode: false }) },
      partSize: Number.isFinite(max_bytes) ? Math.max(PART_BYTES, Math.ceil(max_bytes / MOST_PARTS)) : PART_BYTES,
      queueSize: PARTS_AT_ONCE,
      leavePartsOnError: true,
    });
    try {
      await upload.done();
    } catch (error) {
      await this.abandon(key, upload.uploadId);
      throw measured.fault ?? failed(error);
    }
    return measured.result();
  }

  async open(key: string, range?: ByteRange): Promise<Readable> {
    assertKey(key);
    try {
      const { Body } = await this.reader.send(
        new GetObjectCommand({ Bucket: this.bucket, Key: key, ...(range ? { Range: `bytes=${range.start}-${range.end}` } : {}) }),
      );
      if (!(Body instanceof Readable)) throw new Error('The answer has no body');
      return Body;
    } catch (error) {
      throw isAbsent(error) ? new ObjectMissingError(key, { cause: error }) : failed(error);
    }
  }

  async delete(key: string): Promise<void> {
    assertKey(key);
    try {
      await this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }));
    } catch (error) {
      if (!isAbsent(error)) throw failed(error);
    }
  }

  async discardUnfinished(before: Date): Promise<number> {
    let discarded = 0;
    let at: { KeyMarker?: string; UploadIdMarker?: string } | null = {};
    while (at !== null) {
      const listed: UnfinishedPage = await this.listUnfinished(at);
      for (const { Key, UploadId, Initiated } of listed.uploads) {
        if (!Key || !UploadId || !Initiated || Initiated >= before) continue;
        await this.abandon(Key, UploadId);
        discarded++;
      }
      at = listed.next;
    }
    return discarded;
  }

  /** Makes the bucket where there is none, and this account may. */
  async check(): Promise<void> {
    try {
      await this.client.send(new HeadBucketCommand({ Bucket: this.bucket }));
    } catch (error) {
      if (!isAbsent(error)) throw failed(error);
      await this.client.send(new CreateBucketCommand({ Bucket: this.bucket })).catch((cause: unknown) => {
        throw failed(cause);
      });
    }
  }

  async close(): Promise<void> {
    this.client.destroy();
    this.reader.destroy();
  }

  private async listUnfinished(at: { KeyMarker?: string; UploadIdMarker?: string }): Promise<UnfinishedPage> {
    try {
      const page = await this.client.send(new ListMultipartUploadsCommand({ Bucket: this.bucket, ...at }));
      const { Uploads: uploads = [], NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
      return { uploads, next: page.IsTruncated ? { KeyMarker, UploadIdMarker } : null };
    } catch (error) {
      if (error instanceof S3ServiceException && UNASKABLE.has(error.$metadata.httpStatusCode ?? 0)) return { uploads: [], next: null };
      throw failed(error);
    }
  }

  /** Gives up parts that were sent. What cannot be given up now is found by {@link discardUnfinished}. */
  private async abandon(key: string, upload_id: string | undefined): Promise<void> {
    if (upload_id === undefined) return;
    await Promise.allSettled([this.client.send(new AbortMultipartUploadCommand({ Bucket: this.bucket, Key: key, UploadId: upload_id }))]);
  }
}

interface UnfinishedPage {
  readonly uploads: ReadonlyArray<{ Key?: string; UploadId?: string; Initiated?: Date }>;
  readonly next: { KeyMarker?: string; UploadIdMarker?: string } | null;
}

/** Counts and hashes what passes, and keeps what broke it off apart from what the server says. */
class MeasuredSource implements AsyncIterable<Buffer> {
  fault: Error | null = null;
  private bytes = 0;
  private readonly hash = createHash('sha256');

  constructor(
    private readonly source: AsyncIterable<Buffer>,
    private readonly max_bytes: number,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    let is_handed_out = false;
    try {
      for await (const chunk of this.source) {
        this.bytes += chunk.length;
        if (this.bytes > this.max_bytes) throw new ObjectTooLargeError(this.max_bytes);
        this.hash.update(chunk);
        is_handed_out = true;
        yield chunk;
        is_handed_out = false;
      }
    } catch (error) {
      // Whoever reads breaks off by an error too, once the server has failed.
      if (!is_handed_out) this.fault = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  result(): StoredObject {
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof S3ServiceException && (ABSENT.test(error.name) || error.$metadata.httpStatusCode === 404);
}

function failed(error: unknown): StorageFailedError {
  const { name, message } = error as Error;
  return new StorageFailedError(`The S3 server does not serve (${name === 'Error' ? message : name})`, { cause: error });
}
