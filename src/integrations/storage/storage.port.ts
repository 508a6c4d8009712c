import type { Readable } from 'node:stream';

/** What an object is once it is stored. */
export interface StoredObject {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Bytes of an object, both ends included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface PutOptions {
  /** Beyond it nothing is stored and {@link ObjectTooLargeError} is thrown; no limit where none is given. */
  readonly max_bytes?: number;
}

/** Which of these nodes are gone. */
export type FindGone = (node_ids: readonly string[]) => Promise<string[]>;

/** The source has more bytes than were asked for. */
export class ObjectTooLargeError extends Error {
  constructor(max_bytes: number) {
    super(`The object has more than ${max_bytes} bytes`);
    this.name = 'ObjectTooLargeError';
  }
}

/** There is no object by that key. */
export class ObjectMissingError extends Error {
  constructor(key: string, options?: ErrorOptions) {
    super(`There is no object ${key}`, options);
    this.name = 'ObjectMissingError';
  }
}

/** The storage does not do what was asked, through no fault of the caller's. */
export class StorageFailedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageFailedError';
  }
}

/**
 * Keeps bytes under keys (`files/<tenant>/…`: parts of `a-z`, `0-9`, `_`, `-` and `.`, separated by slashes). An object is there as a whole or not at all,
 * whatever happens on the way; adapters are a folder and an S3 server.
 */
export abstract class Storage {
  /**
   * Stores what `source` gives, as it comes, and resolves once it is safe: a machine that stops then has it. What `source` throws is
   * thrown, and leaves nothing. An object of that name is replaced.
   *
   * @throws ObjectTooLargeError, StorageFailedError
   */
  abstract put(key: string, source: AsyncIterable<Buffer>, options?: PutOptions): Promise<StoredObject>;

  /** The bytes of an object, or of a part that lies within it. @throws ObjectMissingError, StorageFailedError */
  abstract open(key: string, range?: ByteRange): Promise<Readable>;

  /** Deletes an object; one that is not there is no error. @throws StorageFailedError */
  abstract delete(key: string): Promise<void>;

  /**
   * Clears away what writers have begun and not ended: those that died before `before`, and where the storage tells nodes apart those of nodes
   * that `findGone` says are gone. Answers how many such there were.
   */
  abstract discardUnfinished(before: Date, findGone: FindGone): Promise<number>;

  /** Resolves where the storage serves. @throws StorageFailedError */
  abstract check(): Promise<void>;

  /** Closes what is open. */
  abstract close(): Promise<void>;
}

const KEY = /^[a-z0-9_][a-z0-9_.-]*(?:\/[a-z0-9_][a-z0-9_.-]*)*$/;
const LONGEST_KEY = 500;

/** A key is made by this server, never by a caller; whatever else comes is a defect. */
export function assertKey(key: string): void {
  if (key.length > LONGEST_KEY || !KEY.test(key)) throw new Error(`${JSON.stringify(key)} is no key`);
}
