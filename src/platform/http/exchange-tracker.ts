import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { KaiwaRequest, KaiwaResponse } from './exchange.js';

/** Told once of each exchange that is over, also where the client went away: then `response.writableFinished` is false, and its status is none where `response.headersSent` is. */
export interface ExchangeObserver {
  /** `route` is the path as it was declared, undefined where none was found; for a metric's label. */
  finished(request: KaiwaRequest, response: KaiwaResponse, route: string | undefined, duration_ms: number): void;
}

/**
 * Counts the exchanges that are open, tells the observers when one is over, and lets a server come to rest.
 * A response that waits behind another on its connection hears nothing when the connection closes, so connections are
 * watched besides.
 */
export class ExchangeTracker {
  private readonly open = new WeakMap<Socket, Set<KaiwaResponse>>();
  private readonly observers: ExchangeObserver[] = [];
  private readonly waiting = new Set<() => void>();
  private server: Server | null = null;
  private count = 0;
  /** True once the server takes its leave: answers close their connections. */
  closing = false;
  private draining = false;

  /** Exchanges that are open. */
  get in_flight(): number {
    return this.count;
  }

  observe(observer: ExchangeObserver): void {
    this.observers.push(observer);
  }

  watch(server: Server): void {
    this.server = server;
  }

  begin(request: KaiwaRequest, response: KaiwaResponse): void {
    this.count += 1;
    const { socket } = request;
    let open = this.open.get(socket);
    if (open === undefined) {
      open = new Set();
      this.open.set(socket, open);
      socket.once('close', this.onSocketClose);
    }
    open.add(response);
    response.once('close', this.onResponseClose);
    if (this.closing) response.shouldKeepAlive = false;
  }

  /** From now on answers close their connections. Idle ones stay open: a client may be about to send by one. */
  beginShutdown(): void {
    this.closing = true;
  }

  /**
   * Takes no new connections and closes idle ones from now on: whoever comes is refused at once, and not cut off later. True once nothing is
   * in flight; false where `timeout_ms` pass before.
   */
  drained(timeout_ms: number): Promise<boolean> {
    this.draining = true;
    this.server?.close();
    this.server?.closeIdleConnections();
    if (this.count === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve(this.count === 0);
      };
      const timer = setTimeout(done, timeout_ms);
      this.waiting.add(done);
    });
  }

  private readonly onResponseClose = this.responseCloser();

  /** One listener for all responses; node calls it with the response as `this`. */
  private responseCloser(): (this: KaiwaResponse) => void {
    const settle = (response: KaiwaResponse): void => this.settle(response);
    return function () {
      settle(this);
    };
  }

  private readonly onSocketClose = this.socketCloser();

  private socketCloser(): (this: Socket) => void {
    const { open } = this;
    const settle = (response: KaiwaResponse): void => this.settle(response);
    return function () {
      for (const response of open.get(this) ?? []) settle(response);
    };
  }

  private settle(response: KaiwaResponse): void {
    if (response.settled) return;
    response.settled = true;
    this.count -= 1;
    const request = response.req;
    this.open.get(request.socket)?.delete(response);
    const duration_ms = performance.now() - request.started_ms;
    for (const observer of this.observers) observer.finished(request, response, request.route?.path, duration_ms);
    if (this.draining) this.server?.closeIdleConnections();
    if (this.count === 0) for (const done of [...this.waiting]) done();
  }
}
