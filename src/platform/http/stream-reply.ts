import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { KaiwaResponse } from './exchange.js';
import { countSpent } from './spent-buffers.js';

/** An answer whose body is passed on as it comes. */
export interface StreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: Readable;
}

/** How long a reader may take nothing before its connection is cut. */
const IDLE_MS = 60_000;

/**
 * Sends a stream as the whole answer, no faster than its reader takes it, so that it is never held in memory. A reader that goes away ends
 * the stream. Rejects where the stream itself breaks off: whoever answers errors then cuts the connection, as half an answer must not pass
 * for a whole one.
 */
export async function sendStream(response: KaiwaResponse, { status, headers, stream }: StreamAnswer): Promise<void> {
  if (response.destroyed) {
    stream.destroy();
    return;
  }
  let broken: unknown;
  stream.once('error', (error) => (broken = error));
  stream.on('data', (chunk: Buffer) => countSpent(chunk.length));
  response.writeHead(status, headers);
  const watching = cutIdle(response);
  try {
    await pipeline(stream, response);
  } catch (error) {
    if (broken !== undefined && !response.req.socket.destroyed) throw error;
  } finally {
    clearInterval(watching);
  }
}

/** Cuts the connection of a reader that takes nothing. The socket's own timeout is the server's, which keeps connections alive by it. */
function cutIdle(response: KaiwaResponse): NodeJS.Timeout {
  const { socket } = response.req;
  let written = -1;
  const timer = setInterval(() => {
    if (socket.bytesWritten === written) response.destroy();
    written = socket.bytesWritten;
  }, IDLE_MS);
  return timer.unref();
}
