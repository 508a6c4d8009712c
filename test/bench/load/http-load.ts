import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/* A load of requests over kept connections, each with one request in flight. It reads of an answer no more than where it ends, so that
   the machine's time goes to the server. Run as a process of its own: prints one JSON line. */

export interface HttpLoad {
  host: string;
  port: number;
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Sent as it is; `{n}` becomes a running number. */
  body?: string;
  connections: number;
  seconds: number;
}

export interface HttpLoadResult {
  requests: number;
  failed: number;
  seconds: number;
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const load = JSON.parse((await lines.next()).value as string) as HttpLoad;
const headerLines = Object.entries({ host: `${load.host}:${load.port}`, ...load.headers })
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');
const head = `${load.method} ${load.path} HTTP/1.1\r\n${headerLines}`;
const plain = Buffer.from(`${head}\r\n`);

let requests = 0;
let failed = 0;
let running = true;
let number = 0;

function message(): Buffer {
  if (load.body === undefined) return plain;
  const body = load.body.replace('{n}', String(number++));
  return Buffer.from(`${head}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(load.port, load.host, () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

function drive(socket: Socket): void {
  let left = -1;
  let pending: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    if (left < 0) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const end = pending.indexOf('\r\n\r\n');
      if (end < 0) return;
      const header = pending.toString('latin1', 0, end);
      if (!/^HTTP\/1\.1 (20[01]|304)/.test(header)) failed++;
      left = Number(/content-length: (\d+)/i.exec(header)?.[1] ?? 0) - (pending.length - end - 4);
      pending = Buffer.alloc(0);
    } else {
      left -= chunk.length;
    }
    if (left > 0) return;
    left = -1;
    requests++;
    if (running) socket.write(message());
  });
}

const sockets = await Promise.all(Array.from({ length: load.connections }, open));
for (const socket of sockets) drive(socket);
const started = performance.now();
for (const socket of sockets) socket.write(message());
await new Promise((resolve) => setTimeout(resolve, load.seconds * 1000));
running = false;
const seconds = (performance.now() - started) / 1000;
process.stdout.write(`${JSON.stringify({ requests, failed, seconds } satisfies HttpLoadResult)}\n`);
process.exit(0);
