import { ForbiddenAddressError } from '../../platform/outbound/index.js';
import { ModelError } from './model-error.js';

/** Codes by which a server says that the account is used up: waiting a moment does not help. */
const USED_UP = new Set(['insufficient_quota', 'billing_hard_limit_reached']);
const WORD = /^[a-z0-9_.-]{1,60}$/i;
const LONGEST_RETRY_AFTER_SECONDS = 86_400;

/** What the package throws, as far as it is read; by its fields, so that the package need not be loaded to tell. */
interface PackageError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly status?: unknown;
  readonly code?: unknown;
  readonly headers?: { get?(name: string): string | null };
  readonly cause?: unknown;
}

/**
 * Whatever an exchange threw, as a {@link ModelError}. Nothing that the server wrote is taken but a code of plain letters: messages about a
 * refused key quote a part of it.
 */
export function toModelError(thrown: unknown, signal: AbortSignal): ModelError {
  if (thrown instanceof ModelError) return thrown;
  if (signal.aborted) return abortOf(signal.reason);
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as PackageError;
  if (typeof error.status === 'number') return ofStatus(error.status, error);
  if (causesOf(error).some((cause) => cause instanceof ForbiddenAddressError)) {
    return new ModelError('refused', 'The address of the language model is not a public one');
  }
  if (isTimeout(error)) return new ModelError('timeout', 'The language model does not answer in time', { is_transient: true });
  return new ModelError('failed', `The language model cannot be reached, or its answer is none${codeOf(error)}`, { is_transient: true });
}

function abortOf(reason: unknown): ModelError {
  if (reason instanceof ModelError) return reason;
  const is_late = (reason as { name?: unknown } | null)?.name === 'TimeoutError';
  if (is_late) return new ModelError('timeout', 'The language model does not answer in time');
  return new ModelError('aborted', 'Nobody waits for the language model any more');
}

function ofStatus(status: number, error: PackageError): ModelError {
  const retry_after_seconds = retryAfterOf(error);
  const words = `${status}${codeOf(error)}`;
  if (status === 429) {
    const is_transient = !USED_UP.has(String(error.code));
    return new ModelError('busy', `The language model's server limits this account (${words})`, {
      status,
      retry_after_seconds,
      is_transient,
    });
  }
  if (status === 408 || status === 504) {
    return new ModelError('timeout', `The language model's server took too long (${words})`, {
      status,
      retry_after_seconds,
      is_transient: true,
    });
  }
  if (status === 503 || status === 529) {
    return new ModelError('busy', `The language model's server is busy (${words})`, { status, retry_after_seconds, is_transient: true });
  }
  if (status >= 500 || status === 409) {
    return new ModelError('failed', `The language model's server failed (${words})`, { status, retry_after_seconds, is_transient: true });
  }
  return new ModelError('refused', `The language model's server refused the request (${words})`, { status, retry_after_seconds });
}

function codeOf({ code, cause }: PackageError): string {
  const found = [code, (cause as PackageError | undefined)?.code].find((one): one is string => typeof one === 'string' && WORD.test(one));
  return found === undefined ? '' : ` ${found}`;
}

/** Seconds or an HTTP date (RFC 9110, section 10.2.3); OpenAI's own milliseconds first. */
function retryAfterOf({ headers }: PackageError): number | undefined {
  const milliseconds = Number(headers?.get?.('retry-after-ms') ?? NaN);
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return bounded(milliseconds / 1_000);
  const text = headers?.get?.('retry-after');
  if (!text) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? bounded(seconds) : undefined;
}

function bounded(seconds: number): number {
  return Math.min(Math.max(seconds, 0), LONGEST_RETRY_AFTER_SECONDS);
}

/** The package's own classes have no name of their own. */
function isTimeout(error: PackageError): boolean {
  return causesOf(error).some((cause) => /timeout/i.test(`${String(cause.name)} ${String(cause.code)} ${cause.constructor.name}`));
}

function causesOf(error: PackageError): PackageError[] {
  const causes: PackageError[] = [];
  for (let one: unknown = error; typeof one === 'object' && one !== null && causes.length < 5; one = (one as PackageError).cause) {
    causes.push(one);
  }
  return causes;
}
