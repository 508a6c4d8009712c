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
const COMPLETED = /completed/i;
/** Headers of extensions that are not offered. */
const NOT_OFFERED = ['upload-defer-length', 'upload-concat'];

/** The error of ours for an answer of the library's to a request of those headers: what was thrown where it was ours, else by what it says. */
export function refusalOf(status: number, thrown: unknown, words: string, sent: Headers): unknown {
  if (thrown instanceof Error && !('status_code' in thrown)) return thrown;
  // Another request writes to the upload.
  if (LOCKED.test(words)) return new AppError('UPLOAD_LOCKED', { retry_after_seconds: 1 });
  const code = BY_STATUS[status];
  if (code) return new AppError(code);
  if (status >= 500 && status !== 501) return new AppError('INTERNAL_ERROR', { cause: thrown ?? new Error(words) });
  if (COMPLETED.test(words)) return AppError.field('id', 'names an upload that is a file by now: delete the file');
  const not_offered = NOT_OFFERED.find((name) => sent.has(name));
  if (not_offered !== undefined) return AppError.field(not_offered, 'is not taken: say Upload-Length, and send the file in one upload');
  // The library refuses a length that comes late, by the name of what it would need.
  const header = status === 501 ? 'upload-length' : (HEADER.exec(words)?.[1]?.toLowerCase() ?? 'upload-length');
  if (header === 'tus-resumable') return new AppError('TUS_VERSION');
  if (header === 'content-type') {
    return new AppError('UNSUPPORTED_MEDIA_TYPE', { message: 'Content-Type must be application/offset+octet-stream' });
  }
  return AppError.field(header, status === 501 ? 'is taken with the first request alone' : 'is missing or not valid');
}
