import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, type TestUser } from '../support/client.js';
import { openEvents } from '../support/events.js';
import { startServer, type TestServer } from '../support/server.js';

/* A server without any key: the FAQs answer. */

interface Chat {
  reply: string;
  call_id: string;
  turn: number;
  provider: string;
  usage: object;
  tool_calls: object[];
}

let server: TestServer;
let owner: TestUser;

beforeAll(async () => {
  server = await startServer();
  owner = await makeTenant(server.api);
  const faqs = [
    ['営業時間は何時から何時までですか', '平日は10時から19時、土日は9時から18時まで営業しております。'],
    ['駐車場はありますか', '店の裏に3台分の駐車場がございます。'],
    ['キャンセルはいつまでにすればよいですか', '前日の18時までにご連絡ください。'],
    ['Do you have parking?', 'Yes, there are three spaces behind the shop.'],
    ['What are your opening hours?', 'We are open from 10 am to 7 pm on weekdays.'],
  ];
  for (const [question, answer] of faqs) {
    expect((await owner.api('/faq', { method: 'POST', json: { question, answer } })).status).toBe(201);
  }
}, 60_000);

afterAll(async () => {
  await server.stop();
});

async function ask(user_text: string, phone_number = '09012345678'): Promise<Chat> {
  const { status, body } = await owner.api<Chat>('/chat', { method: 'POST', json: { phone_number, user_text } });
  expect(status).toBe(200);
  return body;
}

describe('without a model', () => {
  it.each([
    ['営業時間を教えてください', '平日は10時から19時、土日は9時から18時まで営業しております。'],
    ['何時まで開いてますか', '平日は10時から19時、土日は9時から18時まで営業しております。'],
    ['いつ開いてますか', '平日は10時から19時、土日は9時から18時まで営業しております。'],
    ['くるまで行けます？', '店の裏に3台分の駐車場がございます。'],
    ['駐車場を使いたいのですが、ありますか？', '店の裏に3台分の駐車場がございます。'],
    ['キャンセルしたいのですがいつまで？', '前日の18時までにご連絡ください。'],
    ['When do you close?', 'We are open from 10 am to 7 pm on weekdays.'],
    ['Is there parking?', 'Yes, there are three spaces behind the shop.'],
    ['when are your opening hours', 'We are open from 10 am to 7 pm on weekdays.'],
  ])('%s is answered by a FAQ, to the letter', async (question, answer) => {
    const { reply, provider, tool_calls, usage } = await ask(question);
    expect([reply, provider, tool_calls]).toEqual([answer, 'faq', []]);
    expect(usage).toEqual({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 });
  });

  it.each([
    ['宇宙旅行の保険に入れますか', /見つかりませんでした/],
    ['Can you repair my submarine engine?', /found no answer/],
    ['…', /見つかりませんでした/],
  ])('%s is told to be unknown, in its own language', async (question, words) => {
    expect((await ask(question)).reply).toMatch(words);
  });

  it('a farewell ends the call, and its report quotes what was said', async () => {
    const number = '09055556666';
    const { call_id } = await ask('駐車場はありますか', number);
    const last = await ask('ありがとうございました。失礼します。', number);
    expect(last).toMatchObject({ call_id, turn: 2, reply: 'お電話ありがとうございました。失礼いたします。' });
    const call = await eventually(
      async () => (await owner.api<Record<string, string | null>>(`/call?id=${call_id}`)).body,
      ({ summary }) => summary !== null,
    );
    expect(call).toMatchObject({ status: 'completed', outcome: 'answered' });
    expect(call['summary']).toContain('駐車場はありますか');
  });

  it('events are the same', async () => {
    const events = await openEvents(
      `${server.url}/chat`,
      { authorization: `Bearer ${owner.access_token}` },
      { phone_number: '09012345678', user_text: '駐車場はありますか' },
    );
    expect((await events.rest()).map(({ event }) => event)).toEqual(['delta', 'done']);
  });

  it('the log says who answered', async () => {
    const { body } = await owner.api<Array<Record<string, unknown>>>('/chat-logs?limit=1');
    expect(body[0]).toMatchObject({ provider: 'faq', model: null, status: 'done', prompt_tokens: 0, error: null });
  });

  it("another tenant's FAQs answer nobody here", async () => {
    const other = await makeTenant(server.api);
    const { body } = await other.api<Chat>('/chat', {
      method: 'POST',
      json: { phone_number: '09012345678', user_text: '駐車場はありますか' },
    });
    expect(body.reply).toMatch(/見つかりませんでした/);
  });
});
