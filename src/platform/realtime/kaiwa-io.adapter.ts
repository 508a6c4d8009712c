import type { IncomingMessage } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import type { WsMessageHandler } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { ServerOptions } from 'socket.io';
import { namesOneHost } from '../http/index.js';
import { type SocketEventHandler, socketEventHandlers } from './socket-event.decorator.js';
import { AckThen, type KaiwaServer, type KaiwaSocket } from './socket-types.js';
import { writeOncePerTurn } from './turn-transport.js';

/** The largest frame that a client may send (contract, section 3). */
export const MAX_FRAME_BYTES = 64 * 1024;

/** Where sockets come in (contract, section 3). */
export const SOCKET_PATH = '/socket.io';

export interface KaiwaIoOptions {
  /** Whether a page of this origin may connect. */
  readonly isOriginAllowed: (origin: string) => boolean;
  /** What carries events to other nodes; undefined for one node alone. */
  readonly createClusterAdapter: ServerOptions['adapter'] | undefined;
}

type AckFunction = (answer: unknown) => void;

/**
 * Nest's Socket.IO adapter with our limits, and without what stock Nest builds around each message: a handler here is a promise, and its ack
 * is sent in the turn in which it settles.
 */
export class KaiwaIoAdapter extends IoAdapter {
  /** The events that some gateway takes from a socket. */
  private readonly known = new WeakMap<KaiwaSocket, Set<string>>();
  private events: ReadonlyMap<string, SocketEventHandler> = new Map();

  constructor(
    private readonly app: INestApplicationContext,
    private readonly options: KaiwaIoOptions,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions): KaiwaServer {
    this.events = this.findEvents();
    const server = super.createIOServer(port, {
      ...options,
      path: SOCKET_PATH,
      maxHttpBufferSize: MAX_FRAME_BYTES,
      pingInterval: 20_000,
      pingTimeout: 15_000,
      connectTimeout: 10_000,
      perMessageDeflate: false,
      ...(this.options.createClusterAdapter ? { adapter: this.options.createClusterAdapter } : {}),
      cors: {
        credentials: true,
        origin: (origin: string | undefined, done: (error: Error | null, allowed?: boolean) => void) =>
          done(null, origin !== undefined && this.options.isOriginAllowed(origin)),
      },
    } as ServerOptions) as KaiwaServer;
    writeOncePerTurn(server);
    // These requests never come to the front, which refuses the others.
    server.engine.use((request: IncomingMessage, _response: unknown, next: (error?: Error) => void) =>
      next(namesOneHost(request) ? undefined : new Error('Not one Host header')),
    );
    return server;
  }

  override bindMessageHandlers(socket: KaiwaSocket, handlers: WsMessageHandler[]): void {
    const answered = this.known.get(socket);
    const known = answered ?? new Set<string>();
    for (const { message } of handlers) {
      const event = String(message);
      const handler = this.events.get(event);
      if (!handler) throw new Error(`${event}: events are declared by @SocketEvent`);
      known.add(event);
      socket.on(event, (...args: unknown[]) => {
        const ack = takeAck(args);
        void handler(socket, args[0]).then((answer) => {
          if (!(answer instanceof AckThen)) return ack?.(answer);
          ack?.({ ok: true, ...answer.ack });
          answer.after();
        });
      });
    }
    // Each gateway binds its own; what none of them knows is refused once.
    if (answered) return;
    this.known.set(socket, known);
    // The protocol takes a number for a name too; what throws here would end the process.
    socket.onAny((event: string | number, ...args: unknown[]) => {
      if (typeof event === 'string' && known.has(event)) return;
      takeAck(args)?.({ ok: false, code: 'UNKNOWN_EVENT', message: `Unknown event ${JSON.stringify(String(event).slice(0, 64))}` });
    });
  }

  /** Every gateway is there before the server is made. */
  private findEvents(): Map<string, SocketEventHandler> {
    const found = new Map<string, SocketEventHandler>();
    for (const { providers } of this.app.get(ModulesContainer).values()) {
      for (const { instance, isNotMetatype } of providers.values()) {
        if (!isNotMetatype && instance) for (const [name, handler] of socketEventHandlers(instance)) found.set(name, handler);
      }
    }
    return found;
  }
}

/** Removes the acknowledgement function from the end of an event's arguments. */
function takeAck(args: unknown[]): AckFunction | null {
  return typeof args.at(-1) === 'function' ? (args.pop() as AckFunction) : null;
}
