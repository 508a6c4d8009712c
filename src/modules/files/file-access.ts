import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/scope/index.js';
import { AuditService } from '../tenancy/index.js';
import type { FileKind } from './file-attachments.js';
import { FileAttachmentRepository } from './file-attachment.repository.js';
import { seesAllFiles } from './file.policy.js';
import type { StoredFile } from './stored-file.entity.js';

/** True where `actor` may read the object, and with it the file. */
export type AttachmentCheck = (actor: Actor, object_id: string, file_id: string) => Promise<boolean>;

/** True where `actor` may read the file by one of these objects. */
export type AnyCheck = (actor: Actor, object_ids: readonly string[], file_id: string) => Promise<boolean>;

/** True where `actor` may read any object of the kind that the file is attached to. */
export type WholeCheck = (actor: Actor, file_id: string) => Promise<boolean>;

export interface RegisterOptions {
  /** Each reading of a file that is attached to such an object is noted in the audit log, whoever reads. */
  readonly is_audited?: boolean;
  /** A file that is attached to such an object is its owner's and admins' alone: whatever else it is attached to, whoever has a key or a link. */
  readonly is_personal?: boolean;
  /** True while an object of the kind cannot do without the file: then the actor does not delete it. */
  readonly isNeeded?: FileNeed;
  /** Which files of somebody whose account ends are not to end with it, and whose they become; heirs stay until the open transaction ends. */
  readonly heirsOf?: FindHeirs;
}

/** True where an object cannot do without the file as far as the actor is concerned. */
export type FileNeed = (file_id: string, actor: Actor) => Promise<boolean>;

/** A file, and who is to own it. */
export interface Heir {
  readonly file_id: string;
  readonly user_id: string;
}

export type FindHeirs = (owner_id: string) => Promise<Heir[]>;

/** Objects of one kind that are asked about for one file. */
const MOST_ASKED = 200;

/** Who may read a file: its owner, admins, and whoever may read what it is attached to, which is the modules' above to say. */
@Injectable()
export class FileAccess {
  private readonly checks = new Map<string, AttachmentCheck>();
  private readonly anyChecks = new Map<string, AnyCheck>();
  private readonly wholeChecks = new Map<string, WholeCheck>();
  private readonly audited: string[] = [];
  private readonly personal: string[] = [];
  private readonly needs: FileNeed[] = [];
  private readonly heirs: FindHeirs[] = [];

  constructor(
    private readonly attachments: FileAttachmentRepository,
    private readonly audit: AuditService,
  ) {}

  /** Says who may read what is attached to objects of a kind; called while the application is built. A second time throws. */
  register(kind: FileKind, check: AttachmentCheck, options: RegisterOptions = {}): void {
    this.assertNew(kind);
    this.checks.set(kind, check);
    if (options.is_audited) this.audited.push(kind);
    if (options.is_personal) this.personal.push(kind);
    if (options.isNeeded) this.needs.push(options.isNeeded);
    if (options.heirsOf) this.heirs.push(options.heirsOf);
  }

  /** The same for a module that looks at all of a file's objects at once: the newest of them. */
  registerAny(kind: FileKind, check: AnyCheck): void {
    this.assertNew(kind);
    this.anyChecks.set(kind, check);
  }

  /** The same for a module that can tell of all objects of its kind at once; asked only about files that are attached to one. */
  registerWhole(kind: FileKind, check: WholeCheck): void {
    this.assertNew(kind);
    this.wholeChecks.set(kind, check);
  }

  /** True where the actor may read the file. */
  async canRead(actor: Actor, file: Pick<StoredFile, 'id' | 'owner_id'>): Promise<boolean> {
    if (actor.kind === 'user' && actor.id === file.owner_id) return true;
    const sees_all = seesAllFiles(actor);
    if (sees_all && actor.kind !== 'api_key') return true;
    if (await this.isPersonal(file.id)) return false;
    if (sees_all) return true;
    for (const { object_kind, object_ids } of await this.attachments.objectsOf(file.id, MOST_ASKED)) {
      if (await this.wholeChecks.get(object_kind)?.(actor, file.id)) return true;
      if (await this.anyChecks.get(object_kind)?.(actor, object_ids, file.id)) return true;
      const check = this.checks.get(object_kind);
      if (!check) continue;
      for (const object_id of object_ids) if (await check(actor, object_id, file.id)) return true;
    }
    return false;
  }

  /** True for a file that is its owner's and admins' alone. */
  async isPersonal(file_id: string): Promise<boolean> {
    return this.personal.length > 0 && (await this.attachments.isAttachedToAny(file_id, this.personal));
  }

  /** True for a file that something cannot do without, so that this actor must not delete it. */
  async isNeeded(file_id: string, actor: Actor): Promise<boolean> {
    for (const isNeeded of this.needs) if (await isNeeded(file_id, actor)) return true;
    return false;
  }

  /** The files that are not to end with their owner's account; inside the transaction that ends it. */
  async heirsOf(owner_id: string): Promise<Heir[]> {
    const heirs: Heir[] = [];
    for (const heirsOf of this.heirs) heirs.push(...(await heirsOf(owner_id)));
    return heirs;
  }

  /** Notes that a file is read, where it is one whose readings are noted; null stands for the holder of a link. */
  async noteRead(actor: Actor | null, file_id: string): Promise<void> {
    if (this.audited.length === 0 || !(await this.attachments.isAttachedToAny(file_id, this.audited))) return;
    await this.audit.record(actor, 'file.read', 'file', file_id);
  }

  private assertNew(kind: string): void {
    if ([this.checks, this.anyChecks, this.wholeChecks].some((checks) => checks.has(kind)))
      throw new Error(`Who may read what is attached to a ${kind} is said twice`);
  }
}
