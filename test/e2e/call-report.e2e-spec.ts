import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, type TestUser, uniqueName } from '../support/client.js';
import {
  isReport,
  messagesOf,
  type OpenAiServer,
  type Reply,
  type SeenRequest,
  startOpenAiServer,
  TEST_KEY,
} from '../support/openai-server.js';
import { startServer, type TestServer } from '../support/server.js';

/* After a call: what it was about and what came of it, in a job. */

interface Call {
  id: string;
  status: string;
  summary: string | null;
  outcome: string | null;
  metadata: Record<string, unknown>;
}

let model: OpenAiServer;
let server: TestServer;
let owner: TestUser;
let phone = 0;

beforeAll(async () => {
  model = await startOpenAiServer();
  server = await startServer({ env: { OPENAI_API_KEY: TEST_KEY, OPENAI_BASE_URL: model.base_url } });
  owner = await makeTenant(server.api);
}, 60_000);

afterEach(() => model.reset());

afterAll(async () => {
  await server.stop();
  await model.stop();
});

async function talk(turns: Reply[], report: Reply | ((request: SeenRequest) => Reply)): Promise<string> {
  let at = 0;
  model.otherwise((request) =>
    isReport(request) ? (typeof report === 'function' ? report(request) : report) : (turns[at++] ?? { text: 'はい' }),
  );
  const phone_number = `0902222${String(phone++).padStart(4, '0')}`;
  let call_id = '';
  for (const user_text of ['予約をお願いします', 'ありがとう']) {
    const { body } = await owner.api<{ call_id: string }>('/chat', { method: 'POST', json: { phone_number, user_text } });
    call_id = body.call_id;
  }
  return call_id;
}

async function callOf(id: string): Promise<Call> {
  return (await owner.api<Call>(`/call?id=${id}`)).body;
}

const reported = (id: string): Promise<Call> =>
  eventually(
    () => callOf(id),
    ({ outcome }) => outcome !== null,
    10_000,
  );

const END: Reply = { text: '失礼します', calls: [{ id: 'e', name: 'end_call', arguments: {} }] };

describe('after a call', () => {
  it('the model says what it was about, and its tasks are linked', async () => {
    const name = uniqueName('task');
    const id = await talk(
      [
        { calls: [{ id: 'a', name: 'create_task', arguments: { name, start_datetime: '2027-02-01T10:00:00', request: 'カット' } }] },
        { text: '承りました' },
        END,
      ],
      { text: '{"summary":"カットの予約を受けた。","outcome":"reserved"}', usage: { prompt_tokens: 50, completion_tokens: 10 } },
    );
    expect(await reported(id)).toMatchObject({
      status: 'completed',
      summary: 'カットの予約を受けた。',
      outcome: 'reserved',
      metadata: { tasks: [name] },
    });
    expect((await owner.api(`/task/${name}`)).body).toMatchObject({ call_id: id });
    const [system, script] = messagesOf(model.requests.find(isReport)!);
    expect(system?.content).toContain('reserved');
    expect(script?.content).toContain('Caller: 予約をお願いします');
    expect(script?.content).toContain('create_task');
    const usage = await owner.api<Array<{ ai_tokens: number }>>('/tenant/usage');
    expect(usage.body[0]?.ai_tokens).toBeGreaterThanOrEqual(60);
  });

  it('a model that refuses leaves the report to the words of the call', async () => {
    const id = await talk([{ text: '承りました' }, END], { status: 401 });
    const call = await reported(id);
    expect(call.outcome).toBe('answered');
    expect(call.summary).toContain('予約をお願いします');
  });

  it('a model that fails once is asked again', async () => {
    let asked = 0;
    const id = await talk([{ text: '承りました' }, END], () =>
      ++asked === 1 ? { text: 'I cannot do that' } : { text: '{"summary":"a","outcome":"none"}' },
    );
    await eventually(
      async () => asked,
      (count) => count >= 1,
    );
    expect((await callOf(id)).outcome).toBeNull();
  });

  it('what somebody wrote stays', async () => {
    const id = await talk([{ text: 'はい' }, { text: 'はい' }], { text: '{"summary":"by the model","outcome":"none"}' });
    await owner.api(`/call?id=${id}`, { method: 'PUT', json: { summary: '手書き' } });
    await owner.api(`/call?id=${id}`, { method: 'PUT', json: { status: 'completed' } });
    expect(await reported(id)).toMatchObject({ summary: '手書き', outcome: 'none' });
  });

  it('what somebody writes while the model thinks stays too', async () => {
    let is_asked = false;
    const id = await talk([{ text: '承りました' }, END], () => {
      is_asked = true;
      return { text: '{"summary":"by the model","outcome":"none"}', delay_ms: 1_500 };
    });
    await eventually(
      async () => is_asked,
      (asked) => asked,
      10_000,
    );
    expect((await owner.api(`/call?id=${id}`, { method: 'PUT', json: { summary: '手書き' } })).status).toBe(200);
    expect(await reported(id)).toMatchObject({ summary: '手書き', outcome: 'none' });
  });

  it('a call in which nothing was said has none', async () => {
    const { body } = await owner.api<Call>('/call', { method: 'POST', json: { phone_number: '09012345678' } });
    await owner.api(`/call?id=${body.id}`, { method: 'PUT', json: { status: 'completed' } });
    const marker = await talk([{ text: 'はい' }, END], { text: '{"summary":"later","outcome":"none"}' });
    await reported(marker);
    expect(await callOf(body.id)).toMatchObject({ summary: null, outcome: null });
  });
});
