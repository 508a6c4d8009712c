import { ModelError, type ModelFailure } from '../../../integrations/llm/index.js';
import { AppError, type ErrorCode, toAppError } from '../../../platform/errors/index.js';

const CODES: Record<Exclude<ModelFailure, 'aborted'>, { code: ErrorCode; retry_after_seconds: number }> = {
  // Somebody has to mend the settings first.
  refused: { code: 'MODEL_REFUSED', retry_after_seconds: 60 },
  failed: { code: 'MODEL_FAILED', retry_after_seconds: 2 },
  busy: { code: 'MODEL_BUSY', retry_after_seconds: 5 },
  timeout: { code: 'MODEL_TIMEOUT', retry_after_seconds: 2 },
};

/** True where it failed because nobody waits any more. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof ModelError && thrown.failure === 'aborted';
}

/** What a caller is told of a turn that could not be answered. */
export function toChatError(thrown: unknown): AppError {
  if (!(thrown instanceof ModelError)) return toAppError(thrown);
  if (thrown.failure === 'aborted') return new AppError('SHUTTING_DOWN', { retry_after_seconds: 1, cause: thrown });
  const { code, retry_after_seconds } = CODES[thrown.failure];
  return new AppError(code, { retry_after_seconds: Math.max(1, thrown.retry_after_seconds ?? retry_after_seconds), cause: thrown });
}
