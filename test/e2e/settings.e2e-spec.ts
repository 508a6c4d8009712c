import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, makeUser, signIn, type TestUser, withHeaders } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';

/* The assistant's settings: read as they are written, checked at their place, and kept in every version. */

interface Refusal {
  code: string;
  details?: Array<{ field: string; message: string }>;
}
interface Version {
  version: number;
  created_by: string;
  value: { prompt?: string; tools?: object[] };
}

let server: TestServer;
let owner: TestUser;

beforeAll(async () => {
  server = await startServer();
  owner = await makeTenant(server.api);
});

afterAll(async () => {
  await server.stop();
});

const put = (json: object): { method: string; json: object } => ({ method: 'PUT', json });
const restore = (who: TestUser, path: string, version: number | string): Promise<Answer<Refusal & { prompt?: string }>> =>
  who.api(`${path}/versions/${version}/restore`, { method: 'POST' });
const functionTool = (changes: object = {}): object => ({
  type: 'function',
  function: {
    name: 'transfer',
    description: '担当者につなぐ',
    parameters: { type: 'object', properties: { to: { type: 'string' } } },
    ...changes,
  },
});
const extTool = (changes: object = {}): object => ({
  name: 'find_slots',
  description: '空き時間',
  parameters: { type: 'object', properties: { date: { type: 'string' } } },
  method: 'GET',
  url: 'https://8.8.8.8/slots',
  ...changes,
});

describe('settings', () => {
  it.each([
    ['/prompt', { prompt: '', model: null, temperature: null, max_tokens: null, voice: null }],
    ['/func-config', { tools: [] }],
    ['/ext-tools', { tools: [] }],
  ])('%s stands before anybody has written it, and can be sent back as it was read', async (path, value) => {
    const who = await makeTenant(server.api);
    const read = await who.api(path);
    expect(read).toMatchObject({ status: 200, body: value });
    expect((await who.api(path, put(read.body))).body).toEqual(value);
  });

  it('are read as they were written', async () => {
    const prompt = { prompt: 'あなたは受付です。', model: 'gpt-5-mini', temperature: 0.35, max_tokens: 300, voice: 'alloy' };
    expect(await owner.api('/prompt', put(prompt))).toMatchObject({ status: 200, body: prompt });
    expect((await owner.api('/prompt')).body).toEqual(prompt);
    const tools = { tools: [functionTool(), functionTool({ name: 'other', strict: true })] };
    expect((await owner.api('/func-config', put(tools))).body).toEqual(tools);
    expect((await owner.api('/func-config')).body).toEqual(tools);
    expect((await owner.api('/ext-tools', put({ tools: [extTool()] }))).body).toEqual({
      tools: [extTool({ headers: {}, timeout_ms: 10_000 })],
    });
    await owner.api('/ext-tools', put({ tools: [] }));
    await owner.api('/func-config', put({ tools: [] }));
  });

  it('have versions, newest first, page by page, and any of them comes back', async () => {
    const who = await makeTenant(server.api);
    for (const prompt of ['one', 'two', 'three']) await who.api('/prompt', put({ prompt }));
    const versions = await who.api<Version[]>('/prompt/versions?limit=2');
    expect(versions.body).toMatchObject([
      { version: 3, created_by: who.id, value: { prompt: 'three' } },
      { version: 2, value: { prompt: 'two' } },
    ]);
    const next = /<([^>]+)>/.exec(versions.headers.get('link') ?? '')?.[1]?.replace(server.url, '') ?? '';
    expect((await who.api<Version[]>(next)).body).toMatchObject([{ version: 1, value: { prompt: 'one' } }]);
    expect(await restore(who, '/prompt', 1)).toMatchObject({ status: 200, body: { prompt: 'one' } });
    expect((await who.api('/prompt')).body).toMatchObject({ prompt: 'one' });
    const beyond = Buffer.from('[3000000000]').toString('base64url');
    expect((await who.api(`/prompt/versions?cursor=${beyond}`)).status).toBe(400);
    expect((await who.api<Version[]>('/prompt/versions')).body.map(({ version, value }) => `${version} ${value.prompt ?? ''}`)).toEqual([
      '4 one',
      '3 three',
      '2 two',
      '1 one',
    ]);
    for (const absent of [5, 0, 'x', '-1', '1.5', '99999999999']) {
      expect(await restore(who, '/prompt', absent)).toMatchObject({ status: 404, body: { code: 'VERSION_NOT_FOUND' } });
    }
  });

  it('follow each other where many write at once', async () => {
    const who = await makeTenant(server.api);
    const answers = await Promise.all(Array.from({ length: 10 }, (_, turn) => who.api('/prompt', put({ prompt: `p${turn}` }))));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const versions = (await who.api<Version[]>('/prompt/versions')).body;
    expect(versions.map(({ version }) => version)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect((await who.api('/prompt')).body).toMatchObject({ prompt: versions[0]?.value.prompt });
  });

  it('are forgotten by every node when one writes them', async () => {
    const who = await makeTenant(server.api);
    const second = await startServer({ database: server.database });
    const there = withHeaders(second.api, { authorization: `Bearer ${who.access_token}` });
    expect((await there('/prompt')).body).toMatchObject({ prompt: '' });
    await who.api('/prompt', put({ prompt: 'new' }));
    await eventually(
      () => there<{ prompt: string }>('/prompt'),
      ({ body }) => body.prompt === 'new',
      2_000,
    );
    await second.stop();
  });

  it('are written by admins, read by the staff, and are their tenant’s alone', async () => {
    const who = await makeTenant(server.api);
    await who.api('/prompt', put({ prompt: 'mine' }));
    const person = await makeUser(server.api, { client_id: who.client_id });
    for (const path of ['/prompt', '/func-config', '/ext-tools', '/prompt/versions']) expect((await person.api(path)).status).toBe(403);
    await who.api(`/users/${person.id}`, { method: 'PATCH', json: { role: 'staff' } });
    const staff = await signIn(server.api, person);
    expect((await staff.api('/prompt')).body).toMatchObject({ prompt: 'mine' });
    expect((await staff.api('/prompt', put({ prompt: 'x' }))).status).toBe(403);
    expect((await restore(staff, '/prompt', 1)).status).toBe(403);
    expect((await server.api('/prompt')).status).toBe(401);
    const stranger = await makeTenant(server.api);
    expect((await stranger.api('/prompt')).body).toMatchObject({ prompt: '' });
    expect((await restore(stranger, '/prompt', 1)).status).toBe(404);
    for (const [scope, reads, writes] of [
      ['phone', 200, 403],
      ['settings', 200, 200],
      ['rooms', 403, 403],
    ] as const) {
      const made = await who.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: scope, scopes: [scope] } });
      const key = withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': who.client_id });
      expect([(await key('/prompt')).status, (await key('/prompt', put({ prompt: 'by key' }))).status]).toEqual([reads, writes]);
    }
  });

  it('are noted in the audit log, without what they say', async () => {
    const who = await makeTenant(server.api);
    await who.api('/prompt', put({ prompt: 'a prompt that is nobody else’s business' }));
    const log = await who.api<unknown>('/audit-log?action=settings.changed');
    expect(log.body).toMatchObject([{ object_type: 'settings', object_id: 'prompt', details: { version: 1 } }]);
    expect(JSON.stringify(log.body)).not.toContain('business');
  });
});

describe('what is wrong with settings is told at its place', () => {
  const refused = async (path: string, json: object): Promise<string[]> => {
    const before = (await owner.api(path)).body;
    const answer = await owner.api<Refusal>(path, put(json));
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect((await owner.api(path)).body).toEqual(before);
    return answer.body.details?.map(({ field }) => field) ?? [];
  };

  it.each([
    [{}, 'prompt'],
    [{ prompt: 7 }, 'prompt'],
    [{ prompt: 'x'.repeat(32_769) }, 'prompt'],
    [{ prompt: '漢'.repeat(11_000) }, 'prompt'],
    [{ prompt: 'x', temperature: 2.1 }, 'temperature'],
    [{ prompt: 'x', temperature: '1' }, 'temperature'],
    [{ prompt: 'x', max_tokens: 0 }, 'max_tokens'],
    [{ prompt: 'x', max_tokens: 1.5 }, 'max_tokens'],
    [{ prompt: 'x', model: '' }, 'model'],
    [{ prompt: 'x', system: 'y' }, 'system'],
  ])('prompt %#', async (json, field) => {
    expect(await refused('/prompt', json)).toEqual([field]);
  });

  it('takes a prompt of 32 KiB', async () => {
    expect((await owner.api('/prompt', put({ prompt: 'x'.repeat(32_768) }))).status).toBe(200);
    expect((await owner.api('/prompt', put({ prompt: '漢'.repeat(10_922) }))).status).toBe(200);
  });

  it.each([
    [{}, 'tools'],
    [{ tools: {} }, 'tools'],
    [{ tools: [null] }, 'tools[0]'],
    [{ tools: [functionTool({ parameters: undefined })] }, 'tools[0].function.parameters'],
    [{ tools: [functionTool({ parameters: 'object' })] }, 'tools[0].function.parameters'],
    [{ tools: [functionTool({ parameters: { type: 'string' } })] }, 'tools[0].function.parameters.type'],
    [
      { tools: [functionTool(), functionTool({ name: 'b', parameters: { type: 'object', properties: { n: { type: 'nmber' } } } })] },
      'tools[1].function.parameters.properties.n.type',
    ],
    [{ tools: [functionTool({ parameters: { type: 'object', description: 'a\0b' } })] }, 'tools[0].function.parameters'],
    [{ tools: [functionTool({ name: 'with space' })] }, 'tools[0].function.name'],
    [{ tools: [functionTool({ name: 'end_call' })] }, 'tools[0].function.name'],
    [{ tools: [functionTool(), functionTool()] }, 'tools[1].function.name'],
    [{ tools: [{ ...functionTool(), type: 'retrieval' }] }, 'tools[0].type'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].function'],
  ])('functions %#', async (json, field) => {
    expect(await refused('/func-config', json)).toContain(field);
  });

  it.each([
    [{ tools: [extTool({ parameters: {} })] }, 'tools[0].parameters.type'],
    [{ tools: [extTool({ method: 'HEAD' })] }, 'tools[0].method'],
    [{ tools: [extTool({ timeout_ms: 99 })] }, 'tools[0].timeout_ms'],
    [{ tools: [extTool({ timeout_ms: 30_001 })] }, 'tools[0].timeout_ms'],
    [{ tools: [extTool({ name: 'search_faq' })] }, 'tools[0].name'],
    [{ tools: [extTool(), extTool()] }, 'tools[1].name'],
    [{ tools: [extTool({ url: 'https://8.8.8.8/{unknown}' })] }, 'tools[0].url'],
    [{ tools: [extTool({ url: 'https://10.1.2.3/' }), extTool({ name: 'b', url: 'nowhere' })] }, 'tools[1].url'],
    [{ tools: Array.from({ length: 65 }, (_, n) => extTool({ name: `t${n}` })) }, 'tools'],
  ])('ext-tools %#', async (json, field) => {
    expect(await refused('/ext-tools', json)).toContain(field);
  });

  it('no two tools have one name, whichever setting they stand in', async () => {
    const who = await makeTenant(server.api);
    await who.api('/ext-tools', put({ tools: [extTool({ name: 'shared' })] }));
    expect(await who.api('/func-config', put({ tools: [functionTool({ name: 'shared' })] }))).toMatchObject({
      status: 400,
      body: { details: [{ field: 'tools[0].function.name', message: 'is the name of another tool' }] },
    });
    await who.api('/ext-tools', put({ tools: [] }));
    expect((await who.api('/func-config', put({ tools: [functionTool({ name: 'shared' })] }))).status).toBe(200);
    // The first version has the name that a function has now.
    expect(await restore(who, '/ext-tools', 1)).toMatchObject({ status: 400, body: { details: [{ field: 'tools[0].name' }] } });
  });
});
