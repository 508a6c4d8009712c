import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo, Socket as Connection } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Server, type Socket } from 'socket.io';
import { io as connect, type Socket as Client } from 'socket.io-client';
import { writeOncePerTurn } from './turn-transport.js';

let http: HttpServer;
let server: Server;
let url: string;
const clients: Client[] = [];
const connections = new Set<Connection>();

beforeEach(async () => {
  http = createServer();
  http.on('connection', (connection: Connection) => connections.add(connection));
  server = new Server(http, { perMessageDeflate: false });
  writeOncePerTurn(server);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  connections.clear();
  await server.close();
});

/** A client and its socket on the server. */
async function join(transports: string[]): Promise<[Client, Socket]> {
  const client = connect(url, { transports, reconnection: false, forceNew: true });
  clients.push(client);
  const [[socket]] = (await Promise.all([once(server, 'connection'), new Promise<void>((done) => client.once('connect', done))])) as [
    [Socket],
    void,
  ];
  return [client, socket];
}

/** Everything of one event that a client hears, once there are `count`. */
function hear(client: Client, event: string, count: number): Promise<unknown[]> {
  const heard: unknown[] = [];
  return new Promise((resolve) => {
    client.on(event, (value: unknown) => {
      heard.push(value);
      if (heard.length === count) resolve(heard);
    });
  });
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('writeOncePerTurn', () => {
  it('has what one turn sends leave in one write, in order', async () => {
    const [client, socket] = await join(['websocket']);
    const [connection] = [...connections] as [Connection];
    let writes = 0;
    const count = (name: '_write' | '_writev'): void => {
      const stock = connection[name]?.bind(connection) as (...args: unknown[]) => void;
      Object.assign(connection, { [name]: (...args: unknown[]) => (writes++, stock(...args)) });
    };
    count('_write');
    count('_writev');
    const heard = hear(client, 'n', 20);
    for (const n of range(10)) socket.emit('n', n);
    await Promise.resolve();
    for (const n of range(10)) server.emit('n', 10 + n);
    expect(await heard).toEqual(range(20));
    expect(writes).toBe(1);
  });

  it('goes on after the first write: turn after turn, large and small', async () => {
    const [client, socket] = await join(['websocket']);
    const sizes = [1, 200_000, 3, 70_000, 2];
    const heard = hear(client, 'text', 50);
    for (const _ of range(5)) {
      for (const size of sizes) {
        socket.emit('text', 'x'.repeat(size));
        socket.emit('text', 'y'.repeat(size));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await heard).map((text) => (text as string).length)).toEqual(range(5).flatMap(() => sizes.flatMap((size) => [size, size])));
  });

  it('loses nothing while a connection moves from polling to a WebSocket', async () => {
    const [client, socket] = await join(['polling', 'websocket']);
    const heard = hear(client, 'n', 200);
    for (const n of range(200)) {
      socket.emit('n', n);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await heard).toEqual(range(200));
    if (client.io.engine.transport.name !== 'websocket') await once(client.io.engine as never, 'upgrade');
    const after = hear(client, 'after', 3);
    for (const n of range(3)) socket.emit('after', n);
    expect(await after).toEqual(range(3));
  });

  it.each(['at once', 'after its turn'])('tells a socket that is sent away, %s, what came before', async (when) => {
    const [client, socket] = await join(['websocket']);
    const heard = hear(client, 'reason', 2);
    const gone = new Promise<string>((resolve) => client.once('disconnect', resolve));
    socket.emit('reason', 'first');
    socket.emit('reason', 'second');
    if (when === 'after its turn') await new Promise((resolve) => setImmediate(resolve));
    socket.disconnect(true);
    expect(await heard).toEqual(['first', 'second']);
    expect(await gone).toBe('io server disconnect');
  });

  it('survives a connection that goes while it is written to', async () => {
    const [, socket] = await join(['websocket']);
    const [connection] = [...connections] as [Connection];
    const gone = once(socket, 'disconnect');
    for (const n of range(5)) socket.emit('n', n);
    connection.destroy();
    for (const n of range(5)) socket.emit('n', n);
    await gone;
    const [client, second] = await join(['websocket']);
    const heard = hear(client, 'n', 1);
    second.emit('n', 1);
    expect(await heard).toEqual([1]);
  });
});
