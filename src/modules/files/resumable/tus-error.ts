import { ERRORS } from '@tus/server';

/** One of the protocol library's own errors, as an error. */
export class TusError extends Error {
  readonly status_code: number;
  readonly body: string;

  constructor(name: 'FILE_NOT_FOUND' | 'INVALID_OFFSET' | 'ABORTED') {
    const { status_code, body } = ERRORS[name];
    super(body);
    this.name = 'TusError';
    this.status_code = status_code;
    this.body = body;
  }
}
