import type { KaiwaResponse } from './exchange.js';

/** How often a quiet stream says that it lives, so that no proxy takes it for dead. */
const HEARTBEAT_MS = 10_000;
/** How long a client may take to read the last of it. */
const LINGER_MS = 30_000;

/**
 * An answer as server-sent events (HTML Living Standard, section 9.2). Each event's data is one line of JSON. A client that reads slowly is
 * waited for: {@link send} answers a promise where its buffer is full.
 */
export class EventStream {
  private readonly gone = new AbortController();
  private readonly heartbeat: NodeJS.Timeout;
  private draining: Promise<void> | null = null;

  /** Sends the head; from here on errors can only be events. */
  constructor(
    private readonly response: KaiwaResponse,
    heartbeat_ms = HEARTBEAT_MS,
  ) {
    response.once('close', () => {
      clearInterval(this.heartbeat);
      if (!response.writableFinished) this.gone.abort();
    });
    this.heartbeat = setInterval(() => void response.write(': alive\n\n'), heartbeat_ms).unref();
    // An answer of a kind that was not asked for by name would be buffered by proxies.
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    response.flushHeaders();
    if (response.destroyed) this.gone.abort();
  }

  /** Aborted once the client has gone away before the end. */
  get signal(): AbortSignal {
    return this.gone.signal;
  }

  /** Sends an event; where the client's buffer is full, the promise is kept once it has read on or gone. */
  send(event: string, data: unknown): void | Promise<void> {
    if (this.response.writableEnded || this.response.destroyed) return;
    if (!this.response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) return this.drained();
  }

  /** Ends the answer; a client that does not read it to its end is cut off after a while. */
  end(linger_ms = LINGER_MS): void {
    const { response } = this;
    clearInterval(this.heartbeat);
    if (response.writableEnded) return;
    response.end();
    const linger = setTimeout(() => response.destroy(), linger_ms).unref();
    response.once('close', () => clearTimeout(linger));
  }

  /** However many wait, they wait for the same. */
  private drained(): Promise<void> {
    const { response } = this;
    return (this.draining ??= new Promise((resolve) => {
      const done = (): void => {
        response.off('drain', done);
        response.off('close', done);
        this.draining = null;
        resolve();
      };
      response.on('drain', done);
      response.on('close', done);
    }));
  }
}

/** True where a request asks for events by its `Accept`. */
export function acceptsEvents(accept: string | undefined): boolean {
  return accept !== undefined && /(^|[\s,])text\/event-stream\s*(;(?!\s*q=0(\.0*)?\s*(,|$))|,|$)/i.test(accept);
}
