import { Injectable } from '@nestjs/common';
import { AppError } from '../../platform/errors/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { type AttachedTo as AttachedToAny, FileAttachmentRepository } from './file-attachment.repository.js';
import { FileRepository } from './file.repository.js';

/** What files are attached to, by the module that knows who may read it. */
export type FileKind = 'room' | 'page' | 'matching' | 'certificate';

/** An object that has files. */
export interface AttachedTo extends AttachedToAny {
  readonly kind: FileKind;
}

export interface AttachOptions {
  /** For whom a system acts: then the files must be theirs. Where it acts for nobody, any file of the tenant is its to give. */
  readonly user_id?: string;
}

/** Makes files a part of other objects. Everything happens in the caller's transaction where one is open. */
@Injectable()
export class FileAttachments {
  constructor(
    private readonly attachments: FileAttachmentRepository,
    private readonly files: FileRepository,
  ) {}

  /**
   * Attaches files to an object: the actor's own, and those that are attached to it already. Attaching again changes nothing. Until the
   * transaction ends nobody deletes them.
   *
   * @throws UNKNOWN_FILE where one is not there, or is not the actor's to give
   */
  async attach(actor: Actor, file_ids: readonly string[], to: AttachedTo, options: AttachOptions = {}): Promise<void> {
    const ids = [...new Set(file_ids)];
    if (ids.length === 0) return;
    await this.hold(actor, ids, to, options);
    await this.attachments.add(ids, to);
  }

  /**
   * What {@link attach} demands, without attaching: for whoever locks other rows between, since files come first.
   * @throws UNKNOWN_FILE
   */
  async hold(actor: Actor, file_ids: readonly string[], to: AttachedTo, options: AttachOptions = {}): Promise<void> {
    const ids = [...new Set(file_ids)];
    const giver = actor.kind === 'user' ? actor.id : options.user_id;
    const held = await this.files.hold(ids);
    const foreign = held.filter(({ owner_id }) => giver !== undefined && owner_id !== giver).map(({ id }) => id);
    const is_known = held.length === ids.length && (foreign.length === 0 || (await this.attachments.count(foreign, to)) === foreign.length);
    if (!is_known) throw new AppError('UNKNOWN_FILE');
  }

  /** Takes files off an object; all of them where none is named. */
  detach(from: AttachedTo, file_ids?: readonly string[]): Promise<void> {
    return this.attachments.remove(file_ids ?? null, from);
  }

  /** The ids of an object's files, in the order in which they were attached. */
  list(of: AttachedTo): Promise<string[]> {
    return this.attachments.filesOf(of);
  }
}
