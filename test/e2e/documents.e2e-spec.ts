import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from '../support/server.js';

interface Bytes {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const DOCUMENTS = ['/openapi.json', '/asyncapi.json'];
const TEXTS = [...DOCUMENTS, '/docs', '/docs/assets/start.js', '/docs/assets/swagger-ui-bundle.js', '/docs/assets/swagger-ui.css'];

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

/** `fetch` unpacks by itself. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(new URL(path, server.url), { method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }));
    });
    sent.on('error', reject).end();
  });
}

describe.each(TEXTS)('%s', (path) => {
  it('is the same in every coding, and smaller where it is packed', async () => {
    const plain = await get(path);
    expect([plain.status, plain.headers['content-encoding']]).toEqual([200, undefined]);
    const [gz, br] = [await get(path, { 'accept-encoding': 'gzip, deflate' }), await get(path, { 'accept-encoding': 'gzip, deflate, br' })];
    expect([gz.headers['content-encoding'], br.headers['content-encoding']]).toEqual(['gzip', 'br']);
    expect(gunzipSync(gz.body).equals(plain.body)).toBe(true);
    expect(brotliDecompressSync(br.body).equals(plain.body)).toBe(true);
    expect(gz.body.length).toBeLessThan(plain.body.length);
    for (const answer of [plain, gz, br]) {
      expect(answer.headers['content-type']).toBe(plain.headers['content-type']);
      expect(answer.headers['content-length']).toBe(String(answer.body.length));
      expect(answer.headers.vary).toMatch(/Accept-Encoding/);
    }
    expect(new Set([plain, gz, br].map(({ headers }) => headers.etag)).size).toBe(3);
  });

  it.each(['identity', 'br;q=0, gzip;q=0', 'zstd'])('is not packed for who takes %s', async (codings) => {
    expect((await get(path, { 'accept-encoding': codings })).headers['content-encoding']).toBeUndefined();
  });

  it('is not sent again to who has it', async () => {
    for (const codings of ['br', 'identity']) {
      const headers = { 'accept-encoding': codings };
      const { etag = '' } = (await get(path, headers)).headers;
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await get(path, { ...headers, 'if-none-match': known });
        expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, etag]);
      }
      expect((await get(path, { ...headers, 'if-none-match': '"other"' })).status).toBe(200);
    }
  });

  it('answers HEAD with the same headers', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const [whole, head] = [await get(path, headers), await get(path, headers, 'HEAD')];
    expect([head.status, head.body.length]).toEqual([200, 0]);
    for (const name of ['etag', 'content-length', 'content-encoding']) expect(head.headers[name]).toBe(whole.headers[name]);
  });
});

it('the documents are found anew after a release: clients keep them, and ask each time', async () => {
  for (const path of DOCUMENTS) expect((await get(path)).headers['cache-control']).toBe('no-cache');
});

it('an image is sent as it is, and an unknown file is none', async () => {
  const image = await get('/docs/assets/favicon-32x32.png', { 'accept-encoding': 'gzip, br' });
  expect([image.status, image.headers['content-type'], image.headers['content-encoding']]).toEqual([200, 'image/png', undefined]);
  expect(image.body.subarray(1, 4).toString()).toBe('PNG');
  for (const file of ['nothing.js', 'package.json', '__proto__']) expect((await get(`/docs/assets/${file}`)).status).toBe(404);
});
