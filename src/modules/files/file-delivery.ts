import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { KaiwaRequest, KaiwaResponse } from '../../platform/http/index.js';
import { AppError } from '../../platform/errors/index.js';
import { type Actor, Scope } from '../../platform/scope/index.js';
import { TenantDirectory, UsageService } from '../tenancy/index.js';
import { FileLinks } from './file-links.js';
import { sendFile } from './file-reply.js';
import { FileService } from './file.service.js';
import type { FileLinkView } from './file.view.js';
import { ImageVariants } from './image-variants.js';
import type { StoredFile } from './stored-file.entity.js';

const DEFAULT_LINK_S = 3_600;

/** Hands files out over HTTP: to those who may read them, and to those who hold a link. */
@Injectable()
export class FileDelivery {
  constructor(
    private readonly files: FileService,
    private readonly links: FileLinks,
    private readonly images: ImageVariants,
    private readonly tenants: TenantDirectory,
    private readonly usage: UsageService,
  ) {}

  /** Sends a file, or the variant of an image, to whoever may read it. @throws FILE_NOT_FOUND, RANGE_NOT_SATISFIABLE, STORAGE_UNAVAILABLE */
  async send(actor: Actor, id: string, width: number | undefined, request: KaiwaRequest, response: KaiwaResponse): Promise<void> {
    await this.answer(await this.files.getForReading(actor, id), width, request, response);
  }

  /** The same to the holder of a link, whose signature binds the tenant. @throws FILE_NOT_FOUND where it is not good, or no longer */
  async sendLinked(id: string, { token, w }: { token: string; w?: number }, request: KaiwaRequest, response: KaiwaResponse): Promise<void> {
    const client_id = this.links.verify(id, token);
    if (client_id === null || !(await this.tenants.find(client_id))) throw new AppError('FILE_NOT_FOUND');
    this.usage.count(client_id, 'requests');
    await Scope.runIn(client_id, async () => this.answer(await this.files.getForLink(id), w, request, response));
  }

  /** A link to a file that the actor may read, at the address `base`. @throws FILE_NOT_FOUND */
  async link(actor: Actor, id: string, expires_in_s = DEFAULT_LINK_S, base: string): Promise<FileLinkView> {
    await this.files.get(actor, id);
    const { path, expires_at } = this.links.sign(id, expires_in_s);
    return { url: `${base}${path}`, expires_at: expires_at.toISOString() };
  }

  private async answer(file: StoredFile, width: number | undefined, request: KaiwaRequest, response: KaiwaResponse): Promise<void> {
    const variant = width === undefined ? null : await this.images.find(file, width);
    const { name, created_at: modified_at, sha256 } = file;
    if (!variant) {
      const { size, content_type } = file;
      await sendFile(request, response, {
        name,
        content_type,
        size,
        tag: sha256,
        modified_at,
        open: (range) => this.files.open(file, range),
      });
      return;
    }
    const { bytes } = variant;
    await sendFile(request, response, {
      name: `${name.replace(/\.[^.]*$/, '')}.webp`,
      content_type: 'image/webp',
      size: bytes.length,
      tag: `${sha256}-w${variant.width}`,
      modified_at,
      open: async (range) => Readable.from([range ? bytes.subarray(range.start, range.end + 1) : bytes]),
    });
  }
}
