import { buffer } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import { ObjectMissingError, Storage, StorageFailedError } from '../../integrations/storage/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Logger } from '../../platform/http/index.js';
import { Turnstile } from '../../platform/queue/index.js';
import { FileRepository } from './file.repository.js';
import { isScaled } from './file-type.js';
import { variantKey, variantWidth } from './image-width.js';
import { StorageAccountRepository } from './storage-account.repository.js';
import type { StoredFile } from './stored-file.entity.js';

/** A smaller picture of an image. */
export interface Variant {
  readonly bytes: Buffer;
  readonly width: number;
}

/** What is decoded at all: more would be a bomb, or no picture for a screen. */
const MOST_PIXELS = 50_000_000;
/** Compressed; it is held in memory while it is decoded. */
const LARGEST_IMAGE_BYTES = 32 * 1024 * 1024;
const TIMEOUT_S = 20;
const QUALITY = 80;
const AT_ONCE = 2;
const MOST_WAITING = 50;
const RESERVED_FOR_S = 3_600;

/** Smaller variants of images: made when they are first asked for, kept in the storage beside the file, and gone with it. */
@Injectable()
export class ImageVariants {
  private readonly making = new Map<string, Promise<Variant | null>>();
  private readonly turnstile = new Turnstile(AT_ONCE, MOST_WAITING);

  constructor(
    private readonly storage: Storage,
    private readonly files: FileRepository,
    private readonly account: StorageAccountRepository,
    private readonly logger: Logger,
  ) {}

  /** The variant of an image for a width in pixels; null for what is no image that can be scaled. @throws OVERLOADED */
  async find(file: StoredFile, asked: number): Promise<Variant | null> {
    if (!isScaled(file.content_type) || file.size > LARGEST_IMAGE_BYTES) return null;
    const width = variantWidth(asked);
    if (file.variants.includes(width)) {
      const kept = await this.read(variantKey(file.object_key, width));
      if (kept) return { bytes: kept, width };
    }
    const name = `${file.client_id}/${file.id}/${width}`;
    let making = this.making.get(name);
    if (!making) {
      making = this.turnstile.pass(() => this.make(file, width)).finally(() => this.making.delete(name));
      this.making.set(name, making);
    }
    return making;
  }

  private async make(file: StoredFile, width: number): Promise<Variant | null> {
    const original = await this.read(file.object_key);
    if (!original) return null;
    let bytes: Buffer;
    try {
      const sharp = await loadSharp();
      bytes = await sharp(original, { limitInputPixels: MOST_PIXELS, failOn: 'error', sequentialRead: true, pages: 1 })
        .autoOrient()
        .resize({ width, withoutEnlargement: true })
        .webp({ quality: QUALITY })
        .timeout({ seconds: TIMEOUT_S })
        .toBuffer();
    } catch (error) {
      this.logger.info({ err: error, file_id: file.id }, 'an image could not be scaled and is served as it is');
      return null;
    }
    await this.keep(file, width, bytes);
    return { bytes, width };
  }

  /** Keeps a variant; where that fails it is made again the next time. */
  private async keep(file: StoredFile, width: number, bytes: Buffer): Promise<void> {
    const key = variantKey(file.object_key, width);
    try {
      await this.account.reserve(key, RESERVED_FOR_S);
      await this.storage.put(key, one(bytes));
      // Of a file that is gone by now nothing is kept. Where another node was faster there is no note any more, and the variant is its.
      if (!(await this.files.addVariant(file.id, width, key))) await this.account.giveUp(key);
    } catch (error) {
      this.logger.warn({ err: error, file_id: file.id }, 'a variant of an image could not be kept');
    }
  }

  private async read(key: string): Promise<Buffer | null> {
    try {
      return await buffer(await this.storage.open(key));
    } catch (error) {
      if (error instanceof ObjectMissingError) return null;
      if (error instanceof StorageFailedError) throw new AppError('STORAGE_UNAVAILABLE', { cause: error, retry_after_seconds: 5 });
      throw error;
    }
  }
}

/** Loaded with the first image: an idle server has no use for it. */
async function loadSharp(): Promise<typeof import('sharp').default> {
  const { default: sharp } = await import('sharp');
  // The threads and the memory are other work's too.
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
