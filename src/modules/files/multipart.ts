import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { AppError } from '../../platform/errors/index.js';
import { AlreadyAnswered, type KaiwaRequest, linger, timedOut } from '../../platform/http/index.js';

const FORM = /^multipart\/form-data\s*(?:;|$)/i;
const FILE_FIELD = 'file';
const MOST_FIELDS = 4;
const LONGEST_FIELD_BYTES = 1_000;
const LARGEST_HEADER_BYTES = 16 * 1024;
const READ_AHEAD_BYTES = 256 * 1024;
/** A client that sends nothing for so long is told so, and its connection ends. */
const SILENCE_MS = 60_000;

/** The client went away before it had sent everything: nobody is there to be answered. */
export class ClientGoneError extends AlreadyAnswered {
  override readonly name = 'ClientGoneError';
}

/** Reads the file of a form to its end, or rejects; the name is as it was given. */
export type TakeFile<T> = (source: AsyncIterable<Buffer>, name: string | undefined) => Promise<T>;

/** A form with its one file. */
export interface ReceivedForm<T> {
  readonly file: T;
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * Reads a `multipart/form-data` body (RFC 7578) with one file, which is handed on while it comes, and the fields that are `known`.
 *
 * Rejects only once `take` has settled.
 *
 * @throws UNSUPPORTED_MEDIA_TYPE; VALIDATION_FAILED where the form is not as it should be or ends too early; REQUEST_TIMEOUT where nothing comes for
 *   `silence_ms`; ClientGoneError; what `take` throws
 */
export async function receiveForm<T>(
  request: KaiwaRequest,
  known: readonly string[],
  take: TakeFile<T>,
  silence_ms = SILENCE_MS,
): Promise<ReceivedForm<T>> {
  const form = new FormReader(request, known, take, silence_ms);
  try {
    return await form.read();
  } catch (error) {
    await form.abandon();
    throw error;
  }
}

class FormReader<T> {
  private readonly parser: BusboyInstance;
  private readonly fields = new Map<string, string>();
  private readonly end = Promise.withResolvers<void>();
  private source: Readable | null = null;
  private taking: Promise<T> | null = null;

  constructor(
    private readonly request: KaiwaRequest,
    private readonly known: readonly string[],
    private readonly take: TakeFile<T>,
    private readonly silence_ms: number,
  ) {
    this.parser = parserFor(request);
    this.end.promise.catch(() => undefined);
    this.parser.on('file', (field, source, name) => this.onFile(field, source as Readable, name));
    this.parser.on('field', (field, value, is_cut_name, is_cut) => this.onField(field, value, is_cut_name || is_cut));
    this.parser.on('partsLimit', () => this.fail(AppError.field('body', 'has too many parts')));
    this.parser.on('error', () => this.fail(AppError.field('body', 'is no well-formed multipart/form-data, or ends too early')));
    this.parser.on('finish', () => this.end.resolve());
  }

  async read(): Promise<ReceivedForm<T>> {
    const { request } = this;
    request.once('close', () => {
      if (!request.complete) this.fail(new ClientGoneError());
    });
    request.setTimeout(this.silence_ms, () => this.fail(timedOut(request)));
    request.pipe(this.parser);
    await this.end.promise;
    request.setTimeout(0);
    if (!this.taking) throw AppError.field(FILE_FIELD, 'is required');
    return { file: await this.taking, fields: this.fields };
  }

  /** Stops reading, and resolves once nobody reads the file; the client may go on sending for a while, so that it comes to read the answer. */
  async abandon(): Promise<void> {
    this.request.unpipe(this.parser);
    linger(this.request);
    await Promise.allSettled([this.taking]);
  }

  private onFile(field: string | undefined, source: Readable, name: string | undefined): void {
    source.on('error', () => undefined);
    if (field === undefined) {
      source.resume();
      return this.fail(AppError.field('body', 'has a part without a name'));
    }
    if (field !== FILE_FIELD || this.taking) {
      source.resume();
      return this.fail(AppError.field(field, this.taking ? 'is one file too many: one is taken' : 'is unknown'));
    }
    this.source = source;
    this.taking = this.take(source as AsyncIterable<Buffer>, name);
    this.taking.catch((error: unknown) => this.end.reject(error));
  }

  private onField(field: string | undefined, value: string, is_cut: boolean): void {
    if (field === undefined) return this.fail(AppError.field('body', 'has a part without a name'));
    if (field === FILE_FIELD) return this.fail(AppError.field(FILE_FIELD, 'must be a file'));
    if (!this.known.includes(field)) return this.fail(AppError.field(field, 'is unknown'));
    if (is_cut) return this.fail(AppError.field(field, 'is too long'));
    if (this.fields.has(field)) return this.fail(AppError.field(field, 'is named twice'));
    this.fields.set(field, value);
  }

  private fail(error: Error): void {
    this.end.reject(error);
    this.source?.destroy(error);
  }
}

function parserFor(request: KaiwaRequest): BusboyInstance {
  try {
    // The parser reads another kind of form too, which holds no file.
    if (!FORM.test(request.headers['content-type'] ?? '')) throw new Error('The type is another one');
    return new Busboy({
      headers: request.headers as BusboyHeaders,
      preservePath: true,
      fileHwm: READ_AHEAD_BYTES,
      limits: { fields: MOST_FIELDS, parts: MOST_FIELDS + 2, fieldSize: LONGEST_FIELD_BYTES, headerSize: LARGEST_HEADER_BYTES },
    });
  } catch (cause) {
    linger(request);
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', { message: 'The body must be multipart/form-data with its boundary', cause });
  }
}
