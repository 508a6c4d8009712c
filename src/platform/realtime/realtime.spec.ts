import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { Server, type Socket } from 'socket.io';
import { io as connect, type Socket as Client } from 'socket.io-client';
import { Realtime } from './realtime.js';
import { writeOncePerTurn } from './turn-transport.js';

/** The client's WebSocket, which is the one of `ws`. */
interface RawSocket {
  pause(): void;
  terminate(): void;
}

const MESSAGES = 20_000;

it('drops who answers pings and does not read, and nobody else', async () => {
  const http = createServer();
  const server = new Server(http, { perMessageDeflate: false });
  writeOncePerTurn(server);
  new Realtime().attach(server, false);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const join = async (): Promise<[Client, Socket]> => {
    const client = connect(url, { transports: ['websocket'], reconnection: false, forceNew: true });
    const [socket] = (await once(server, 'connection')) as [Socket];
    await socket.join('hall');
    return [client, socket];
  };
  const [reader] = await join();
  const [sleeper, asleep] = await join();
  let ws: RawSocket | undefined;
  try {
    ({ ws } = sleeper.io.engine.transport as unknown as { ws: RawSocket });
    ws.pause();
    const dropped = once(asleep, 'disconnect');
    let heard = 0;
    const all = new Promise<void>((resolve) => reader.on('text', () => ++heard === MESSAGES && resolve()));
    for (let sent = 0; sent < MESSAGES; sent++) {
      server.to('hall').emit('text', 'x'.repeat(1_000));
      if (sent % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await all;
    await dropped;
    expect(reader.connected).toBe(true);
  } finally {
    reader.close();
    ws?.terminate();
    await server.close();
  }
});
