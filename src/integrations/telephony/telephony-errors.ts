import { AppError } from '../../platform/errors/index.js';

const RETRY_AFTER_SECONDS = 5;
const LONGEST_RETRY_AFTER_SECONDS = 3_600;

/** The provider does not answer, or asks us to come back. */
export function unavailable(cause: unknown, retry_after_seconds = RETRY_AFTER_SECONDS): AppError {
  return new AppError('TELEPHONY_UNAVAILABLE', { cause, retry_after_seconds });
}

/** What an answer's status means that is no success and no 404. */
export function failureOf(status: number, retry_after: string | undefined): AppError {
  const cause = new Error(`The telephone provider answered ${status}`);
  if (status === 429 || status >= 500) {
    const seconds = /^\d{1,6}$/.test(retry_after ?? '') ? Number(retry_after) : RETRY_AFTER_SECONDS;
    return unavailable(cause, Math.min(Math.max(seconds, 1), LONGEST_RETRY_AFTER_SECONDS));
  }
  if (status === 401 || status === 403) {
    return new AppError('TELEPHONY_FAILED', { cause, message: 'The telephone provider refused the account_sid and auth_token' });
  }
  return new AppError('TELEPHONY_FAILED', { cause });
}

/** True for what an aborted caller leaves behind. */
export function isAbort(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'AbortError';
}
