import { setTimeout as pause } from 'node:timers/promises';
import type { ModelOptions } from './language-model.port.js';
import { ModelError } from './model-error.js';

const MOST_TRIES = 3;
const FIRST_PAUSE_MS = 250;

/**
 * Runs `work` up to three times while it fails with a {@link ModelError} that is transient and what the server asks to wait ends before the
 * deadline. `mayRepeat` is asked each time: what was given out already cannot be taken back.
 */
export async function withRetries<T>(options: ModelOptions, mayRepeat: () => boolean, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ModelError) || !error.is_transient || attempt >= MOST_TRIES || !mayRepeat()) throw error;
      const wait_ms = pauseOf(error, attempt);
      if (performance.now() + wait_ms >= options.deadline_ms) throw error;
      // Aborted while it waits: what it waits after is the reason.
      await pause(wait_ms, undefined, { signal: options.signal }).catch(() => {
        throw options.signal.aborted ? new ModelError('aborted', 'Nobody waits for the language model any more') : error;
      });
    }
  }
}

/** What the server asks for; else twice as long each time, spread so that many do not come back at once. */
function pauseOf({ retry_after_seconds }: ModelError, attempt: number): number {
  if (retry_after_seconds !== undefined) return retry_after_seconds * 1_000;
  return FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
}
