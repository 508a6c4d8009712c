import { Injectable } from '@nestjs/common';
import { ObjectTooLargeError, Storage, StorageFailedError, type StoredObject } from '../../integrations/storage/index.js';
import { Config } from '../../platform/config/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Logger } from '../../platform/http/index.js';
import { newId } from '../../platform/ids/index.js';
import { Scope } from '../../platform/scope/index.js';
import { TenantDirectory, UsageService } from '../tenancy/index.js';
import { FileRepository } from './file.repository.js';
import { HEAD_BYTES, isTaken, typeOf } from './file-type.js';
import { StorageAccountRepository } from './storage-account.repository.js';
import type { StoredFile } from './stored-file.entity.js';

/** A place for a new file, before it has any bytes. */
export interface Reservation {
  readonly id: string;
  readonly object_key: string;
  /** What the tenant's files may have together. */
  readonly quota_bytes: number;
  /** What is left of it. */
  readonly free_bytes: number;
}

/** What has come to lie under a reservation's key. */
export interface TakenIn extends StoredObject {
  readonly content_type: string;
}

/** Longer than any upload lasts: then the bytes that no row speaks for are cleared away. */
const RESERVED_FOR_S = 26 * 3_600;

/**
 * The way of every file into the storage: a place is noted, the bytes are stored, and row, quota and note are settled in one transaction.
 * Wherever a process stops on the way, either the file is there as a whole or its bytes go by themselves.
 */
@Injectable()
export class FileIntake {
  constructor(
    private readonly config: Config,
    private readonly storage: Storage,
    private readonly files: FileRepository,
    private readonly account: StorageAccountRepository,
    private readonly tenants: TenantDirectory,
    private readonly usage: UsageService,
    private readonly logger: Logger,
  ) {}

  /** The most that one file may have. */
  get max_bytes(): number {
    return this.config.env.FILE_MAX_BYTES;
  }

  /** Notes a place for a new file. */
  async reserve(id = newId()): Promise<Reservation> {
    const object_key = objectKey(Scope.clientId(), id);
    const [used, quota_bytes] = [await this.account.reserve(object_key, RESERVED_FOR_S), await this.quota()];
    return { id, object_key, quota_bytes, free_bytes: Math.max(quota_bytes - used, 0) };
  }

  /**
   * Stores what comes, once its first bytes have told a type that is taken.
   * @throws FILE_TOO_LARGE, QUOTA_EXCEEDED, FILE_TYPE_NOT_TAKEN, STORAGE_UNAVAILABLE; what the source throws
   */
  async store({ object_key, free_bytes }: Reservation, source: AsyncIterable<Buffer>): Promise<TakenIn> {
    const examined = new ExaminedSource(source, (type) => this.assertTaken(type));
    try {
      const stored = await this.storage.put(object_key, examined, { max_bytes: Math.min(this.max_bytes, free_bytes) });
      return { ...stored, content_type: examined.content_type };
    } catch (error) {
      if (error instanceof ObjectTooLargeError) {
        throw new AppError(this.max_bytes <= free_bytes ? 'FILE_TOO_LARGE' : 'QUOTA_EXCEEDED', { cause: error });
      }
      throw asUnavailable(error);
    }
  }

  /** Makes what was stored a file of its owner. @throws QUOTA_EXCEEDED, USER_NOT_FOUND */
  async settle(place: Reservation, owner_id: string, name: string, { bytes, ...facts }: TakenIn): Promise<StoredFile> {
    const { id, object_key, quota_bytes } = place;
    const outcome = await this.files.add({ id, object_key, owner_id, name, size: bytes, ...facts }, quota_bytes);
    if ('file' in outcome) {
      this.usage.count(outcome.file.client_id, 'stored_bytes', bytes);
      return outcome.file;
    }
    if (outcome.refused === 'quota') throw new AppError('QUOTA_EXCEEDED');
    if (outcome.refused === 'owner') throw new AppError('USER_NOT_FOUND');
    throw new AppError('INTERNAL_ERROR', { cause: new Error(`${object_key} was given up before it was settled`) });
  }

  /** Takes away what lies under a key that was reserved. Where that fails it is tried again by the sweep. */
  async discard({ object_key }: Pick<Reservation, 'object_key'>): Promise<void> {
    try {
      await this.storage.delete(object_key);
      await this.account.release(object_key);
    } catch (error) {
      this.logger.warn({ err: error }, 'an upload that failed was not cleared away; the sweep will do it');
    }
  }

  /** True where nothing restricts which types are taken. */
  get takes_every_type(): boolean {
    return this.config.env.FILE_TYPES === undefined;
  }

  /** @throws FILE_TYPE_NOT_TAKEN */
  assertTaken(type: string): void {
    if (!isTaken(type, this.config.env.FILE_TYPES)) throw new AppError('FILE_TYPE_NOT_TAKEN');
  }

  /** What is left of the tenant's quota, in bytes. */
  async free(): Promise<number> {
    return Math.max((await this.quota()) - (await this.account.usedBytes()), 0);
  }

  /** What the tenant's files may have together, in bytes. */
  private async quota(): Promise<number> {
    const tenant = await this.tenants.find(Scope.clientId());
    return tenant?.storage_quota_bytes ?? this.config.env.STORAGE_QUOTA_BYTES;
  }
}

/** Where a file's bytes lie. The id's last characters are random, so that no folder holds too many. */
function objectKey(client_id: string, id: string): string {
  return `files/${client_id}/${id.slice(-2)}/${id}`;
}

/** What the storage does not do is no fault of the caller's. */
export function asUnavailable(error: unknown): unknown {
  return error instanceof StorageFailedError ? new AppError('STORAGE_UNAVAILABLE', { cause: error, retry_after_seconds: 5 }) : error;
}

/** Holds a source back until its first bytes have told its type. */
class ExaminedSource implements AsyncIterable<Buffer> {
  content_type = '';

  constructor(
    private readonly source: AsyncIterable<Buffer>,
    private readonly look: (type: string) => void,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    let held: Buffer[] | null = [];
    let bytes = 0;
    for await (const chunk of this.source) {
      if (held === null) {
        yield chunk;
        continue;
      }
      held.push(chunk);
      bytes += chunk.length;
      if (bytes < HEAD_BYTES) continue;
      const head = Buffer.concat(held);
      held = null;
      await this.examine(head, false);
      yield head;
    }
    if (held === null) return;
    const whole = Buffer.concat(held);
    await this.examine(whole, true);
    yield whole;
  }

  private async examine(head: Buffer, is_whole: boolean): Promise<void> {
    this.content_type = await typeOf(head.subarray(0, HEAD_BYTES), is_whole);
    this.look(this.content_type);
  }
}
