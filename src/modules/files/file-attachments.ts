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
  /** The field that named the files, or which one named a file, for the error; `file_ids` where nothing is said. */
  readonly field?: string | ((file_id: string) => string);
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
    const giver = actor.kind === 'user' ? actor.id : (options.user_id ?? null);
    const ids = await this.hold(giver, file_ids, to, options.field);
    if (ids.length > 0) await this.attachments.add(ids, to);
  }

  /**
   * {@link attach} for a person, in two steps: files are locked now, before whatever else the caller locks, and attached by what this answers.
   * @throws UNKNOWN_FILE
   */
  async prepare(user_id: string, file_ids: readonly string[], to: AttachedTo): Promise<() => Promise<void>> {
    const ids = await this.hold(user_id, file_ids, to);
    return () => this.attachments.add(ids, to);
  }

  /** Takes files off an object; all of them where none is named. */
  detach(from: AttachedTo, file_ids?: readonly string[]): Promise<void> {
    return this.attachments.remove(file_ids ?? null, from);
  }

  /** The ids of an object's files, in the order in which they were attached. */
  list(of: AttachedTo): Promise<string[]> {
    return this.attachments.filesOf(of);
  }

  private async hold(
    giver: string | null,
    file_ids: readonly string[],
    to: AttachedTo,
    field: AttachOptions['field'] = 'file_ids',
  ): Promise<string[]> {
    const ids = [...new Set(file_ids)];
    if (ids.length === 0) return ids;
    const held = await this.files.hold(ids);
    const foreign = held.filter(({ owner_id }) => giver !== null && owner_id !== giver).map(({ id }) => id);
    const is_known = held.length === ids.length && (foreign.length === 0 || (await this.attachments.count(foreign, to)) === foreign.length);
    if (!is_known) {
      const wrong = ids.filter((id) => foreign.includes(id) || !held.some((file) => file.id === id));
      const fields = new Set(wrong.map((id) => (typeof field === 'string' ? field : field(id))));
      throw new AppError('UNKNOWN_FILE', {
        details: [...fields].map((name) => ({ field: name, message: 'names a file that does not exist' })),
      });
    }
    return ids;
  }
}
