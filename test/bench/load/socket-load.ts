import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

/* Socket.IO clients at the level of frames: it speaks the handshake and counts what comes, so that the machine's time goes to the server.
   Run as a process of its own; prints one JSON line. */

export interface SocketLoad {
  url: string;
  /** One socket each; a socket is in the room that its token names. */
  tokens: string[];
  /** How many of the sockets send, the first ones. */
  senders: number;
  /** Messages that a sender has in flight. */
  in_flight: number;
  /** A sender's rooms, one each; the token's where there is none. */
  rooms?: string[];
  content: string;
  seconds: number;
}

export interface SocketLoadResult {
  sent: number;
  failed: number;
  delivered: number;
  seconds: number;
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const load = JSON.parse((await lines.next()).value as string) as SocketLoad;
const QUIET_MS = 400;
let sent = 0;
let failed = 0;
let delivered = 0;
let running = false;
let lastHeard = 0;

class Client {
  private ackId = 0;
  private readonly socket: WebSocket;
  private readonly room: string | undefined;
  readonly ready: Promise<void>;

  constructor(token: string, room: string | undefined) {
    this.room = room;
    this.socket = new WebSocket(`${load.url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
    this.ready = new Promise((resolve, reject) => {
      this.socket.on('error', reject);
      this.socket.on('message', (data: Buffer) => this.hear(data, token, resolve, reject));
    });
  }

  send(): void {
    const id = this.ackId++;
    const room = this.room === undefined ? '' : `"room_id":"${this.room}",`;
    this.socket.send(`42${id}["sendMessage",{${room}"content":"${load.content} ${id}"}]`);
  }

  /** Counts what matters and answers what the protocol wants answered. */
  private hear(data: Buffer, token: string, ready: () => void, refused: (error: Error) => void): void {
    lastHeard = performance.now();
    const kind = data[0];
    if (kind === 0x34) {
      const packet = data[1];
      if (packet === 0x32) {
        // Of the events, only new messages count.
        if (data.length > 12 && data.toString('latin1', 2, 12) === '["message"') delivered++;
      } else if (packet === 0x33) {
        sent++;
        if (data.indexOf('"ok":true') < 0) failed++;
        if (running) this.send();
      } else if (packet === 0x30) ready();
      else if (packet === 0x34) refused(new Error(data.toString()));
    } else if (kind === 0x32) this.socket.send('3');
    else if (kind === 0x30) this.socket.send(`40${JSON.stringify({ token })}`);
  }
}

const clients: Client[] = [];
for (let at = 0; at < load.tokens.length; at += 20) {
  const some = load.tokens.slice(at, at + 20).map((token, index) => new Client(token, load.rooms?.[at + index]));
  await Promise.all(some.map((client) => client.ready));
  clients.push(...some);
}
// Who came in is told to everybody; the load begins once that is over.
while (performance.now() - lastHeard < QUIET_MS) await new Promise((resolve) => setTimeout(resolve, QUIET_MS / 4));
process.stdout.write('{"ready":true}\n');
await lines.next();
running = true;
const started = performance.now();
sent = 0;
delivered = 0;
for (const client of clients.slice(0, load.senders)) for (let count = 0; count < load.in_flight; count++) client.send();
await new Promise((resolve) => setTimeout(resolve, load.seconds * 1000));
running = false;
const seconds = (performance.now() - started) / 1000;
process.stdout.write(`${JSON.stringify({ sent, failed, delivered, seconds } satisfies SocketLoadResult)}\n`);
process.exit(0);
