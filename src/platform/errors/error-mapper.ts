import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { AppError, type ErrorDetail } from './app-error.js';
import { ERROR_TABLE, type ErrorCode } from './error-table.js';

/** The body of every error (contract, section 0). */
export interface ErrorBody {
  statusCode: number;
  error: string;
  code: ErrorCode;
  message: string;
  request_id: string;
  details?: ErrorDetail[];
}

/** What PostgreSQL's errors mean to a caller, by SQLSTATE; anything else is a defect of ours (500). */
const SQL_STATES: Record<string, ErrorCode> = {
  '40001': 'CONFLICT', // serialization_failure
  '40P01': 'CONFLICT', // deadlock_detected
  '55P03': 'CONFLICT', // lock_not_available
  '57014': 'OVERLOADED', // query_canceled: statement_timeout
  '53300': 'DATABASE_UNAVAILABLE', // too_many_connections
  '57P01': 'DATABASE_UNAVAILABLE', // admin_shutdown
  '57P02': 'DATABASE_UNAVAILABLE', // crash_shutdown
  '57P03': 'DATABASE_UNAVAILABLE', // cannot_connect_now
};

const CONNECTION_LOST = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND)$/;
const CONNECTION_WORDS = /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

const HTTP_CODES: Record<number, ErrorCode> = {
  400: 'VALIDATION_FAILED',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
};

/**
 * Turns whatever was thrown into an error of the table. What it does not know becomes INTERNAL_ERROR with the
 * original as `cause`, so that the log has it and the caller does not.
 */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof HttpException) {
    return new AppError(HTTP_CODES[thrown.getStatus()] ?? 'INTERNAL_ERROR', { cause: thrown });
  }
  const fault = thrown as { code?: unknown; message?: unknown; driverError?: unknown } | null;
  if (fault && typeof fault === 'object') {
    const inner = fault.driverError && fault.driverError !== thrown ? (fault.driverError as typeof fault) : fault;
    const code = typeof inner.code === 'string' ? inner.code : '';
    const words = typeof inner.message === 'string' ? inner.message : '';
    const known = SQL_STATES[code];
    if (known) return new AppError(known, { cause: thrown, retry_after_seconds: ERROR_TABLE[known].status === 503 ? 1 : undefined });
    // The tenant went while its request ran: every tenant table refers to it.
    if (code === '23503' && /_client_id_fkey$/.test(String((inner as { constraint?: unknown }).constraint))) {
      return new AppError('UNKNOWN_CLIENT', { cause: thrown });
    }
    // 08P01 is a statement of ours that breaks the protocol: a defect, not an absence.
    if ((code.startsWith('08') && code !== '08P01') || CONNECTION_LOST.test(code) || CONNECTION_WORDS.test(words)) {
      return new AppError('DATABASE_UNAVAILABLE', { cause: thrown, retry_after_seconds: 1 });
    }
  }
  return new AppError('INTERNAL_ERROR', { cause: thrown });
}

/** The JSON that a caller reads. */
export function toErrorBody(error: AppError, request_id: string): ErrorBody {
  return {
    statusCode: error.status,
    error: STATUS_CODES[error.status] ?? 'Error',
    code: error.code,
    message: error.message,
    request_id,
    ...(error.status === 400 && error.details ? { details: error.details } : {}),
  };
}
