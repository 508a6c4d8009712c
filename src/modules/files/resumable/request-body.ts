import type { KaiwaRequest } from '../../../platform/http/index.js';

const READ_AHEAD_BYTES = 256 * 1024;

/** A request's body as the web's stream, which the protocol's library reads. */
export interface RequestBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** Lets go of the request, which others may then read or let run out. */
  release(): void;
  /** Lets go of the request, and has the stream's reader fail. */
  fail(error: Error): void;
}

/** Node's own adapter would destroy the request, and with it the answer, wherever the reader stops early. */
export function requestBody(request: KaiwaRequest): RequestBody {
  let release = (): void => undefined;
  let fail: (error: Error) => void = () => undefined;
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const onData = (chunk: Buffer): void => {
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) request.pause();
        };
        const onEnd = (): void => {
          release();
          controller.close();
        };
        const onClose = (): void => {
          release();
          if (!request.complete) controller.error(new Error('The client went away'));
        };
        release = () => {
          request.off('data', onData);
          request.off('end', onEnd);
          request.off('close', onClose);
        };
        fail = (error) => {
          release();
          controller.error(error);
        };
        request.on('data', onData);
        request.once('end', onEnd);
        request.once('close', onClose);
        request.pause();
      },
      pull() {
        request.resume();
      },
      cancel() {
        release();
      },
    },
    { highWaterMark: READ_AHEAD_BYTES, size: (chunk) => chunk.byteLength },
  );
  return { stream, release: () => release(), fail: (error) => fail(error) };
}
