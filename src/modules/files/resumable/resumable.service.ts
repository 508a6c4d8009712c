import { Injectable } from '@nestjs/common';
import { Metadata, Server, type Upload } from '@tus/server';
import { Storage } from '../../../integrations/storage/index.js';
import { AppError } from '../../../platform/errors/index.js';
import {
  AlreadyAnswered,
  baseUrlOf,
  type KaiwaRequest,
  type KaiwaResponse,
  linger,
  Logger,
  timedOut,
  UUID,
} from '../../../platform/http/index.js';
import { newId } from '../../../platform/ids/index.js';
import { type Actor, Scope } from '../../../platform/scope/index.js';
import { FileIntake } from '../file-intake.js';
import { safeName } from '../file-name.js';
import { mayManage } from '../file.policy.js';
import { FileService } from '../file.service.js';
import { StorageAccountRepository } from '../storage-account.repository.js';
import { TrashCollector } from '../trash-collector.js';
import { type RequestBody, requestBody } from './request-body.js';
import { refusalOf } from './tus-refusal.js';
import { UploadLocker } from './upload-locker.js';
import { type ResumableUpload, UploadRepository } from './upload.repository.js';
import { UploadStore } from './upload-store.js';

/** Of one person, at a time. */
const MOST_UPLOADS = 100;
const SILENCE_MS = 60_000;
/** What the protocol's library reads of a request; nothing else of it goes there. */
const PASSED_ON = /^(?:tus-|upload-|content-type$|content-length$)/;
/** What the front has decided already. */
const OURS = /^(?:access-control-|content-length$|connection$)/i;
const VERSION = '1.0.0';

/** What an upload in the making is to know, which the library does not carry. */
interface Asked {
  readonly owner_id: string;
}

/** An upload that is a user's. */
type OwnedUpload = ResumableUpload & { readonly owner_id: string };

/** Uploads that survive a broken connection (tus 1.0.0): each becomes a file of the same id once its last byte is there. */
@Injectable()
export class ResumableService {
  private readonly server: Server;
  private readonly asked = new Map<string, Asked>();
  /** What was thrown for a request, where the library would tell only its status. */
  private readonly thrown = new WeakMap<object, unknown>();

  constructor(
    account: StorageAccountRepository,
    logger: Logger,
    private readonly storage: Storage,
    private readonly locker: UploadLocker,
    private readonly uploads: UploadRepository,
    private readonly intake: FileIntake,
    private readonly files: FileService,
    private readonly trash: TrashCollector,
  ) {
    this.server = new Server({
      path: '/uploads',
      datastore: new UploadStore(
        storage,
        uploads,
        account,
        locker,
        (id) => this.asked.get(id)?.owner_id ?? '',
        logger,
        intake.takes_every_type ? null : (type) => intake.assertTaken(type),
      ),
      locker,
      maxSize: intake.max_bytes,
      disableTerminationForFinishedUploads: true,
      namingFunction: () => newId(),
      getFileIdFromRequest: (_request, last) => (last !== undefined && UUID.test(last) ? last.toLowerCase() : undefined),
      generateUrl: (request, { id }) => `${new URL(request.url).origin}${this.prefixes.get(request) ?? ''}/uploads/${id}`,
      onUploadCreate: (_request, upload) => this.admit(upload),
      onUploadFinish: async (_request, upload) => {
        await this.finish(upload.id);
        return {};
      },
      onResponseError: (request, error) => {
        this.thrown.set(request, error);
        return undefined;
      },
    });
    trash.alsoSweep((limit) => uploads.deleteExpired(limit));
  }

  /** The prefix under which a request came, for the URL that it is answered. */
  private readonly prefixes = new WeakMap<object, string>();

  /** The bodies that are being read, so that they can be broken off. */
  private readonly bodies = new WeakMap<KaiwaRequest, RequestBody>();

  /**
   * Answers one request of the protocol.
   * @throws UPLOAD_NOT_FOUND, UPLOAD_OFFSET, FILE_TOO_LARGE, QUOTA_EXCEEDED, FILE_TYPE_NOT_TAKEN, TUS_VERSION, VALIDATION_FAILED and others of the table
   */
  async handle(actor: Actor, id: string | null, request: KaiwaRequest, response: KaiwaResponse): Promise<void> {
    response.setHeader('Tus-Resumable', VERSION);
    let is_silent = false;
    request.setTimeout(SILENCE_MS, () => {
      is_silent = true;
      this.bodies.get(request)?.fail(new Error('The client sends nothing'));
    });
    try {
      if (id !== null) await this.assertMine(actor, id, request.method);
      await this.pass(request, response);
    } catch (error) {
      if (request.destroyed && !request.complete) throw new AlreadyAnswered();
      if (is_silent) throw timedOut(request);
      if (!request.complete) linger(request);
      if ((error as AppError).code === 'TUS_VERSION') response.setHeader('Tus-Version', VERSION);
      throw error;
    } finally {
      request.setTimeout(0);
    }
  }

  /** What this server knows of the protocol; needs no credential. */
  describe(response: KaiwaResponse): void {
    response
      .writeHead(204, {
        'Tus-Resumable': VERSION,
        'Tus-Version': VERSION,
        'Tus-Extension': 'creation,creation-with-upload,termination,expiration',
        'Tus-Max-Size': this.intake.max_bytes,
      })
      .end();
  }

  private async pass(request: KaiwaRequest, response: KaiwaResponse): Promise<void> {
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (PASSED_ON.test(name) && value !== undefined) headers.set(name, String(value));
    }
    const body = request.method === 'PATCH' || request.method === 'POST' ? requestBody(request) : null;
    const asked = new Request(new URL(request.url, baseUrlOf(request) || 'http://localhost'), {
      method: request.method,
      headers,
      ...(body ? { body: body.stream, duplex: 'half' as const } : {}),
    });
    if (body) this.bodies.set(request, body);
    this.prefixes.set(asked, request.baseUrl);
    const answer = await this.server.handleWeb(asked);
    body?.release();
    if (answer.status >= 400) throw this.refused(answer.status, this.thrown.get(asked), await answer.text(), headers);
    if (request.method === 'DELETE') this.trash.wake();
    for (const [name, value] of answer.headers) if (!OURS.test(name)) response.setHeader(name, value);
    response.writeHead(answer.status, answer.status === 204 ? {} : { 'Content-Length': 0 }).end();
  }

  /** An upload whose first bytes were refused is gone, and leaves bytes to be cleared away. */
  private refused(...answer: Parameters<typeof refusalOf>): unknown {
    const refusal = refusalOf(...answer);
    if (refusal instanceof AppError && refusal.code === 'FILE_TYPE_NOT_TAKEN') this.trash.wake();
    return refusal;
  }

  /** Whose upload it is to be, and whether there is room for it. */
  private async admit(upload: Upload): Promise<{ metadata?: Upload['metadata'] }> {
    const { actor } = Scope.get();
    if (!actor) throw new AppError('UNAUTHORIZED');
    const owner_id = await this.files.ownerOf(actor, upload.metadata?.['user_id'] ?? undefined);
    const { count, bytes } = await this.uploads.underWay(owner_id);
    if (count >= MOST_UPLOADS) throw new AppError('RATE_LIMITED', { retry_after_seconds: 60 });
    if ((await this.intake.free()) < bytes + (upload.size ?? 0)) throw new AppError('QUOTA_EXCEEDED');
    this.asked.set(upload.id, { owner_id });
    // The library makes the upload next; what it did not come to is forgotten.
    setTimeout(() => this.asked.delete(upload.id), SILENCE_MS).unref();
    return {};
  }

  /** @throws UPLOAD_NOT_FOUND for those whose upload it is not */
  private async assertMine(actor: Actor, id: string, method: string | undefined): Promise<void> {
    const upload = await this.get(id);
    if (!mayManage(actor, upload.owner_id)) throw new AppError('UPLOAD_NOT_FOUND');
    // Nobody mixes bytes into another person's file, whatever else they may.
    if (method === 'PATCH' && actor.kind === 'user' && actor.id !== upload.owner_id) throw new AppError('UPLOAD_NOT_FOUND');
    const is_asking = method === 'HEAD';
    // The server died after the last byte: the client asks how far it came, and is told once the file is there.
    if (is_asking && upload.received === upload.size && upload.finished_at === null) await this.finish(id);
  }

  /** What a module lets grow is the module's own, and as absent here to everybody. @throws UPLOAD_NOT_FOUND */
  private async get(id: string): Promise<OwnedUpload> {
    const upload = await this.uploads.find(id);
    if (!upload || !isOwned(upload)) throw new AppError('UPLOAD_NOT_FOUND');
    return upload;
  }

  /** Makes a file of the upload's parts, once; whoever comes second waits for the first. */
  private finish(id: string): Promise<void> {
    return this.locker.hold(id, async () => {
      const upload = await this.get(id);
      if (upload.finished_at !== null) return;
      if (!(await this.files.exists(id))) await this.join(upload);
      await this.uploads.finish(id);
      this.trash.wake();
    });
  }

  private async join(upload: OwnedUpload): Promise<void> {
    const place = await this.intake.reserve(upload.id);
    try {
      const taken = await this.intake.store(place, this.read(upload));
      await this.intake.settle(place, upload.owner_id, nameIn(upload.metadata), taken);
    } catch (error) {
      if (!(await this.files.exists(upload.id))) await this.intake.discard(place);
      // It will not be taken the next time either.
      if (error instanceof AppError && (error.status < 500 || error.code === 'QUOTA_EXCEEDED')) {
        await this.uploads.delete(upload.id);
        this.trash.wake();
      }
      throw error;
    }
  }

  private async *read({ segments }: ResumableUpload): AsyncGenerator<Buffer> {
    for (const key of segments) {
      for await (const chunk of (await this.storage.open(key)) as AsyncIterable<Buffer>) yield chunk;
    }
  }
}

function isOwned(upload: ResumableUpload): upload is OwnedUpload {
  return upload.owner_id !== null;
}

/** What the client calls the file; uppy and tus-js-client say `filename` or `name`. */
function nameIn(metadata: string | null): string {
  const given = metadata === null ? {} : Metadata.parse(metadata);
  return safeName(given['filename'] ?? given['name'] ?? undefined);
}
