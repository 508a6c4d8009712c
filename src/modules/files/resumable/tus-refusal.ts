import { AppError, type ErrorCode } from '../../../platform/errors/index.js';

/** What the protocol's library refuses by its own rules, by status, in the words of our table. */
const BY_STATUS: Record<number, ErrorCode> = {
  404: 'UPLOAD_NOT_FOUND',
  409: 'UPLOAD_OFFSET',
  410: 'UPLOAD_NOT_FOUND',
  412: 'TUS_VERSION',
  413: 'FILE_TOO_LARGE',
};

/** The headers that it names in its complaints. */
const HEADER = /\b(upload-[a-z-]+|content-type|tus-resumable)\b/i;
const LOCKED = /lock/i;

/** The error of ours for an answer of the library's: what was thrown where it was ours, else by what it says. */
export function refusalOf(status: number, thrown: unknown, words: string): unknown {
  if (thrown instanceof Error && !('status_code' in thrown)) return thrown;
  // Another request writes to the upload.
  if (LOCKED.test(words)) return new AppError('CONFLICT');
  const code = BY_STATUS[status];
  if (code) return new AppError(code);
  if (status >= 500 && status !== 501) return new AppError('INTERNAL_ERROR', { cause: thrown ?? new Error(words) });
  const header = HEADER.exec(words)?.[1]?.toLowerCase();
  if (header === 'tus-resumable') return new AppError('TUS_VERSION');
  return AppError.field(header ?? 'upload-concat', 'is missing or not valid');
}
