import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTenant, makeUser, type TestUser } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';

let server: TestServer;
let owner: TestUser;

beforeAll(async () => {
  server = await startServer();
  owner = await makeTenant(server.api);
});

afterAll(async () => {
  await server.stop();
});

const post = (json: object): { method: string; json: object } => ({ method: 'POST', json });
const put = (json: object): { method: string; json: object } => ({ method: 'PUT', json });

describe('FAQs', () => {
  it('are made, found, changed and deleted by their question', async () => {
    const question = '駐車場はありますか？';
    const path = `/faq/${encodeURIComponent(question)}`;
    const made = await owner.api('/faq', post({ question, answer: '3台分あります。', tags: ['車'] }));
    expect(made).toMatchObject({ status: 201, body: { question, answer: '3台分あります。', tags: ['車'] } });
    expect(await owner.api('/faq', post({ question, answer: 'x' }))).toMatchObject({ status: 409, body: { code: 'FAQ_EXISTS' } });
    expect((await owner.api(path)).body).toEqual(made.body);
    expect((await owner.api<object[]>('/faqs')).body).toEqual([made.body]);
    expect((await owner.api<object[]>(`/faqs?q=${encodeURIComponent('駐車場')}`)).body).toEqual([made.body]);
    expect(await owner.api(path, put({ answer: '5台分あります。' }))).toMatchObject({
      status: 200,
      body: { question, answer: '5台分あります。' },
    });
    expect(await owner.api(path, { method: 'DELETE' })).toMatchObject({ status: 200, body: { message: 'FAQ deleted' } });
    expect(await owner.api(path)).toMatchObject({ status: 404, body: { message: 'FAQ not found' } });
  });
});

describe('tasks', () => {
  it('are kept as they were written', async () => {
    const task = { name: 'タナカ_20241201_1000', phone_number: '090-1234-5678', start_datetime: '2024-12-01T10:00:00', request: 'カット' };
    const path = `/task/${encodeURIComponent(task.name)}`;
    const made = await owner.api('/task', post(task));
    expect(made).toMatchObject({ status: 201, body: { ...task, status: 'open' } });
    expect(await owner.api('/task', post(task))).toMatchObject({ status: 409, body: { code: 'TASK_EXISTS' } });
    expect((await owner.api<object[]>('/tasks?phone=%2B819012345678')).body).toEqual([made.body]);
    expect(await owner.api(path, put({ status: 'done' }))).toMatchObject({ status: 200, body: { ...task, status: 'done' } });
    expect((await owner.api(path, { method: 'DELETE' })).status).toBe(200);
    expect(await owner.api(path)).toMatchObject({ status: 404, body: { message: 'Task not found' } });
  });
});

describe('settings', () => {
  it('are read as they are written, and come back by version', async () => {
    expect((await owner.api('/prompt')).body).toMatchObject({ prompt: '' });
    await owner.api('/prompt', put({ prompt: 'one' }));
    const second = await owner.api('/prompt', put({ prompt: 'two', temperature: 0.3 }));
    expect(second).toMatchObject({ status: 200, body: { prompt: 'two', temperature: 0.3, model: null } });
    expect((await owner.api('/prompt')).body).toEqual(second.body);
    const versions = await owner.api<Array<{ version: number; value: object }>>('/prompt/versions');
    expect(versions.body.map(({ version }) => version)).toEqual([2, 1]);
    expect(await owner.api('/prompt/versions/1/restore', { method: 'POST' })).toMatchObject({ status: 200, body: { prompt: 'one' } });
    expect((await owner.api('/prompt')).body).toMatchObject({ prompt: 'one' });
    expect((await makeUser(server.api, { client_id: owner.client_id })).api).toBeDefined();
  });
});
