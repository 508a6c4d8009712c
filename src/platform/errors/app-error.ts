import { ERROR_TABLE, type ErrorCode } from './error-table.js';

/** One wrong field: its path in the body or query, and what is wrong with it. */
export interface ErrorDetail {
  field: string;
  message: string;
}

export interface AppErrorOptions {
  /** Every wrong field at once; on 400 only. */
  details?: ErrorDetail[];
  /** Sent as `Retry-After`, in whole seconds. */
  retry_after_seconds?: number;
  /** Words in place of the table's, where the row alone would not say enough (which setting is missing). */
  message?: string;
  cause?: unknown;
  /** Further response headers, such as `Allow`. */
  headers?: Record<string, string>;
}

/** The one class that services throw: a row of the error table. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: ErrorDetail[] | undefined;
  readonly retry_after_seconds: number | undefined;
  readonly headers: Record<string, string> | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.message ?? ERROR_TABLE[code].message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.status = ERROR_TABLE[code].status;
    this.details = options.details;
    this.retry_after_seconds = options.retry_after_seconds;
    this.headers = options.headers;
  }

  /** A 400 that names one wrong field. */
  static field(field: string, message: string): AppError {
    return new AppError('VALIDATION_FAILED', { details: [{ field, message }] });
  }
}
