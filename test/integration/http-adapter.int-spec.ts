import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KaiwaExpressAdapter } from '../../src/platform/http/index.js';
import { Probe } from './http-adapter.fixture.js';

const probe = new Probe();

beforeAll(() => probe.start());
afterAll(() => probe.stop());
beforeEach(() => probe.forget());

describe('requests and responses behave as Express makes them', () => {
  it('has Express getters, cookies, locals and a query parsed once', async () => {
    const answer = await probe.call('/express?a=1&a=2&b=%E3%81%82', {
      headers: { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https', host: 'kaiwa.example.com:8080', 'user-agent': 'spec' },
    });
    expect(answer.status).toBe(202);
    expect(answer.headers['set-cookie']).toEqual(['token=abc; Path=/; HttpOnly; SameSite=Lax']);
    expect(answer.headers.etag).toBeUndefined();
    expect(answer.headers['x-powered-by']).toBeUndefined();
    expect(answer.json).toMatchObject({
      ip: '203.0.113.9',
      protocol: 'https',
      secure: true,
      hostname: 'kaiwa.example.com',
      path: '/express',
      original: '/express?a=1&a=2&b=%E3%81%82',
      base: '',
      query: { a: ['1', '2'], b: 'あ' },
      same_query: true,
      accepts: 'html',
      agent: 'spec',
      xhr: false,
      back: true,
      locals: 1,
      born: true,
    });
  });

  it('redirects, sends files with ranges, streams', async () => {
    const redirect = await probe.call('/redirect');
    expect([redirect.status, redirect.headers.location]).toEqual([303, '/plain']);
    expect((await probe.call('/file')).text).toBe('from a file');
    const part = await probe.call('/file', { headers: { range: 'bytes=5-5' } });
    expect([part.status, part.text, part.headers['content-range']]).toEqual([206, 'a', 'bytes 5-5/11']);
    expect((await probe.call('/stream')).text).toBe('one two three');
    expect((await probe.call('/missing-file')).json).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('asks what Express has mounted where no route matches', async () => {
    expect((await probe.call('/mounted/deep')).json).toEqual({ mounted: true });
    expect((await probe.call('/api/mounted')).json).toEqual({ mounted: true });
  });
});

describe('replies', () => {
  it('sends objects, written JSON, text and nothing', async () => {
    const plain = await probe.call('/plain');
    expect([plain.text, plain.headers['content-type'], plain.headers['content-length']]).toEqual([
      '{"ok":true}',
      'application/json; charset=utf-8',
      '11',
    ]);
    expect(plain.headers['x-content-type-options']).toBe('nosniff');
    expect((await probe.call('/raw')).text).toBe('[{"a":1}]');
    const text = await probe.call('/text');
    expect([text.text, text.headers['content-type']]).toEqual(['<a/>', 'text/xml; charset=utf-8']);
    const nothing = await probe.call('/nothing', { method: 'DELETE' });
    expect([nothing.status, nothing.text, nothing.headers['content-length']]).toEqual([204, '', undefined]);
  });

  it('waits for the reply hook, and sends the answer where the hook fails', async () => {
    expect((await probe.call('/hooked/good')).json).toEqual({ how: 'good' });
    expect((await probe.call('/hooked/bad')).json).toEqual({ how: 'bad' });
    expect((await probe.call('/hooked/error')).status).toBe(409);
    expect(probe.replies.map((reply) => reply.slice(0, 16))).toEqual(['200 {"how":"good', '200 {"how":"bad"', '409 {"statusCode']);
    expect(probe.faults.map((fault) => (fault.cause as Error).message)).toEqual(['hook']);
  });

  it('answers HEAD by GET, with its headers alone', async () => {
    const head = await probe.call('/plain', { method: 'HEAD' });
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '11']);
  });
});

describe('routing', () => {
  it('serves each route at both prefixes, and only one prefix', async () => {
    expect((await probe.call('/api/plain')).text).toBe('{"ok":true}');
    expect((await probe.call('/api/express?x=1')).json).toMatchObject({
      path: '/express',
      base: '/api',
      original: '/api/express?x=1',
      query: { x: '1' },
    });
    expect((await probe.call('/api/api/plain')).status).toBe(404);
    expect((await probe.call('/apiplain')).status).toBe(404);
    expect((await probe.call('/API/plain')).status).toBe(404);
  });

  it('passes over a trailing slash, minds case, prefers the fixed segment', async () => {
    expect((await probe.call('/plain/')).status).toBe(200);
    expect((await probe.call('/Plain')).status).toBe(404);
    expect((await probe.call('/names/export')).json).toEqual({ fixed: true });
    expect((await probe.call('/names/export', { method: 'PUT' })).json).toEqual({ put: 'export' });
  });

  it.each([
    ['a%2Fb', 'a/b'],
    ['%E9%96%8B%E5%BA%97', '開店'],
    ['50%25', '50%'],
    ['%252F', '%2F'],
    ['a%3Fb', 'a?b'],
    ['a+b', 'a+b'],
    ['...', '...'],
  ])('decodes %s once', async (path, name) => {
    expect((await probe.call(`/names/${path}`)).json).toEqual({ name });
  });

  it('takes names of 500 characters', async () => {
    const name = '問'.repeat(500);
    expect((await probe.call(`/names/${encodeURIComponent(name)}`)).json).toEqual({ name });
  });

  it.each(['.', '..', '%2e', '%2E%2e', 'a%00b'])('refuses the name %s', async (path) => {
    expect(await probe.call(`/names/${path}`)).toMatchObject({ status: 400, json: { code: 'INVALID_NAME' } });
  });

  it.each(['%', '%zz', '%E0%A4', 'a%C0%AF'])('refuses the malformed path %s', async (path) => {
    expect(await probe.call(`/names/${path}`)).toMatchObject({ status: 400, json: { code: 'INVALID_PATH' } });
  });

  it('gives wildcards as Express does: by segment', async () => {
    expect((await probe.call('/tree/a/b%20c/d')).json).toEqual({ path: ['a', 'b c', 'd'] });
    expect((await probe.call('/tree/a/../d')).json).toMatchObject({ code: 'INVALID_NAME' });
  });

  it('answers 404 for an unknown path and for an id that is none', async () => {
    expect(await probe.call('/nowhere')).toMatchObject({ status: 404, json: { statusCode: 404, error: 'Not Found', code: 'NOT_FOUND' } });
    expect((await probe.call('/ids/12')).json).toMatchObject({ code: 'ROOM_NOT_FOUND', message: 'Room not found' });
    expect((await probe.call('/ids/0199A6F0-5D5C-7C3A-9B1E-0F4D7C2A9E10')).json).toEqual({ id: '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10' });
  });

  it('answers 405 with Allow, and OPTIONS by itself', async () => {
    const wrong = await probe.call('/names/x', { method: 'DELETE' });
    expect([wrong.status, wrong.headers.allow, wrong.json.code]).toEqual([405, 'GET, HEAD, OPTIONS, PUT', 'METHOD_NOT_ALLOWED']);
    expect((await probe.call('/echo', { method: 'HEAD' })).headers.allow).toBe('OPTIONS, POST');
    const options = await probe.call('/api/names/x', { method: 'OPTIONS' });
    expect([options.status, options.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS, PUT']);
    expect((await probe.call('/nowhere', { method: 'OPTIONS' })).status).toBe(404);
    expect((await probe.call('/plain', { method: 'PROPFIND' })).status).toBe(405);
  });

  it('takes the absolute form of a URL', async () => {
    expect(await probe.talk('GET http://elsewhere/api/plain?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toContain('{"ok":true}');
  });

  it('refuses a request that names two hosts, wherever it goes', async () => {
    for (const line of ['GET /plain', 'OPTIONS *', 'GET /nowhere', 'GET http://a/plain']) {
      const heard = await probe.talk(`${line} HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n`);
      expect(heard).toMatch(/^HTTP\/1.1 400 /);
      expect(heard).toContain('"code":"INVALID_HOST"');
    }
  });

  it('refuses to boot with two handlers for one route, or with middleware', () => {
    const other = new KaiwaExpressAdapter();
    const first = Object.defineProperty(() => undefined, 'name', { value: 'A.one' });
    const second = Object.defineProperty(() => undefined, 'name', { value: 'B.two' });
    other.get('/users/:id', first);
    other.put('/users/:id', first);
    expect(() => other.get('/users/:user_id/', second)).toThrow('GET /users/:user_id/ is declared twice: by A.one and by B.two');
    expect(() => other.createMiddlewareFactory()('/x', first)).toThrow('not run by this adapter');
  });
});

describe('the front', () => {
  it.each([
    ['a URL with bytes that are not encoded', 'GET /plain?q=営業 HTTP/1.1\r\nhost: a\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    ['no HTTP', 'hello\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    ['headers without end', `GET /plain HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
  ])('answers %s as any other error', async (_what, bytes, status, code) => {
    const socket = connect(probe.port, '127.0.0.1');
    socket.end(bytes);
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
    expect(head.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
    const error = JSON.parse(body) as { request_id: string };
    expect(error).toMatchObject({ statusCode: status, code });
    expect(head).toContain(`x-request-id: ${error.request_id}`);
  });

  it('takes a sane request id and makes one otherwise', async () => {
    expect((await probe.call('/plain', { headers: { 'x-request-id': 'a_b-1.2' } })).headers['x-request-id']).toBe('a_b-1.2');
    const made = (await probe.call('/plain', { headers: { 'x-request-id': 'a b' } })).headers['x-request-id'];
    expect(made).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect((await probe.call('/nowhere')).json.request_id).toMatch(/-7/);
  });

  it('answers allowed origins and preflights, and leaves others without headers', async () => {
    const allowed = await probe.call('/nowhere', { headers: { origin: 'https://app.example.com' } });
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
    expect(allowed.headers['access-control-expose-headers']).toContain('Idempotency-Replayed');
    const other = await probe.call('/plain', { headers: { origin: 'https://evil.example.com' } });
    expect([other.status, other.headers['access-control-allow-origin'], other.headers.vary]).toEqual([200, undefined, 'Origin']);
    const preflight = { 'access-control-request-method': 'PUT' };
    const asked = await probe.call('/names/x', { method: 'OPTIONS', headers: { ...preflight, origin: 'https://app.example.com' } });
    expect([asked.status, asked.headers['access-control-max-age']]).toEqual([204, '600']);
    expect(asked.headers['access-control-allow-headers']).toContain('idempotency-key');
    const refused = await probe.call('/names/x', { method: 'OPTIONS', headers: { ...preflight, origin: 'https://evil.example.com' } });
    expect([refused.status, refused.headers['access-control-allow-methods']]).toEqual([204, undefined]);
  });

  it('keeps two requests of one connection apart, whatever their order', async () => {
    const head = 'HTTP/1.1\r\nHost: a\r\n';
    const heard = await probe.talk(
      `GET /scope?as=one&wait=60 ${head}x-request-id: r1\r\n\r\nGET /scope?as=two&wait=5 ${head}x-request-id: r2\r\n\r\n`,
    );
    expect([...heard.matchAll(/\{.*?\}/g)].map(([json]) => JSON.parse(json) as object)).toEqual([
      { client_id: 'one', request_id: 'r1', address: '127.0.0.1', same: true },
      { client_id: 'two', request_id: 'r2', address: '127.0.0.1', same: true },
    ]);
  });

  it('counts a request that waited behind another on a connection that closed', async () => {
    await probe.talk('GET /scope?as=a&wait=150 HTTP/1.1\r\nHost: a\r\n\r\nGET /scope?as=b&wait=150 HTTP/1.1\r\nHost: a\r\n\r\n', 40);
    await sleep(250);
    expect(probe.adapter.in_flight).toBe(0);
    expect(probe.finished).toHaveLength(2);
  });

  it('tells observers of each exchange once, with the route as it was declared', async () => {
    await probe.call('/names/x');
    await probe.call('/nowhere');
    await sleep(10);
    expect(probe.finished).toEqual([
      { route: '/names/:name', status: 200, whole: true },
      { route: undefined, status: 404, whole: true },
    ]);
  });
});
