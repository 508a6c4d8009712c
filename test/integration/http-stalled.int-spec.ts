import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sendFile } from '../../src/modules/files/file-reply.js';
import { receiveForm } from '../../src/modules/files/multipart.js';
import type { AppError } from '../../src/platform/errors/index.js';
import { type KaiwaRequest, type KaiwaResponse, readStreamed } from '../../src/platform/http/index.js';
import { eventually } from '../support/client.js';
import { Probe } from './http-adapter.fixture.js';

/* Clients that stop in the middle of a body, or of an answer. */

const PATIENCE_MS = 8_000;

describe('a body that stalls', () => {
  const probe = new Probe({ request_timeout_ms: 300 });

  beforeAll(() => probe.start());
  afterAll(() => probe.stop());

  it('is refused in the words of the table, and its connection closed', async () => {
    const head = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    for (const stalled of [`${head}Content-Length: 500\r\n\r\n{"a"`, `${head}Transfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n`]) {
      const heard = await probe.talk(stalled, PATIENCE_MS);
      expect(heard).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
      expect(heard.toLowerCase()).toContain('connection: close');
      expect(JSON.parse(heard.split('\r\n\r\n')[1] ?? '')).toMatchObject({ statusCode: 408, code: 'REQUEST_TIMEOUT' });
      expect(heard.match(/HTTP\/1\.1/g)).toHaveLength(1);
    }
    expect(probe.finished.map(({ status }) => status)).toEqual([408, 408]);
    expect(probe.faults).toEqual([]);
  });

  it('is none that comes in time', async () => {
    expect(await probe.post('/echo', { a: 1 })).toMatchObject({ status: 201, json: { body: { a: 1 } } });
  });
});

describe('a streamed body that stalls', () => {
  it('is refused after some silence, and is none where it only takes its time', async () => {
    const read: unknown[] = [];
    const server = createServer((request, response) => {
      readStreamed(request as KaiwaRequest, 1_000, 1_500).then(
        () => {
          read.push(String((request as KaiwaRequest).body));
          response.writeHead(200, { Connection: 'close' }).end();
        },
        (error: unknown) => {
          read.push((error as AppError).code);
          response.writeHead((error as AppError).status, (error as AppError).headers).end();
        },
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const talk = async (parts: readonly string[]): Promise<void> => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n');
      for (const part of parts) {
        await pause(500);
        socket.write(part);
      }
      await once(socket, 'close');
    };
    await talk(['a', 'b', 'c', 'd']);
    await talk(['a', 'b']);
    server.close();
    expect(read).toEqual(['abcd', 'REQUEST_TIMEOUT']);
  });
});

describe('a form that stalls', () => {
  let server: Server;
  const refusals: unknown[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const drain = async (source: AsyncIterable<Buffer>): Promise<void> => {
        for await (const chunk of source) expect(chunk.length).toBeGreaterThan(0);
      };
      receiveForm(request as KaiwaRequest, [], drain, 200).catch((error: unknown) => {
        refusals.push(error);
        response.writeHead((error as AppError).status, (error as AppError).headers).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server.close());

  it('is refused, and whoever reads the file hears of it', async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString()));
    socket.write(
      'POST /files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 50000\r\n\r\n' +
        '--x\r\nContent-Disposition: form-data; name="file"; filename="t.bin"\r\n\r\nabc',
    );
    await once(socket, 'close');
    expect(heard).toMatch(/^HTTP\/1\.1 408 /);
    expect(refusals).toMatchObject([{ code: 'REQUEST_TIMEOUT' }]);
  });
});

describe('a download that stalls', () => {
  let server: Server;
  const sent: Array<{ whole: boolean; closed: boolean }> = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const bytes = Readable.from(Array.from({ length: 2_000 }, () => Buffer.alloc(10_000)));
      const file = { name: 'a', content_type: 'x/y', size: 20_000_000, tag: 'x', modified_at: new Date(0), open: async () => bytes };
      void sendFile(request as KaiwaRequest, response as KaiwaResponse, file, 1_000).then(() =>
        sent.push({ whole: response.writableFinished, closed: bytes.destroyed }),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server.close());

  it('is let go after some silence, and none is that only takes its time', async () => {
    const talk = (): Socket => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      return socket;
    };
    const slow = talk();
    for (const until = performance.now() + 2_500; performance.now() < until; await pause(100)) slow.read();
    slow.resume();
    await once(slow, 'close');
    expect(sent).toEqual([{ whole: true, closed: true }]);
    const stalled = talk();
    try {
      await eventually(
        () => Promise.resolve(sent.length),
        (count) => count === 2,
      );
      expect(sent[1]).toEqual({ whole: false, closed: true });
    } finally {
      stalled.destroy();
    }
  });
});
