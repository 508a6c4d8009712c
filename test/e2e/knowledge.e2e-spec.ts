import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTenant, makeUser, signIn, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';

/* FAQs and tasks: made, found, changed and deleted by the names that callers give them. */

interface Refusal {
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

let server: TestServer;
let owner: TestUser;
let staff: TestUser;
let member: TestUser;
let other: TestUser;

beforeAll(async () => {
  server = await startServer();
  [owner, other] = await Promise.all([makeTenant(server.api), makeTenant(server.api)]);
  const person = await makeUser(server.api, { client_id: owner.client_id });
  await owner.api(`/users/${person.id}`, { method: 'PATCH', json: { role: 'staff' } });
  [staff, member] = await Promise.all([signIn(server.api, person), makeUser(server.api, { client_id: owner.client_id })]);
}, 60_000);

afterAll(async () => {
  await server.stop();
});

const post = (json: object): { method: string; json: object } => ({ method: 'POST', json });
const put = (json: object): { method: string; json: object } => ({ method: 'PUT', json });
const remove = { method: 'DELETE' };
const faqPath = (question: string): string => `/faq/${encodeURIComponent(question)}`;
const taskPath = (name: string): string => `/task/${encodeURIComponent(name)}`;
const fieldsOf = ({ body }: Answer<Refusal>): string[] => body.details?.map(({ field }) => field) ?? [];

describe('FAQs', () => {
  it('are made, found, changed and deleted by their question', async () => {
    const question = '駐車場はありますか？';
    const made = await staff.api('/faq', post({ question, answer: '3台分あります。', tags: ['車', '車', 'パーキング'] }));
    expect(made).toMatchObject({ status: 201, body: { question, answer: '3台分あります。', tags: ['車', 'パーキング'] } });
    expect((await member.api(faqPath(question))).body).toEqual(made.body);
    expect((await member.api('/faqs')).body).toEqual([made.body]);
    const changed = await staff.api<{ updated_at: string; created_at: string }>(faqPath(question), put({ answer: '5台分あります。' }));
    expect(changed).toMatchObject({ status: 200, body: { question, answer: '5台分あります。', tags: ['車', 'パーキング'] } });
    expect(changed.body.updated_at > changed.body.created_at).toBe(true);
    expect(await staff.api(faqPath(question), remove)).toMatchObject({ status: 200, body: { message: 'FAQ deleted' } });
    for (const gone of [
      await staff.api(faqPath(question)),
      await staff.api(faqPath(question), remove),
      await staff.api(faqPath(question), put({ answer: 'x' })),
    ]) {
      expect(gone).toMatchObject({ status: 404, body: { code: 'FAQ_NOT_FOUND', message: 'FAQ not found' } });
    }
  });

  it.each([
    'a/b?c=d&e#f%',
    '100%',
    'C:\\temp',
    '"quoted" \'single\'',
    'かな カナ 漢字',
    '...',
    ' leading',
    '😀'.repeat(500),
    'é',
    'export',
    '+ plus',
  ])('have any question as their name: %s', async (question) => {
    expect((await staff.api('/faq', post({ question, answer: 'yes' }))).status).toBe(201);
    expect(await staff.api(faqPath(question))).toMatchObject({ status: 200, body: { question } });
    expect((await staff.api(`/api${faqPath(question)}`, remove)).status).toBe(200);
  });

  it('are one however their characters are put together', async () => {
    const [one, parts] = ['ガレージがありますか', 'ガレージがありますか'].map((text, index) =>
      text.normalize(index === 0 ? 'NFC' : 'NFD'),
    ) as [string, string];
    expect(parts).not.toBe(one);
    const json = { question: parts, answer: 'はい', tags: ['ガレージ', 'ガレージ'.normalize('NFD')] };
    expect(await staff.api('/faq', post(json))).toMatchObject({ status: 201, body: { question: one, tags: ['ガレージ'] } });
    expect(await staff.api('/faq', post({ question: one, answer: 'はい' }))).toMatchObject({ status: 409, body: { code: 'FAQ_EXISTS' } });
    for (const question of [one, parts]) {
      expect(await member.api(faqPath(question))).toMatchObject({ status: 200, body: { question: one } });
      expect((await staff.api(faqPath(question), put({ answer: 'いいえ' }))).status).toBe(200);
      const [found] = (await member.api<Array<{ question: string }>>(`/faqs?q=${encodeURIComponent(question)}`)).body;
      expect(found?.question).toBe(one);
    }
    const csv = `question,answer\n${parts},もちろん\n`;
    const headers = { 'content-type': 'text/csv' };
    expect((await staff.api('/faqs/import', { method: 'POST', body: csv, headers })).body).toMatchObject({ created: 0, updated: 1 });
    // 500 characters, however many parts they have.
    const longest = 'が'.repeat(500).normalize('NFD');
    expect((await staff.api('/faq', post({ question: longest, answer: 'x' }))).status).toBe(201);
    for (const question of [longest, parts]) expect((await staff.api(faqPath(question), remove)).status).toBe(200);
    expect((await staff.api(faqPath(one))).status).toBe(404);
  });

  it.each([
    ['/faq/.', 400],
    ['/faq/..', 400],
    ['/faq/%2e', 400],
    ['/faq/%2E%2e', 400],
    ['/faq/%E0%A4%A', 400],
    ['/faq/%00', 400],
    [`/faq/${'x'.repeat(501)}`, 404],
  ])('have no name that no path keeps: %s', async (path, status) => {
    // As it is written: `fetch` would take dots away by itself.
    const { request } = await import('node:http');
    const answered = await new Promise<number>((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      request({ hostname, port, path, headers: { authorization: `Bearer ${staff.access_token}` } }, (response) =>
        resolve(response.resume().statusCode ?? 0),
      )
        .on('error', reject)
        .end();
    });
    expect(answered).toBe(status);
  });

  it.each([
    [{}, ['answer', 'question']],
    [{ question: '', answer: '' }, ['answer', 'question']],
    [{ question: '  ', answer: '\n' }, ['answer', 'question']],
    [{ question: '.', answer: 'a' }, ['question']],
    [{ question: '..', answer: 'a' }, ['question']],
    [{ question: 'q'.repeat(501), answer: 'a'.repeat(4_001) }, ['answer', 'question']],
    [{ question: 'q\0', answer: 'a' }, ['question']],
    [{ question: 'q', answer: 'a', tags: 'tag' }, ['tags']],
    [{ question: 'q', answer: 'a', tags: [1] }, ['tags']],
    [{ question: 'q', answer: 'a', tags: Array.from({ length: 21 }, (_, n) => `t${n}`) }, ['tags']],
    [{ question: 7, answer: ['a'] }, ['answer', 'question']],
    [{ question: 'q', answer: 'a', id: 'x' }, ['id']],
  ])('are refused where they are none: %j', async (json, fields) => {
    const refused = await staff.api<Refusal>('/faq', post(json));
    expect(refused).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(fieldsOf(refused).sort()).toEqual(fields);
  });

  it('are one for each question, also where many are made at once', async () => {
    const question = uniqueName('once-');
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, turn) => staff.api<Refusal>('/faq', post({ question, answer: `a${turn}` }))),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.filter(({ status }) => status !== 201).map(({ status, body }) => `${status} ${body.code}`))).toEqual(
      new Set(['409 FAQ_EXISTS']),
    );
    const second = uniqueName('second-');
    await staff.api('/faq', post({ question: second, answer: 'b' }));
    expect(await staff.api(faqPath(second), put({ question }))).toMatchObject({ status: 409, body: { message: 'FAQ already exists' } });
    const renamed = uniqueName('renamed-');
    expect((await staff.api(faqPath(second), put({ question: renamed }))).status).toBe(200);
    expect([(await staff.api(faqPath(second))).status, (await staff.api(faqPath(renamed))).status]).toEqual([404, 200]);
  });

  it('survive changes at once, and are found by their last words alone', async () => {
    const question = uniqueName('busy-');
    await staff.api('/faq', post({ question, answer: 'zero' }));
    const changes = await Promise.all(
      Array.from({ length: 6 }, (_, turn) => staff.api(faqPath(question), put({ answer: `水族館${turn}` }))),
    );
    expect(changes.map(({ status }) => status)).toEqual(changes.map(() => 200));
    await staff.api(faqPath(question), put({ answer: '植物園' }));
    const found = await staff.api<Array<{ question: string }>>('/faqs?q=' + encodeURIComponent('水族館'));
    expect(found.body.filter((faq) => faq.question === question)).toEqual([]);
    expect((await staff.api<Array<{ question: string }>>('/faqs?q=' + encodeURIComponent('植物園'))).body[0]?.question).toBe(question);
  });

  it('are listed by question, page by page', async () => {
    const who = await makeTenant(server.api);
    const questions = ['い', 'あ', 'B', 'a', 'う', 'A', '漢'];
    for (const question of questions) await who.api('/faq', post({ question, answer: 'x' }));
    const seen: string[] = [];
    for (let path: string | null = '/faqs?limit=2'; path !== null;) {
      const page: Answer<Array<{ question: string }>> = await who.api(path);
      seen.push(...page.body.map(({ question }) => question));
      path = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1]?.replace(server.url, '') ?? null;
    }
    expect(seen).toEqual([...questions].sort());
    expect(fieldsOf(await who.api<Refusal>('/faqs?limit=0'))).toEqual(['limit']);
    expect(await who.api('/faqs?cursor=nonsense')).toMatchObject({ status: 400, body: { code: 'INVALID_CURSOR' } });
  });

  it('are read by members, written by the staff and by keys of the phone desk, and are their tenant’s alone', async () => {
    const question = uniqueName('mine-');
    await staff.api('/faq', post({ question, answer: '秘密の答え' }));
    expect((await member.api(faqPath(question))).status).toBe(200);
    for (const refused of [
      await member.api('/faq', post({ question: 'x', answer: 'x' })),
      await member.api(faqPath(question), put({ answer: 'x' })),
      await member.api(faqPath(question), remove),
    ]) {
      expect(refused.status).toBe(403);
    }
    expect((await server.api('/faqs')).status).toBe(401);
    expect((await other.api(faqPath(question))).status).toBe(404);
    expect((await other.api(faqPath(question), put({ answer: 'x' }))).status).toBe(404);
    expect((await other.api(faqPath(question), remove)).status).toBe(404);
    expect((await other.api('/faqs?q=' + encodeURIComponent('秘密の答え'))).body).toEqual([]);
    expect((await other.api('/faq', post({ question, answer: 'another' }))).status).toBe(201);
    const key = await owner.api<{ key: string }>('/api-keys', post({ name: 'desk', scopes: ['phone'] }));
    const desk = withHeaders(server.api, { authorization: `Bearer ${key.body.key}`, 'x-client-id': owner.client_id });
    expect((await desk(faqPath(question), put({ answer: 'by key' }))).status).toBe(200);
  });
});

describe('tasks', () => {
  const task = (changes: object = {}): object => ({
    name: uniqueName('task-'),
    phone_number: '09012345678',
    start_datetime: '2024-12-01T10:00:00',
    request: 'カット',
    ...changes,
  });

  it('are kept as they were written', async () => {
    const written = task({ name: 'タナカ_20241201_1000' });
    const made = await staff.api('/task', post(written));
    expect(made).toMatchObject({ status: 201, body: { ...written, status: 'open', call_id: null } });
    expect((await staff.api(taskPath('タナカ_20241201_1000'))).body).toEqual(made.body);
    expect(await staff.api('/task', post(written))).toMatchObject({
      status: 409,
      body: { code: 'TASK_EXISTS', message: 'Task already exists' },
    });
    expect(await staff.api(taskPath('タナカ_20241201_1000'), put({ status: 'done', start_datetime: '2024-12-01 11:30' }))).toMatchObject({
      status: 200,
      body: { ...written, status: 'done', start_datetime: '2024-12-01 11:30' },
    });
    expect(await staff.api(taskPath('タナカ_20241201_1000'), remove)).toMatchObject({ status: 200, body: { message: 'Task deleted' } });
    expect(await staff.api(taskPath('タナカ_20241201_1000'))).toMatchObject({ status: 404, body: { message: 'Task not found' } });
  });

  it('are found by the number however it is written, by time and by status', async () => {
    const who = await makeTenant(server.api);
    await who.api('/task', post(task({ name: 'one', phone_number: '090-1234-5678' })));
    await who.api('/task', post(task({ name: 'two', phone_number: '+819012345678', start_datetime: '2024-12-01T12:00', status: 'done' })));
    await who.api('/task', post(task({ name: 'three', phone_number: '０３−１２３４−５６７８', start_datetime: '2024-12-02T00:00:00' })));
    const names = async (query: string): Promise<string[]> =>
      (await who.api<Array<{ name: string }>>(`/tasks?${query}`)).body.map(({ name }) => name);
    expect(await names('')).toEqual(['three', 'two', 'one']);
    for (const phone of ['09012345678', '%2B819012345678', '090-1234-5678', '+81 90-1234-5678']) {
      expect(await names(`phone=${encodeURIComponent(decodeURIComponent(phone))}`)).toEqual(['two', 'one']);
    }
    expect(await names('from=2024-12-01T12:00:00')).toEqual(['three', 'two']);
    expect(await names('to=2024-12-01T12:00:00')).toEqual(['one']);
    expect(await names('from=2024-12-01&to=2024-12-02')).toEqual(['two', 'one']);
    // Ten o'clock in Tokyo.
    expect(await names('from=2024-12-01T01:00:00Z&to=2024-12-01T01:00:01Z')).toEqual(['one']);
    expect(await names('status=done')).toEqual(['two']);
    expect(await names('phone=0312345678&status=open')).toEqual(['three']);
    const page = await who.api<Array<{ name: string }>>('/tasks?limit=2');
    const next = /<([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1]?.replace(server.url, '') ?? '';
    expect((await who.api<Array<{ name: string }>>(next)).body.map(({ name }) => name)).toEqual(['one']);
  });

  it.each([
    [{ phone_number: 'not a number' }, 'phone_number'],
    [{ phone_number: '12' }, 'phone_number'],
    [{ start_datetime: 'tomorrow' }, 'start_datetime'],
    [{ start_datetime: '2024-02-30T10:00:00' }, 'start_datetime'],
    [{ start_datetime: '2024-12-01T10:00:00Z' }, 'start_datetime'],
    [{ start_datetime: '2024-12-01' }, 'start_datetime'],
    [{ name: '..' }, 'name'],
    [{ name: 'n'.repeat(201) }, 'name'],
    [{ request: '' }, 'request'],
    [{ status: 'finished' }, 'status'],
    [{ owner: 'me' }, 'owner'],
    [{ call_id: '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10' }, 'call_id'],
  ])('are refused where they are none: %j', async (changes, field) => {
    const refused = await staff.api<Refusal>('/task', post(task(changes)));
    expect([refused.status, fieldsOf(refused)]).toEqual([400, [field]]);
  });

  it.each(['phone=x', 'from=yesterday', 'to=2024-13-01', 'status=lost', 'limit=0', 'limit=201'])('are not listed by ?%s', async (query) => {
    expect(await staff.api(`/tasks?${query}`)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });

  it('are one for each name, also where many are made at once', async () => {
    const wanted = task();
    const answers = await Promise.all(Array.from({ length: 8 }, () => staff.api('/task', post(wanted))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
  });

  it('are the staff’s, in their own tenant', async () => {
    const wanted = task() as { name: string };
    await staff.api('/task', post(wanted));
    for (const refused of [
      await member.api('/tasks'),
      await member.api('/task', post(task())),
      await member.api(taskPath(wanted.name)),
      await member.api(taskPath(wanted.name), remove),
    ]) {
      expect(refused.status).toBe(403);
    }
    expect((await server.api('/tasks')).status).toBe(401);
    expect((await other.api(taskPath(wanted.name))).status).toBe(404);
    expect((await other.api(taskPath(wanted.name), remove)).status).toBe(404);
    expect((await other.api('/tasks')).body).toEqual([]);
    expect((await staff.api(taskPath(wanted.name))).status).toBe(200);
  });
});
