import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { ObjectTooLargeError, Storage } from '../../../integrations/storage/index.js';
import { Database } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { Logger } from '../../../platform/http/index.js';
import { newId } from '../../../platform/ids/index.js';
import { FileAttachmentRepository } from '../file-attachment.repository.js';
import type { AttachedTo } from '../file-attachments.js';
import { asUnavailable, FileIntake } from '../file-intake.js';
import { StorageAccountRepository } from '../storage-account.repository.js';
import type { StoredFile } from '../stored-file.entity.js';
import { TrashCollector } from '../trash-collector.js';
import { TusError } from './tus-error.js';
import { UploadLocker } from './upload-locker.js';
import { UploadRepository } from './upload.repository.js';
import { UploadStore } from './upload-store.js';

/** A file that a module of this server makes. */
export interface MadeFile {
  readonly owner_id: string;
  readonly name: string;
  /** As its maker knows it: it is not read from the bytes, and `FILE_TYPES` does not ask for it. */
  readonly content_type: string;
  /** What it belongs to from the beginning. */
  readonly attached_to: AttachedTo;
}

/**
 * Uploads whose length nobody knows while they grow, such as a recording that is still going on. They lie where all uploads do, survive a broken
 * connection and a node's end, and expire as those do. They are the caller's alone, who decides who may write: no user owns them, nor can reach them by the
 * protocol for uploads.
 */
@Injectable()
export class GrowingUploads {
  private readonly store: UploadStore;

  constructor(
    private readonly database: Database,
    private readonly storage: Storage,
    private readonly uploads: UploadRepository,
    account: StorageAccountRepository,
    private readonly locker: UploadLocker,
    private readonly intake: FileIntake,
    private readonly attachments: FileAttachmentRepository,
    private readonly trash: TrashCollector,
    logger: Logger,
  ) {
    this.store = new UploadStore(storage, uploads, account, locker, () => '', logger);
  }

  /** Begins one of at most `max_bytes`, in the open transaction where there is one, and answers its id. @throws QUOTA_EXCEEDED */
  async begin(max_bytes: number): Promise<string> {
    if ((await this.intake.free()) < max_bytes) throw new AppError('QUOTA_EXCEEDED');
    const id = newId();
    await this.uploads.add({ id, owner_id: null, metadata: null, size: max_bytes });
    return id;
  }

  /** How many bytes there are; null where the upload is gone. */
  async position(id: string): Promise<number | null> {
    return (await this.uploads.find(id))?.received ?? null;
  }

  /**
   * Adds bytes at `offset` and answers how many there are then. What has come before a connection broke is kept.
   * @throws UPLOAD_NOT_FOUND; UPLOAD_OFFSET with the header `Upload-Offset` where it has come to another place; UPLOAD_LOCKED; FILE_TOO_LARGE; STORAGE_UNAVAILABLE
   */
  async append(id: string, offset: number, bytes: AsyncIterable<Buffer>): Promise<number> {
    return this.locker.hold(id, async () => {
      const upload = await this.uploads.find(id);
      if (!upload) throw new AppError('UPLOAD_NOT_FOUND');
      const { received, size } = upload;
      if (received !== offset) throw new AppError('UPLOAD_OFFSET', { headers: { 'Upload-Offset': String(received) } });
      try {
        return await this.store.write(Readable.from(within(bytes, size - received)), id, offset);
      } catch (error) {
        throw error instanceof TusError ? new AppError('UPLOAD_NOT_FOUND', { cause: error }) : error;
      }
    });
  }

  /** The bytes that are there. @throws UPLOAD_NOT_FOUND */
  async *read(id: string): AsyncGenerator<Buffer> {
    const upload = await this.uploads.find(id);
    if (!upload) throw new AppError('UPLOAD_NOT_FOUND');
    for (const key of upload.segments) {
      for await (const chunk of (await this.storage.open(key)) as AsyncIterable<Buffer>) yield chunk;
    }
  }

  /**
   * Makes a file of what `source` gives, as it comes; `settled` runs in the transaction that adds it.
   * @throws QUOTA_EXCEEDED, USER_NOT_FOUND, STORAGE_UNAVAILABLE; what `source` and `settled` throw
   */
  async make(
    { owner_id, name, content_type, attached_to }: MadeFile,
    source: AsyncIterable<Buffer>,
    settled: (file: StoredFile) => Promise<void>,
  ): Promise<StoredFile> {
    const place = await this.intake.reserve();
    try {
      const stored = await this.storage.put(place.object_key, source, { max_bytes: place.free_bytes });
      return await this.database.transaction(async () => {
        const file = await this.intake.settle(place, owner_id, name, { ...stored, content_type });
        await this.attachments.add([file.id], attached_to);
        await settled(file);
        return file;
      });
    } catch (error) {
      await this.intake.discard(place);
      if (error instanceof ObjectTooLargeError) throw new AppError('QUOTA_EXCEEDED', { cause: error });
      throw asUnavailable(error);
    }
  }

  /** Takes uploads away with their bytes, in the open transaction where there is one; one that is gone already is no error. */
  async discard(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    for (const id of ids) await this.uploads.delete(id);
    this.database.afterCommit(() => this.trash.wake());
  }
}

/** @throws FILE_TOO_LARGE beyond `most` bytes */
async function* within(source: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let left = most;
  for await (const chunk of source) {
    left -= chunk.length;
    if (left < 0) throw new AppError('FILE_TOO_LARGE');
    yield chunk;
  }
}
