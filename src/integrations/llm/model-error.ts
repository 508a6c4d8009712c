/**
 * What went wrong: the server `refused` (its key, the model, the request), is `busy` (rate limit, quota), `failed` (5xx, no connection, an
 * answer that breaks off or is none), took too long (`timeout`), or nobody waits any more (`aborted`).
 */
export type ModelFailure = 'refused' | 'busy' | 'failed' | 'timeout' | 'aborted';

export interface ModelErrorOptions {
  readonly status?: number | undefined;
  readonly retry_after_seconds?: number | undefined;
  /** Whether the same request may succeed in a moment. */
  readonly is_transient?: boolean;
}

/** An exchange with a language model that came to nothing. Its words are ours: what the server wrote may hold a part of the key. */
export class ModelError extends Error {
  readonly status: number | undefined;
  readonly retry_after_seconds: number | undefined;
  readonly is_transient: boolean;

  constructor(
    readonly failure: ModelFailure,
    message: string,
    { status, retry_after_seconds, is_transient = false }: ModelErrorOptions = {},
  ) {
    super(message);
    this.name = 'ModelError';
    this.status = status;
    this.retry_after_seconds = retry_after_seconds;
    this.is_transient = is_transient;
  }
}
