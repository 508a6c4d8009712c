import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Probe } from './http-adapter.fixture.js';

const probe = new Probe();

beforeAll(() => probe.start());
afterAll(() => probe.stop());
beforeEach(() => probe.forget());

describe('bodies', () => {
  it('parses JSON of any shape, also compressed, chunked, or with a charset', async () => {
    expect((await probe.post('/echo', [1, 'あ'])).json).toEqual({ body: [1, 'あ'] });
    expect((await probe.post('/echo', 5)).json).toEqual({ body: 5 });
    const zipped = gzipSync('{"a":1}');
    const json = { 'content-type': 'application/json; charset=UTF-8' };
    expect((await probe.call('/echo', { method: 'POST', body: zipped, headers: { ...json, 'content-encoding': 'gzip' } })).json).toEqual({
      body: { a: 1 },
    });
    expect((await probe.call('/echo', { method: 'POST', body: '{"a":2}', chunked: true, headers: json })).json).toEqual({ body: { a: 2 } });
    const wide = Buffer.from('{"a":"ü"}', 'utf16le');
    expect(
      (await probe.call('/echo', { method: 'POST', body: wide, headers: { 'content-type': 'application/json; charset=utf-16le' } })).json,
    ).toEqual({
      body: { a: 'ü' },
    });
    expect((await probe.call('/echo', { method: 'POST' })).json).toEqual({ body: null });
  });

  it.each(['{', '{"a":}', '{"a":1}}', "{'a':1}"])('refuses malformed JSON %s', async (body) => {
    const answer = await probe.call('/echo', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect([answer.status, answer.json.code]).toEqual([400, 'MALFORMED_JSON']);
  });

  it('refuses broken UTF-8 and other media types', async () => {
    const broken = await probe.call('/echo', {
      method: 'POST',
      body: Buffer.from([0x22, 0xff, 0x22]),
      headers: { 'content-type': 'application/json' },
    });
    expect(broken.json.code).toBe('MALFORMED_JSON');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', '']) {
      expect(await probe.call('/echo', { method: 'POST', body: 'a=1', headers: { 'content-type': type } })).toMatchObject({
        status: 415,
        json: { code: 'UNSUPPORTED_MEDIA_TYPE' },
      });
    }
  });

  it('refuses what is too large, so that the sender reads it, and goes on with what a route takes', async () => {
    const large = { text: 'x'.repeat(300 * 1024) };
    expect(await probe.post('/echo', large)).toMatchObject({ status: 413, json: { code: 'PAYLOAD_TOO_LARGE' } });
    const body = JSON.stringify(large);
    const headers = { 'content-type': 'application/json' };
    expect((await probe.call('/echo', { method: 'POST', body, headers, chunked: true })).status).toBe(413);
    const bomb = gzipSync(Buffer.alloc(3_000_000, 0x20));
    expect((await probe.call('/echo', { method: 'POST', body: bomb, headers: { ...headers, 'content-encoding': 'gzip' } })).status).toBe(
      413,
    );
    const huge = Buffer.alloc(20 * 1024 * 1024, 0x20);
    expect((await probe.call('/echo', { method: 'POST', body: huge, headers })).status).toBe(413);
    expect((await probe.call('/echo', { method: 'POST', body: huge, headers, chunked: true })).status).toBe(413);
    expect((await probe.post('/big', large)).json.length).toBe(body.length);
  });

  it('takes forms and raw bytes where a route says so', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await probe.call('/form', { method: 'POST', body: 'a=1&b=%E3%81%82', headers: form })).json).toEqual({ a: '1', b: 'あ' });
    expect((await probe.post('/form', { a: 1 })).json).toEqual({ a: 1 });
    expect((await probe.call('/bytes', { method: 'POST', body: Buffer.from([0, 255]), headers: { 'content-type': 'x/y' } })).json).toEqual({
      raw: '00ff',
    });
  });

  it('survives a client that goes away midway', async () => {
    await probe.talk('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":', 50);
    await sleep(30);
    expect(probe.finished).toEqual([{ route: '/echo', status: 200, whole: false }]);
    expect(probe.adapter.in_flight).toBe(0);
    expect((await probe.call('/plain')).status).toBe(200);
  });

  it('validates bodies and queries', async () => {
    expect((await probe.post('/notes', { text: 'hello' })).json).toEqual({ text: 'hello', typed: true });
    const wrong = await probe.call('/notes', {
      method: 'POST',
      body: '{"__proto__":{"x":1},"other":2}',
      headers: { 'content-type': 'application/json' },
    });
    expect(wrong).toMatchObject({ status: 400, json: { code: 'VALIDATION_FAILED', message: 'Some fields are not valid' } });
    expect(wrong.json.details).toEqual([
      { field: '__proto__', message: 'is not a known field' },
      { field: 'other', message: 'is not a known field' },
      { field: 'text', message: 'is required' },
    ]);
    expect((await probe.post('/notes', [])).json.details).toEqual([{ field: '', message: 'must be an object' }]);
    expect((await probe.call('/pages?limit=abc&client_id=x')).json.details).toEqual([
      { field: 'limit', message: 'must be an integer from 1 to 200' },
    ]);
  });

  it.each(['pages', 'written-pages'])(
    'answers a page with its items, and links to the next one under the prefix that was asked: %s',
    async (path) => {
      const page = await probe.call(`/api/${path}?limit=7&q=a%26b&cursor=old`, { headers: { host: 'kaiwa.example.com' } });
      expect(page.json).toEqual([{ limit: 7, cursor: 'old' }]);
      expect(page.headers.link).toBe(`<http://kaiwa.example.com/api/${path}?limit=7&q=a%26b&cursor=next+one>; rel="next"`);
      expect((await probe.call(`/${path}?limit=`)).json).toEqual([{ limit: 50, cursor: null }]);
      const last = await probe.call(`/${path}?cursor=last`);
      expect(last.json).toEqual([{ limit: 50, cursor: 'last' }]);
      expect(last.headers.link).toBeUndefined();
    },
  );
});

describe('errors', () => {
  it('hides what is ours and logs it', async () => {
    const answer = await probe.call('/fails/now', { headers: { 'x-request-id': 'abc.1' } });
    expect(answer.json).toEqual({
      statusCode: 500,
      error: 'Internal Server Error',
      code: 'INTERNAL_ERROR',
      message: 'Internal server error',
      request_id: 'abc.1',
    });
    expect((probe.faults[0]?.cause as Error).message).toBe('select secret from vault');
  });

  it('says when to come back and how to sign in', async () => {
    expect((await probe.call('/fails/limit')).headers['retry-after']).toBe('2');
    expect((await probe.call('/fails/login')).headers['www-authenticate']).toBe('Bearer');
  });

  it('cuts the connection where half an answer was sent', async () => {
    await expect(probe.call('/late-error')).rejects.toThrow('aborted');
    await expect(probe.call('/broken-stream')).rejects.toThrow('aborted');
    expect(probe.faults).toHaveLength(1);
  });
});

describe('shutdown', () => {
  it('closes connections with their answers, then refuses new ones, and knows when nothing is in flight', async () => {
    const slow = probe.call('/scope?as=a&wait=80');
    await sleep(30);
    probe.adapter.beginShutdown();
    expect((await probe.call('/plain', { headers: { connection: 'keep-alive' } })).headers.connection).toBe('close');
    expect(await probe.adapter.drained(10)).toBe(false);
    await expect(probe.call('/plain')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const [answer, drained] = await Promise.all([slow, probe.adapter.drained(1_000)]);
    expect([answer.status, drained]).toEqual([200, true]);
  });
});
