import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { acceptsEvents, EventStream, type KaiwaResponse } from '../../src/platform/http/index.js';
import { eventually } from '../support/client.js';

let server: Server | null = null;
let client: Socket | null = null;

afterEach(async () => {
  client?.destroy();
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  server = null;
});

/** An answer that is open, and the client that asked for it. */
async function open(
  heartbeat_ms?: number,
): Promise<{ events: EventStream; response: ServerResponse; client: Socket; heard: () => string }> {
  const asked = new Promise<ServerResponse>((resolve) => {
    server = createServer((_request, response) => resolve(response));
  });
  server?.listen(0, '127.0.0.1');
  await once(server!, 'listening');
  client = connect((server?.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  client.on('data', (chunk) => (text += chunk.toString('utf8')));
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const response = await asked;
  const events = new EventStream(response as unknown as KaiwaResponse, heartbeat_ms);
  return { events, response, client, heard: () => text };
}

describe('an answer as events', () => {
  it('has its head at once, and each event as it is sent', async () => {
    const { events, heard } = await open();
    await eventually(
      async () => heard(),
      (text) => text.includes('\r\n\r\n'),
    );
    expect(heard()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(heard()).toContain('Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n');
    await events.send('delta', { text: '二行\nです' });
    await eventually(
      async () => heard(),
      (text) => text.includes('event: delta\ndata: {"text":"二行\\nです"}\n\n'),
    );
    events.end();
    await eventually(
      async () => heard(),
      (text) => text.endsWith('\r\n0\r\n\r\n'),
    );
    expect(events.signal.aborted).toBe(false);
  });

  it('says that it lives while nothing happens', async () => {
    const { heard } = await open(10);
    await eventually(
      async () => heard(),
      (text) => text.includes(': alive\n\n'),
    );
  });

  it('knows that its client has gone, and sends nothing more', async () => {
    const { events, client: leaving, response } = await open();
    leaving.destroy();
    await eventually(
      async () => events.signal.aborted,
      (aborted) => aborted,
    );
    expect(events.send('delta', {})).toBeUndefined();
    events.end();
    expect(response.writableFinished).toBe(false);
  });

  it('waits for a client that reads slowly, and for one that goes meanwhile', async () => {
    const { events, client: slow } = await open();
    const large = { text: 'x'.repeat(1_000_000) };
    /** Sends until the client's buffers are full, and answers the promise that is not kept. */
    const fill = async (): Promise<{ kept: Promise<string> }> => {
      slow.pause();
      for (let sent = 0; sent < 100; sent++) {
        const kept = Promise.resolve(events.send('delta', large)).then(() => 'kept');
        const first = await Promise.race([kept, new Promise<string>((resolve) => setTimeout(resolve, 100, 'waiting'))]);
        if (first === 'waiting') return { kept };
      }
      throw new Error('It never waited');
    };
    const read = await fill();
    slow.resume();
    expect(await read.kept).toBe('kept');

    const left = await fill();
    slow.destroy();
    expect(await left.kept).toBe('kept');
    expect(events.signal.aborted).toBe(true);
  });
});

describe('a client that never reads the end', () => {
  it('is cut off', async () => {
    const { events, client: slow, response } = await open();
    slow.pause();
    for (let sent = 0; sent < 50; sent++) void events.send('delta', { text: 'x'.repeat(1_000_000) });
    events.end(50);
    await eventually(
      async () => response.destroyed,
      (destroyed) => destroyed,
    );
    expect(response.writableFinished).toBe(false);
  });
});

describe('what asks for events', () => {
  it.each([
    ['text/event-stream', true],
    ['application/json, text/event-stream', true],
    ['text/event-stream;q=0.5', true],
    ['TEXT/EVENT-STREAM', true],
    ['text/event-stream;q=0', false],
    ['application/json', false],
    ['*/*', false],
    ['text/event-streams', false],
    ['', false],
    [undefined, false],
  ])('%p: %p', (accept, is_wanted) => expect(acceptsEvents(accept)).toBe(is_wanted));
});
