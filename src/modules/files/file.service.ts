import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { type ByteRange, ObjectMissingError, Storage } from '../../integrations/storage/index.js';
import { Database, type Page } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { type KaiwaRequest, Logger, UUID } from '../../platform/http/index.js';
import { type Actor, Scope } from '../../platform/scope/index.js';
import { UserDirectory } from '../users/index.js';
import { AuditService, UsageService } from '../tenancy/index.js';
import { FileAccess } from './file-access.js';
import { asUnavailable, FileIntake } from './file-intake.js';
import { FileRepository } from './file.repository.js';
import { safeName } from './file-name.js';
import { assertMayManage, ownerFor } from './file.policy.js';
import type { ListFilesQuery } from './file.dto.js';
import { receiveForm } from './multipart.js';
import type { StoredFile } from './stored-file.entity.js';
import { TrashCollector } from './trash-collector.js';

/** What a form is longer than its file, at most. */
const FORM_BYTES = 64 * 1024;

/** Files: taking them in, handing them out, and their end. */
@Injectable()
export class FileService {
  constructor(
    private readonly database: Database,
    private readonly storage: Storage,
    private readonly files: FileRepository,
    private readonly intake: FileIntake,
    private readonly access: FileAccess,
    private readonly users: UserDirectory,
    private readonly audit: AuditService,
    private readonly usage: UsageService,
    private readonly trash: TrashCollector,
    private readonly logger: Logger,
  ) {}

  /**
   * Takes in the file of a `multipart/form-data` body, as it comes.
   * @throws UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, FILE_TOO_LARGE, FILE_TYPE_NOT_TAKEN, QUOTA_EXCEEDED, USER_NOT_FOUND, NOT_YOURSELF
   */
  async upload(actor: Actor, request: KaiwaRequest): Promise<StoredFile> {
    if (Number(request.headers['content-length'] ?? 0) > this.intake.max_bytes + FORM_BYTES) throw new AppError('FILE_TOO_LARGE');
    const place = await this.intake.reserve();
    let is_settled = false;
    try {
      const { file, fields } = await receiveForm(request, ['user_id'], async (source, name) => ({
        name: safeName(name),
        taken: await this.intake.store(place, source),
      }));
      const owner_id = await this.ownerOf(actor, fields.get('user_id'));
      const settled = await this.intake.settle(place, owner_id, file.name, file.taken);
      is_settled = true;
      return settled;
    } finally {
      if (!is_settled) await this.intake.discard(place);
    }
  }

  /** A file that the actor may read. @throws FILE_NOT_FOUND */
  async get(actor: Actor, id: string): Promise<StoredFile> {
    const file = await this.files.findOne({ id });
    if (!file || !(await this.access.canRead(actor, file))) throw new AppError('FILE_NOT_FOUND');
    return file;
  }

  /** The same, for handing its bytes out: noted where its readings are. @throws FILE_NOT_FOUND */
  async getForReading(actor: Actor, id: string): Promise<StoredFile> {
    const file = await this.get(actor, id);
    await this.access.noteRead(actor, id);
    return file;
  }

  /** The same, for making a link to it. @throws FILE_NOT_FOUND, FORBIDDEN where it is its owner's and admins' alone */
  async getForSharing(actor: Actor, id: string): Promise<StoredFile> {
    const file = await this.get(actor, id);
    if (await this.access.isPersonal(id)) throw new AppError('FORBIDDEN');
    return file;
  }

  /** A file for whoever holds a link to it. @throws FILE_NOT_FOUND */
  async getForLink(id: string): Promise<StoredFile> {
    const file = await this.files.findOne({ id });
    if (!file || (await this.access.isPersonal(id))) throw new AppError('FILE_NOT_FOUND');
    await this.access.noteRead(null, id);
    return file;
  }

  /** A file for what this server does itself; null where it is gone. */
  find(id: string): Promise<StoredFile | null> {
    return this.files.findOne({ id });
  }

  /** The bytes of a file that was got for reading, or a part of them. @throws FILE_NOT_FOUND, STORAGE_UNAVAILABLE */
  async open({ id, object_key }: Pick<StoredFile, 'id' | 'object_key'>, range?: ByteRange): Promise<Readable> {
    try {
      return await this.storage.open(object_key, range);
    } catch (error) {
      if (!(error instanceof ObjectMissingError)) throw asUnavailable(error);
      this.logger.error({ err: error, file_id: id }, 'a file has no bytes in the storage');
      throw new AppError('FILE_NOT_FOUND', { cause: error });
    }
  }

  /** A page of somebody's files, newest first: one's own; a system names whose, or sees all. @throws NOT_YOURSELF, USER_NOT_FOUND, INVALID_CURSOR */
  async list(actor: Actor, query: ListFilesQuery): Promise<Page<StoredFile>> {
    if (actor.kind !== 'user' && query.user_id === undefined) return this.files.list({}, query);
    return this.files.list({ owner_id: await this.ownerOf(actor, query.user_id) }, query);
  }

  /** Deletes a file, by its owner or an admin; its bytes go right after. @throws FILE_NOT_FOUND, FORBIDDEN, FILE_IN_USE */
  async delete(actor: Actor, id: string): Promise<void> {
    const file = await this.get(actor, id);
    assertMayManage(actor, file.owner_id);
    const is_own = actor.kind === 'user' && actor.id === file.owner_id;
    await this.database.transaction(
      async () => {
        // From here on nobody attaches it to anything.
        if (!(await this.files.findOne({ id }, { lock: { mode: 'pessimistic_write' } }))) throw new AppError('FILE_NOT_FOUND');
        if (await this.access.isNeeded(id, actor)) throw new AppError('FILE_IN_USE');
        await this.files.delete({ id });
        if (!is_own) await this.audit.record(actor, 'file.deleted', 'file', id, { owner_id: file.owner_id });
      },
      // Somebody whose account ends has changed the tenant's account by then, and takes the file off their pages after that.
      { retry: true },
    );
    this.usage.count(Scope.clientId(), 'stored_bytes', -file.size);
    this.trash.wake();
  }

  /** Deletes files whose time is over, whosever they are; in the open transaction. */
  async expire(ids: readonly string[]): Promise<void> {
    const client_id = Scope.clientId();
    for (const id of ids) {
      const file = await this.files.findOne({ id });
      if (!file || (await this.files.delete({ id })) === 0) continue;
      this.database.afterCommit(() => this.usage.count(client_id, 'stored_bytes', -file.size));
    }
    this.database.afterCommit(() => this.trash.wake());
  }

  /** Deletes all that a user owns but what others inherit; inside the transaction that ends the account. */
  async deleteAllOf(user_id: string): Promise<void> {
    const client_id = Scope.clientId();
    await this.files.passOn(user_id, await this.access.heirsOf(user_id));
    const bytes = await this.files.deleteOf(user_id);
    if (bytes > 0) this.database.afterCommit(() => this.usage.count(client_id, 'stored_bytes', -bytes));
    this.database.afterCommit(() => this.trash.wake());
  }

  /** True where there is a file by that id, whosever it is. */
  async exists(id: string): Promise<boolean> {
    return (await this.files.count({ id })) > 0;
  }

  /** Whose file it is to be, or whose files are asked for. @throws NOT_YOURSELF, VALIDATION_FAILED, USER_NOT_FOUND */
  async ownerOf(actor: Actor, user_id: string | undefined): Promise<string> {
    const owner_id = ownerFor(actor, user_id?.toLowerCase());
    if (actor.kind === 'user') return owner_id;
    if (!UUID.test(owner_id) || (await this.users.byIds([owner_id])).length === 0) throw new AppError('USER_NOT_FOUND');
    return owner_id;
  }
}
