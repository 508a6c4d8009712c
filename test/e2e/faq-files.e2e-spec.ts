import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTenant, makeUser, type TestUser, withHeaders } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* FAQs in bulk: CSV and JSON, all of a file or nothing of it. */

interface Refusal {
  code: string;
  details: Array<{ field: string; message: string }>;
}

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.stop();
});

const send = <T = Refusal>(who: TestUser, body: string | Uint8Array, type = 'text/csv', query = ''): Promise<Answer<T>> =>
  who.api<T>(`/faqs/import${query}`, { method: 'POST', body: body as RequestInit['body'], headers: { 'content-type': type } });
/** As bytes: `text()` would take the mark at the beginning away. */
const file = async (who: TestUser, format: string): Promise<string> => {
  const answer = await fetch(`${server.url}/faqs/export?format=${format}`, { headers: { authorization: `Bearer ${who.access_token}` } });
  return Buffer.from(await answer.arrayBuffer()).toString('utf8');
};
const known = async (who: TestUser): Promise<Array<{ question: string; answer: string; tags: string[] }>> =>
  (await who.api<Array<{ question: string; answer: string; tags: string[] }>>('/faqs?limit=200')).body.map(
    ({ question, answer, tags }) => ({
      question,
      answer,
      tags,
    }),
  );

describe('an import', () => {
  it('takes CSV with quotes, line breaks, tags and a BOM', async () => {
    const who = await makeTenant(server.api);
    const csv =
      '\ufeffquestion,answer,tags\r\n"営業時間は、何時ですか","10時から\r\n20時までです。""年中無休""",時間|定休\\|日\r\n\r\n駐車場は？,3台です,\r\n';
    expect(await send(who, csv)).toMatchObject({ status: 200, body: { created: 2, updated: 0, unchanged: 0 } });
    expect(await known(who)).toEqual([
      { question: '営業時間は、何時ですか', answer: '10時から\r\n20時までです。"年中無休"', tags: ['時間', '定休|日'] },
      { question: '駐車場は？', answer: '3台です', tags: [] },
    ]);
    const found = await who.api<Array<{ question: string }>>(`/faqs?q=${encodeURIComponent('車をとめられますか')}`);
    expect(found.body[0]?.question).toBe('駐車場は？');
  });

  it('takes JSON, and what GET /faqs shows', async () => {
    const [one, two] = await Promise.all([makeTenant(server.api), makeTenant(server.api)]);
    await send(
      one,
      JSON.stringify(
        [
          { question: 'q1', answer: 'a1', tags: ['t'] },
          { question: 'q2', answer: 'a2' },
        ],
        null,
        2,
      ),
      'application/json',
    );
    const shown = await one.api<unknown>('/faqs');
    expect(await send(two, JSON.stringify(shown.body), 'application/json')).toMatchObject({ status: 200, body: { created: 2 } });
    expect(await known(two)).toEqual(await known(one));
    expect(await send(two, '[]', 'application/json')).toMatchObject({ status: 200, body: { created: 0, updated: 0, unchanged: 0 } });
  });

  it('takes Shift_JIS that is named, and says clearly what it is where it is not', async () => {
    const who = await makeTenant(server.api);
    // 質問,回答 and 予約,可
    const bytes = Buffer.from('8ebf96e22c89f1939a0d0a975c96f12c89c20d0a', 'hex');
    const refused = await send(who, bytes);
    expect(refused).toMatchObject({
      status: 400,
      body: { details: [{ field: 'file', message: expect.stringContaining('charset=shift_jis') }] },
    });
    expect(await send(who, bytes, 'text/csv; charset=Shift_JIS')).toMatchObject({ status: 200, body: { created: 1 } });
    expect(await known(who)).toEqual([{ question: '予約', answer: '可', tags: [] }]);
    expect((await send(who, bytes, 'text/csv; charset=klingon')).status).toBe(415);
  });

  it('updates what is there, keeps it, or refuses', async () => {
    const who = await makeTenant(server.api);
    await send(who, 'question,answer\nq1,a1\nq2,a2\n');
    expect(await send(who, 'question,answer\nq1,a1\nq2,b2\nq3,b3\n')).toMatchObject({ body: { created: 1, updated: 1, unchanged: 1 } });
    expect(await send(who, 'question,answer\nq1,c1\nq4,c4\n', 'text/csv', '?existing=keep')).toMatchObject({
      body: { created: 1, updated: 0, unchanged: 1 },
    });
    expect(await send(who, 'question,answer\nq5,d5\nq1,d1\n', 'text/csv', '?existing=refuse')).toMatchObject({
      status: 400,
      body: { details: [{ field: 'line 3: question', message: 'is there already' }] },
    });
    expect((await known(who)).map(({ question, answer }) => `${question}=${answer}`)).toEqual(['q1=a1', 'q2=b2', 'q3=b3', 'q4=c4']);
    const found = await who.api<Array<{ answer: string }>>('/faqs?q=b2');
    expect(found.body[0]?.answer).toBe('b2');
    expect((await send(who, 'question,answer\n', 'text/csv', '?existing=maybe')).status).toBe(400);
  });

  it('is done once where it is sent again by the same Idempotency-Key, and what that key named is nothing else', async () => {
    const who = await makeTenant(server.api);
    const keyed = <T = { created: number } & Refusal>(body: string, type = 'text/csv', query = ''): Promise<Answer<T>> =>
      who.api<T>(`/faqs/import${query}`, { method: 'POST', body, headers: { 'content-type': type, 'idempotency-key': 'import-1' } });
    const csv = 'question,answer\nq1,a1\n';
    const first = await keyed(csv);
    expect([first.status, first.body.created, first.headers.get('idempotency-replayed')]).toEqual([200, 1, null]);
    const again = await keyed(csv);
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([200, first.body, 'true']);
    for (const other of [
      keyed('question,answer\nq1,b1\n'),
      keyed(csv, 'text/csv; charset=shift_jis'),
      keyed(csv, 'text/csv', '?existing=keep'),
    ]) {
      const { status, body } = await other;
      expect([status, body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    }
    const large = await who.api<Refusal>('/faqs/import', {
      method: 'POST',
      body: Buffer.alloc(11 * 1024 * 1024, 'x'),
      headers: { 'content-type': 'text/csv', 'idempotency-key': 'import-2' },
    });
    expect([large.status, large.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(await known(who)).toEqual([{ question: 'q1', answer: 'a1', tags: [] }]);
  });

  it('names every bad row by its line, and takes nothing of the file', async () => {
    const who = await makeTenant(server.api);
    const csv = [
      'question,answer,tags',
      'good,answer,',
      '"a\nb",,',
      'too,many,cells,here',
      '..,x,',
      `${'長'.repeat(501)},x,`,
      'good,again,',
    ].join('\n');
    expect((await send(who, csv)).body.details).toEqual([
      { field: 'line 3: answer', message: expect.any(String) },
      { field: 'line 5', message: 'has 4 cells where the header has 3' },
      { field: 'line 6: question', message: expect.any(String) },
      { field: 'line 7: question', message: expect.any(String) },
      { field: 'line 8: question', message: 'stands on line 2 already' },
    ]);
    const json = '[\n{"question":"q","answer":"a"},\n{"question":"r"},\n{"question":"s","answer":"a","extra":1},\nnonsense,\n7]';
    expect((await send(who, json, 'application/json')).body.details).toEqual([
      { field: 'line 3: answer', message: 'is required' },
      { field: 'line 4: extra', message: 'is not a known field' },
      { field: 'line 5', message: 'is not well-formed JSON' },
      { field: 'line 6', message: 'must be an object' },
    ]);
    expect(await known(who)).toEqual([]);
  });

  it.each([
    ['', 'text/csv', 'line 1'],
    ['question\nq\n', 'text/csv', 'line 1'],
    ['question,answer,colour\nq,a,c\n', 'text/csv', 'line 1'],
    ['question,answer\nq,"a\n', 'text/csv', 'line'],
    ['question,answer\nq,a"b"c\nr,"x"y\n', 'text/csv', 'line'],
    ['{"question":"q"}', 'application/json', 'line 1'],
    ['[{"question":"q","answer":"a"}', 'application/json', 'line 1'],
  ])('refuses %j by its line', async (body, type, field) => {
    const who = await makeTenant(server.api);
    const refused = await send(who, body, type);
    expect(refused).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(refused.body.details[0]?.field).toContain(field);
    expect(await known(who)).toEqual([]);
  });

  it('is bounded in bytes and rows, and other types are refused', async () => {
    const who = await makeTenant(server.api);
    const rows = Array.from({ length: 5_001 }, (_, number) => `q${number},a`).join('\n');
    expect((await send(who, `question,answer\n${rows}\n`)).status).toBe(413);
    expect((await send(who, `question,answer\nq,"${'x'.repeat(11 * 1024 * 1024)}"\n`)).status).toBeGreaterThanOrEqual(400);
    expect((await send(who, `question,answer\n${'q,a\n'.repeat(3 * 1024 * 1024)}`)).status).toBe(400);
    expect(await send(who, 'x', 'application/xml')).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    expect(await known(who)).toEqual([]);
  }, 60_000);

  it('takes a file whose sender is slow, and nothing of one whose sender goes away', async () => {
    const who = await makeTenant(server.api);
    const open = (): ReturnType<typeof httpRequest> =>
      httpRequest(`${server.url}/faqs/import`, {
        method: 'POST',
        headers: { authorization: `Bearer ${who.access_token}`, 'content-type': 'text/csv' },
      });
    const gone = open();
    gone.on('error', () => undefined);
    gone.write('question,answer\nq1,a1\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    gone.destroy();
    const slow = open();
    const answered = new Promise<number>((resolve) => slow.on('response', (response) => resolve(response.resume().statusCode ?? 0)));
    for (const piece of ['question,an', 'swer\nq2,"a', '2"\n']) {
      slow.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    slow.end();
    expect(await answered).toBe(200);
    expect((await known(who)).map(({ question }) => question)).toEqual(['q2']);
    expect(server.logs()).not.toContain('"level":50');
  });

  it('that is refused in the middle ends its connection, so that no request after it is lost', async () => {
    const who = await makeTenant(server.api);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const bad = `question,answer,tags\n${',\n'.repeat(200_000)}`;
    const head = (line: string, more: string[]): string =>
      [line, 'host: a', `authorization: Bearer ${who.access_token}`, ...more, '', ''].join('\r\n');
    socket.write(head('POST /faqs/import HTTP/1.1', ['content-type: text/csv', `content-length: ${bad.length}`]) + bad);
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    expect(answer).toContain('VALIDATION_FAILED');
  });

  it('of many at once leaves each row once', async () => {
    const who = await makeTenant(server.api);
    const rows = Array.from({ length: 60 }, (_, number) => `q${number},a${number}`);
    const answers = await Promise.all(
      [0, 1, 2, 3].map((turn) => send(who, `question,answer\n${[...rows.slice(turn * 15), ...rows.slice(0, turn * 15)].join('\n')}\n`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await known(who)).toHaveLength(60);
    const [{ count }] = (await sql(server.database_url, 'select count(*)::integer as count from faqs where client_id = $1', [
      who.client_id,
    ])) as [{ count: number }];
    expect(count).toBe(60);
  });

  it('is the staff’s, in their own tenant', async () => {
    const who = await makeTenant(server.api);
    const member = await makeUser(server.api, { client_id: who.client_id });
    expect((await send(member, 'question,answer\nq,a\n')).status).toBe(403);
    expect((await member.api('/faqs/export')).status).toBe(403);
    const nobody = withHeaders(server.api, { 'x-client-id': who.client_id });
    expect((await nobody('/faqs/import', { method: 'POST', body: 'x', headers: { 'content-type': 'text/csv' } })).status).toBe(401);
  });
});

describe('an export', () => {
  it('gives back what an import took, in both formats', async () => {
    const [one, two, three] = await Promise.all([makeTenant(server.api), makeTenant(server.api), makeTenant(server.api)]);
    const faqs = [
      { question: '=1+2', answer: '+81 "quoted", with\nlines', tags: ['-x', 'a|b', 'c\\d'] },
      { question: "'=already marked", answer: '@home', tags: [] },
      { question: '普通の質問', answer: '普通の答え', tags: ['一', '二'] },
    ];
    await send(one, JSON.stringify(faqs), 'application/json');
    const csv = await file(one, 'csv');
    expect(csv.startsWith('\ufeffquestion,answer,tags\r\n')).toBe(true);
    for (const line of csv.split('\r\n')) expect(line).not.toMatch(/(^|,)"?[=+\-@]/);
    await send(two, csv);
    await send(three, await file(one, 'json'), 'application/json');
    expect(await known(two)).toEqual(await known(one));
    expect(await known(three)).toEqual(await known(one));
  });

  it('goes past one page, and is well-formed where there is nothing', async () => {
    const who = await makeTenant(server.api);
    expect([await file(who, 'json'), await file(who, 'csv')]).toEqual(['[]\n', '\ufeffquestion,answer,tags\r\n']);
    await send(who, `question,answer\n${Array.from({ length: 450 }, (_, number) => `q${number},a`).join('\n')}\n`);
    expect(JSON.parse(await file(who, 'json'))).toHaveLength(450);
    expect((await file(who, 'csv')).trimEnd().split('\r\n')).toHaveLength(451);
  });

  it('is CSV, or JSON where that is asked for', async () => {
    const who = await makeTenant(server.api);
    const typeOf = async (accept: string): Promise<string | null> =>
      (await who.api('/faqs/export', { headers: { accept } })).headers.get('content-type');
    expect(await typeOf('*/*')).toBe('text/csv; charset=utf-8');
    expect(await typeOf('application/json')).toBe('application/json; charset=utf-8');
  });
});
