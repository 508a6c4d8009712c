import { type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError, type ErrorCode, toErrorBody } from '../errors/index.js';
import { newId } from '../ids/index.js';

/** What Node's parser says of a request that it cannot read; anything else is no HTTP. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

interface Connection extends Duplex {
  /** The answer that is under way: nothing can be said in the midst of it. */
  readonly _httpMessage?: unknown;
}

/**
 * Answers what is no request that can be read (bytes in a URL that should have been percent-encoded, headers without end) in the same words as all
 * other errors, and closes the connection: where the next request would begin, nobody knows.
 */
export function answerBrokenRequests(server: Pick<Server, 'on'>): void {
  server.on('clientError', (failure: NodeJS.ErrnoException, socket: Connection) => {
    if (failure.code === 'ECONNRESET' || !socket.writable || socket._httpMessage) {
      socket.destroy();
      return;
    }
    const request_id = newId();
    const error = new AppError(CODES[failure.code ?? ''] ?? 'MALFORMED_REQUEST');
    const body = JSON.stringify(toErrorBody(error, request_id));
    socket.end(
      [
        `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
        'content-type: application/json; charset=utf-8',
        `content-length: ${Buffer.byteLength(body)}`,
        `x-request-id: ${request_id}`,
        'connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  });
}
