import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, makeUser, signIn, type TestUser, withHeaders } from '../support/client.js';
import { type HttpPeer, startPeer } from '../support/http-peer.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* The operator lets tools lead to 127.0.0.2, where their servers stand here; 127.0.0.1 is as private as ever. */

const SECRET = 'Bearer the-secret-of-the-tool-7f3a';

let server: TestServer;
let owner: TestUser;
let staff: TestUser;
let peer: HttpPeer;
let inside: HttpPeer;

beforeAll(async () => {
  server = await startServer({ env: { OUTBOUND_PRIVATE_NETWORKS: '127.0.0.2/32' } });
  [owner, peer, inside] = await Promise.all([makeTenant(server.api), startPeer('127.0.0.2'), startPeer('127.0.0.1')]);
  const person = await makeUser(server.api, { client_id: owner.client_id });
  await owner.api(`/users/${person.id}`, { method: 'PATCH', json: { role: 'staff' } });
  staff = await signIn(server.api, person);
});

afterAll(async () => {
  await Promise.all([peer.close(), inside.close()]);
  await server.stop();
});

beforeEach(() => {
  peer.requests.length = 0;
  peer.answer = (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"slots":["10:00"]}');
});

interface Tool {
  name: string;
  description: string;
  parameters: object;
  method: string;
  url: string;
  headers?: Record<string, string>;
  timeout_ms?: number;
}

const DATE = { type: 'object', properties: { date: { type: 'string' } }, required: ['date'] };
const tool = (changes: Partial<Tool> = {}): Tool => ({
  name: 'find_slots',
  description: '空き時間を調べる',
  parameters: DATE,
  method: 'GET',
  url: `${peer.url}/slots`,
  ...changes,
});
const save = (...tools: Tool[]): Promise<Answer<{ tools: Tool[]; details?: Array<{ field: string; message: string }> }>> =>
  owner.api('/ext-tools', { method: 'PUT', json: { tools } });
const execute = (args: unknown = { date: '2024-12-01' }, name = 'find_slots', api: Api = staff.api): Promise<Answer> =>
  api(`/ext-tools/${name}/execute`, { method: 'POST', json: { arguments: args } });

describe('an ext-tool', () => {
  it('is run by the staff, with its arguments and its headers', async () => {
    expect((await save(tool({ headers: { Authorization: SECRET, 'X-Shop': '7' } }))).status).toBe(200);
    expect(await execute({ date: '2024-12-01' })).toMatchObject({
      status: 200,
      body: { status: 'done', http_status: 200, content: '{"slots":["10:00"]}' },
    });
    expect(peer.requests).toMatchObject([
      { method: 'GET', url: '/slots?date=2024-12-01', headers: { authorization: SECRET, 'x-shop': '7' }, body: '' },
    ]);
  });

  it('is sent a JSON body by POST', async () => {
    await save(tool({ method: 'POST', url: `${peer.url}/shops/{date}/slots` }));
    await execute({ date: '2024/12/01', note: '窓側' });
    expect(peer.requests).toMatchObject([
      { method: 'POST', url: '/shops/2024%2F12%2F01/slots', headers: { 'content-type': 'application/json' }, body: '{"note":"窓側"}' },
    ]);
  });

  it('that refuses is an outcome, with its words', async () => {
    await save(tool());
    peer.answer = (_request, response) => void response.writeHead(422, { 'content-type': 'text/plain' }).end('満席です');
    expect((await execute()).body).toEqual({ status: 'failed', http_status: 422, content: '満席です' });
  });

  it('that does not answer in time, answers too much, or breaks off is an outcome too', async () => {
    await save(tool({ timeout_ms: 200 }));
    peer.answer = () => undefined;
    expect((await execute()).body).toEqual({ status: 'failed', http_status: null, content: 'The tool did not answer within 200 ms' });
    await eventually(async () => peer.requests[0]?.aborted, Boolean);
    peer.answer = (_request, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('x'.repeat(70_000));
    expect((await execute()).body).toEqual({ status: 'failed', http_status: null, content: 'The tool answered more than 64 KiB' });
    peer.answer = (_request, response) => void response.destroy();
    expect((await execute()).body).toEqual({ status: 'failed', http_status: null, content: 'The tool could not be reached' });
  });

  it('is called once, whatever comes of it', async () => {
    await save(tool({ method: 'POST' }));
    peer.answer = (_request, response) => void response.writeHead(503).end();
    await execute();
    expect(peer.requests).toHaveLength(1);
  });

  it('ends with its caller', async () => {
    await save(tool({ timeout_ms: 30_000 }));
    peer.answer = () => undefined;
    const gone = new AbortController();
    const asked = fetch(`${server.url}/ext-tools/find_slots/execute`, {
      method: 'POST',
      headers: { authorization: `Bearer ${staff.access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ arguments: { date: 'x' } }),
      signal: gone.signal,
    });
    await eventually(
      async () => peer.requests.length,
      (count) => count === 1,
    );
    gone.abort();
    await expect(asked).rejects.toThrow();
    await eventually(async () => peer.requests[0]?.aborted, Boolean);
  });

  it('shows what is no text as its size', async () => {
    await save(tool());
    peer.answer = (_request, response) => void response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.alloc(300));
    expect((await execute()).body).toMatchObject({ status: 'done', content: '300 bytes of image/png' });
  });

  it('is not called by arguments that do not fit', async () => {
    await save(tool());
    expect(await execute({ date: 7 })).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED', details: [{ field: 'arguments.date', message: 'must be string' }] },
    });
    expect(await execute('text')).toMatchObject({ status: 400, body: { details: [{ field: 'arguments' }] } });
    expect(peer.requests).toEqual([]);
  });

  it('that nobody has is absent, also where another tenant has it', async () => {
    await save(tool());
    const other = await makeTenant(server.api);
    for (const [name, api] of [
      ['nothing', staff.api],
      ['find_slots', other.api],
    ] as const) {
      expect(await execute({}, name, api)).toMatchObject({ status: 404, body: { code: 'TOOL_NOT_FOUND', message: 'Tool not found' } });
    }
  });

  it('is run by keys of the phone desk, and by no member', async () => {
    await save(tool());
    const key = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'voice', scopes: ['phone'] } });
    const voice = withHeaders(server.api, { authorization: `Bearer ${key.body.key}`, 'x-client-id': owner.client_id });
    expect((await execute(undefined, 'find_slots', voice)).status).toBe(200);
    const member = await makeUser(server.api, { client_id: owner.client_id });
    expect((await execute(undefined, 'find_slots', member.api)).status).toBe(403);
    expect((await execute(undefined, 'find_slots', withHeaders(server.api, { 'x-client-id': owner.client_id }))).status).toBe(401);
  });
});

describe('the walls', () => {
  it.each([
    'http://127.0.0.1/',
    'http://localhost/',
    'http://app.localhost/',
    'http://10.0.0.1/',
    'http://192.168.0.1/x',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[fd00:ec2::254]/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://0.0.0.0/',
    'https://user:password@example.com/',
    'ftp://8.8.8.8/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'nonsense',
    'https://{date}.example.com/',
  ])('refuse %s at save', async (url) => {
    await save(tool());
    const refused = await save(tool({ url }));
    expect(refused).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(refused.body.details?.map(({ field }) => field)).toContain('tools[0].url');
    expect((await owner.api<{ tools: Tool[] }>('/ext-tools')).body.tools[0]?.url).toBe(`${peer.url}/slots`);
  });

  it('refuse a redirect to where no tool may lead, and give no secret to another server', async () => {
    await save(tool({ headers: { Authorization: SECRET } }));
    peer.answer = (_request, response) => void response.writeHead(302, { location: `${inside.url}/secret` }).end();
    expect((await execute()).body).toEqual({ status: 'failed', http_status: null, content: 'The tool leads to a private address' });
    expect(inside.requests).toEqual([]);

    const elsewhere = await startPeer('127.0.0.2');
    peer.answer = (_request, response) => void response.writeHead(307, { location: `${elsewhere.url}/moved` }).end();
    expect((await execute()).body).toMatchObject({ status: 'done' });
    expect(elsewhere.requests).toMatchObject([{ url: '/moved' }]);
    expect(elsewhere.requests[0]?.headers.authorization).toBeUndefined();
    await elsewhere.close();
  });

  it('hold at the connection, where a tool was saved while its address was allowed', async () => {
    await save(tool());
    const strict = await startServer({ database: server.database });
    expect(
      await execute(undefined, 'find_slots', withHeaders(strict.api, { authorization: `Bearer ${staff.access_token}` })),
    ).toMatchObject({
      status: 200,
      body: { status: 'failed', content: 'The tool leads to a private address' },
    });
    expect(peer.requests).toEqual([]);
    await strict.stop();
  });
});

describe('secrets of headers', () => {
  it('are sealed at rest, masked when read, in every version and in no log', async () => {
    const saved = await save(tool({ headers: { Authorization: SECRET } }));
    const masked = saved.body.tools[0]?.headers?.['Authorization'] ?? '';
    expect(masked).toMatch(/^\*{4}/);
    const shown = await Promise.all(['/ext-tools', '/ext-tools/versions', '/audit-log'].map((path) => owner.api<unknown>(path)));
    const rows = await sql(server.database_url, 'select t::text from settings_versions t');
    await execute();
    for (const text of [JSON.stringify(shown.map(({ body }) => body)), JSON.stringify(rows), server.logs()]) {
      expect(text).not.toContain('the-secret-of-the-tool');
    }
  });

  it('stay where a masked value is sent back, and are wanted anew for another server or another tool', async () => {
    const { body } = await save(tool({ headers: { Authorization: SECRET } }));
    const [read] = (await owner.api<{ tools: Tool[] }>('/ext-tools')).body.tools as [Tool];
    expect((await save({ ...read, description: 'changed' })).body.tools).toEqual([{ ...body.tools[0], description: 'changed' }]);
    await execute();
    expect(peer.requests[0]?.headers.authorization).toBe(SECRET);
    for (const changes of [
      { url: 'https://8.8.8.8/slots' },
      { name: 'other' },
      { headers: { 'X-Other': read.headers?.['Authorization'] ?? '' } },
    ]) {
      const refused = await save({ ...read, ...changes });
      expect(refused.status).toBe(400);
      expect(refused.body.details?.[0]).toMatchObject({ message: 'is masked: give the value itself' });
    }
  });

  it('come back with a restored version', async () => {
    await save(tool({ headers: { Authorization: SECRET } }));
    const [{ version }] = (await owner.api<[{ version: number }]>('/ext-tools/versions')).body;
    await save();
    expect((await execute()).status).toBe(404);
    expect((await owner.api(`/ext-tools/versions/${version}/restore`, { method: 'POST' })).status).toBe(200);
    await execute();
    expect(peer.requests[0]?.headers.authorization).toBe(SECRET);
  });

  it.each([
    [{ Host: 'x' }, 'tools[0].headers.Host'],
    [{ 'Content-Length': '1' }, 'tools[0].headers.Content-Length'],
    [{ 'Bad Name': 'x' }, 'tools[0].headers.Bad Name'],
    [{ 'X-A': 'a\r\nX-B: b' }, 'tools[0].headers.X-A'],
    [{ 'X-A': 'a', 'x-a': 'b' }, 'tools[0].headers.x-a'],
    [{ 'X-A': 7 }, 'tools[0].headers'],
  ])('are refused where they are no headers: %j', async (headers, field) => {
    expect(await save(tool({ headers: headers as Record<string, string> }))).toMatchObject({ status: 400, body: { details: [{ field }] } });
  });
});
