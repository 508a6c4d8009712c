import type { Duplex } from 'node:stream';
import { transports } from 'engine.io';
import type { KaiwaServer } from './socket-types.js';

type Request = ConstructorParameters<typeof transports.websocket>[0];
type Packets = Parameters<InstanceType<typeof transports.websocket>['send']>[0];
type Transport = InstanceType<typeof transports.websocket>;

/** What engine.io keeps to itself: the WebSocket, and under it the connection. */
interface Internals {
  readonly socket: { readonly readyState: number; readonly _socket: Duplex | null; terminate(): void };
}

const OPEN = 1;

let waiting: TurnTransport[] = [];

function flushAll(): void {
  const due = waiting;
  waiting = [];
  for (const transport of due) transport.flush();
}

/**
 * A WebSocket that writes once for all that one turn of the event loop sends to it. Stock engine.io makes a system call for each packet, and
 * system calls are most of what a delivery costs: of the messages of a batch, and their acknowledgements, each socket gets all at once.
 * The order stays, and nothing waits for longer than the turn.
 */
export class TurnTransport extends transports.websocket {
  private packets: Packets = [];
  private gathering = false;
  private scheduled = false;
  private closing: (() => void) | null = null;

  /** Keeps the packets until the turn ends. Until they are written, engine.io keeps what comes after them. */
  override send(packets: Packets): void {
    this.writable = false;
    if (this.packets.length === 0) this.packets = packets;
    else this.packets.push(...packets);
    if (this.gathering || this.scheduled) return;
    this.scheduled = true;
    if (waiting.push(this) === 1) setImmediate(flushAll);
  }

  /** Writes what is kept, and what engine.io has kept since. */
  flush(): void {
    this.scheduled = false;
    if (this.packets.length === 0) return;
    const { socket } = this as unknown as Internals;
    this.gather();
    const { packets } = this;
    this.packets = [];
    const connection = socket.readyState === OPEN ? socket._socket : null;
    if (connection) {
      connection.cork();
      super.send(packets);
      connection.uncork();
    }
    if (this.closing) super.doClose(this.closing);
  }

  /** Ends the connection at once, with what waits for it. */
  drop(): void {
    (this as unknown as Internals).socket.terminate();
  }

  /** Closes after what was sent before: somebody who is sent away is told why. */
  override doClose(done?: () => void): void {
    if (this.gathering) {
      this.closing = done ?? (() => undefined);
      return;
    }
    this.flush();
    super.doClose(done);
  }

  /** Takes what engine.io holds back while a write is under way. */
  private gather(): void {
    this.gathering = true;
    const before = this.packets.length;
    this.writable = true;
    this.emit('ready');
    this.writable = false;
    this.gathering = false;
    // Each of engine.io's two flushes waits for a drain of its own; the second one comes with the write.
    if (this.packets.length > before) this.emit('drain');
  }
}

/** Has the server's WebSockets write once in each turn. Called before it listens. */
export function writeOncePerTurn(server: KaiwaServer): void {
  const engine = server.engine as unknown as { createTransport(name: string, request: Request): Transport };
  const stock = engine.createTransport.bind(engine);
  engine.createTransport = (name, request) => (name === 'websocket' ? new TurnTransport(request) : stock(name, request));
}
