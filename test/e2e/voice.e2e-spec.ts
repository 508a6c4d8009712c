import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually, makeTenant, type TestUser, uniqueName } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { isReport, messagesOf, type OpenAiServer, startOpenAiServer, TEST_KEY } from '../support/openai-server.js';
import { Phone, verbsOf } from '../support/phone.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* A telephone call that the assistant answers, as Twilio makes it. */

interface Call {
  id: string;
  status: string;
  direction: string;
  phone_number: string;
  turns: Array<{ user_text: string; ai_text: string | null; tool_calls: Array<{ name: string; status: string }> }>;
}

const PUBLIC_URL = 'https://phone.example';
const NUMBER = '+815055556666';
const TOKEN = 'a-twilio-token-for-tests';
const SLOW_MS = 5_000;
let database: TestDatabase;
let model: OpenAiServer;
let one: TestServer;
let two: TestServer;
let owner: TestUser;
let caller = 0;

beforeAll(async () => {
  [database, model] = await Promise.all([createDatabase(), startOpenAiServer()]);
  model.apart(isReport, { text: '{"summary":"a","outcome":"none"}' });
  const env = {
    OPENAI_API_KEY: TEST_KEY,
    OPENAI_BASE_URL: model.base_url,
    TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
    TWILIO_AUTH_TOKEN: TOKEN,
    ASSISTANT_TIMEOUT_MS: '20000',
    SOCKET_ADAPTER: 'postgres',
    PUBLIC_URL,
  };
  [one, two] = await Promise.all([startServer({ database, env }), startServer({ database, env })]);
  owner = await makeTenant(one.api, uniqueName('voice'), { name: '桜サロン', phone_numbers: [NUMBER] });
}, 60_000);

afterEach(() => model.reset());

afterAll(async () => {
  await Promise.all([one.stop(), two.stop()]);
  await model.stop();
  await database.drop();
});

function aPhone(options: { from?: string; query?: string; nodes?: TestServer[]; token?: string } = {}): Phone {
  const { from = `+8190444${String(caller++).padStart(5, '0')}`, query = '', nodes = [one], token = TOKEN } = options;
  return new Phone(
    PUBLIC_URL,
    token,
    { from, to: NUMBER },
    query,
    nodes.map(({ url }) => url),
  );
}

async function callOf({ call_sid }: Phone): Promise<Call> {
  return (await owner.api<Call>(`/call?call_sid=${call_sid}`)).body;
}

describe('a call', () => {
  it('is greeted, heard, answered, and ended by the assistant', async () => {
    await owner.api('/prompt', { method: 'PUT', json: { prompt: 'あなたは桜サロンです。', voice: 'Polly.Mizuki' } });
    const phone = await aPhone().ring();
    expect(phone.heard).toEqual(['お電話ありがとうございます。桜サロンです。ご用件をお話しください。']);
    const [gather, say] = verbsOf(phone.answers[0]!.body);
    expect(gather).toMatchObject({ name: 'Gather', attributes: { input: 'speech', language: 'ja-JP', method: 'POST' } });
    expect(say).toMatchObject({ name: 'Say', attributes: { language: 'ja-JP', voice: 'Polly.Mizuki' } });
    expect(phone.answers[0]!.headers.get('content-type')).toBe('text/xml; charset=utf-8');

    model.reply(
      { text: '10時から19時までです。' },
      { text: '承りました。<失礼> & さようなら。', calls: [{ name: 'end_call', arguments: {} }] },
    );
    expect(await phone.say('営業時間を教えてください')).toBe('10時から19時までです。');
    expect(phone.is_over).toBe(false);
    expect(await phone.say('ありがとう')).toBe('承りました。<失礼> & さようなら。');
    expect(phone.is_over).toBe(true);

    const [, second] = model.requests;
    expect(
      messagesOf(second!)
        .slice(1)
        .map(({ content }) => content),
    ).toEqual(['営業時間を教えてください', '10時から19時までです。', 'ありがとう']);
    expect(await callOf(phone)).toMatchObject({
      direction: 'inbound',
      status: 'completed',
      turns: [
        { user_text: '営業時間を教えてください', ai_text: '10時から19時までです。' },
        { user_text: 'ありがとう', ai_text: '承りました。<失礼> & さようなら。', tool_calls: [{ name: 'end_call', status: 'done' }] },
      ],
    });
  });

  it('names its tenant in its URLs where the first one did', async () => {
    const phone = await aPhone({ query: `?client_id=${owner.client_id}` }).ring();
    expect(phone.target).toContain(`client_id=${owner.client_id}`);
    model.reply({ text: 'はい。' });
    expect(await phone.say('もしもし')).toBe('はい。');
  });

  it('is answered however long the model takes, and no request waits for it', async () => {
    const phone = await aPhone().ring();
    model.reply({ text: 'お待たせしました。', delay_ms: SLOW_MS });
    expect(await phone.say('難しい質問です')).toBe('少々お待ちください。 お待たせしました。');
    expect(phone.answers.length).toBeGreaterThan(3);
    expect(Math.max(...phone.took_ms)).toBeLessThan(SLOW_MS);
  }, 30_000);

  it('is answered whichever node its requests come to', async () => {
    const phone = await aPhone({ nodes: [one, two] }).ring();
    model.reply({ text: '一つ目です。', delay_ms: 1_800 }, { text: '二つ目です。', delay_ms: 1_800 });
    expect(await phone.say('a')).toMatch(/一つ目です。$/);
    expect(await phone.say('b')).toMatch(/二つ目です。$/);
    expect((await callOf(phone)).turns.length).toBe(2);
  }, 30_000);

  it('goes on after a model that failed, and ends politely where it fails again and again', async () => {
    const phone = await aPhone().ring();
    model.reply({ status: 400 }, { text: 'はい。' });
    expect(await phone.say('a')).toBe('申し訳ありません。うまくお答えできませんでした。もう一度お話しください。');
    expect(await phone.say('b')).toBe('はい。');
    model.otherwise({ status: 400 });
    expect(await phone.say('c')).toMatch(/もう一度/);
    expect(await phone.say('d')).toMatch(/もう一度/);
    expect(await phone.say('e')).toMatch(/ただいま応対できません/);
    expect(phone.is_over).toBe(true);
    expect((await callOf(phone)).turns.map(({ user_text, ai_text }) => [user_text, ai_text])).toEqual([
      ['a', null],
      ['b', 'はい。'],
      ['c', null],
      ['d', null],
      ['e', null],
    ]);
  }, 30_000);

  it('in which nobody speaks is asked again, and then ended', async () => {
    const phone = await aPhone().ring();
    expect(await phone.hush()).toBe('お声が聞き取れませんでした。もう一度お話しください。');
    model.reply({ text: 'はい。' });
    expect(await phone.say('聞こえますか')).toBe('はい。');
    await phone.hush();
    await phone.hush();
    expect(await phone.hush()).toMatch(/失礼いたします/);
    expect(phone.is_over).toBe(true);
  });

  it('has no functions that a caller would have to run', async () => {
    const parameters = { type: 'object', properties: {} };
    await owner.api('/func-config', { method: 'PUT', json: { tools: [{ type: 'function', function: { name: 'reserve', parameters } }] } });
    const phone = await aPhone().ring();
    model.reply({ calls: [{ name: 'reserve', arguments: {} }] }, { text: '承れません。' });
    expect(await phone.say('予約')).toBe('承れません。');
    expect(JSON.stringify(model.requests[0]?.body['tools'])).not.toContain('reserve');
    await owner.api('/func-config', { method: 'PUT', json: { tools: [] } });
  });

  it('may make a task, which is linked to it', async () => {
    const name = uniqueName('task');
    const phone = await aPhone({ from: '+819044488888' }).ring();
    model.reply(
      { calls: [{ name: 'create_task', arguments: { name, start_datetime: '2027-02-01T10:00:00', request: 'カット' } }] },
      { text: '承りました。' },
    );
    expect(await phone.say('予約')).toBe('承りました。');
    const { id } = await callOf(phone);
    expect((await owner.api(`/task/${name}`)).body).toMatchObject({ call_id: id, phone_number: '+819044488888' });
  });

  it('of somebody who hides the number knows nothing of others who do', async () => {
    for (const from of ['anonymous', '+266696687']) {
      const first = await aPhone({ from }).ring();
      model.reply({ text: '秘密の返事' });
      await first.say('私の秘密');
      const second = await aPhone({ from }).ring();
      model.reply({ text: 'はい' }, { text: 'はい' });
      await second.say('もしもし');
      await second.say('覚えていますか');
      const told = messagesOf(model.requests.at(-1)!).map(({ content }) => content);
      expect(told.join()).not.toContain('秘密');
      expect(told).toContain('もしもし');
      expect(told[0]).toContain('hidden');
    }
  });
});

describe('without a model', () => {
  it('a call is answered from the FAQs, and ends where the caller takes leave', async () => {
    const env = { TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef', TWILIO_AUTH_TOKEN: TOKEN, PUBLIC_URL };
    const bare = await startServer({ database, env });
    try {
      await owner.api('/faq', { method: 'POST', json: { question: '営業時間を教えてください', answer: '10時から19時までです。' } });
      const phone = await aPhone({ nodes: [bare] }).ring();
      expect(await phone.say('営業時間を教えてください')).toBe('10時から19時までです。');
      expect(phone.is_over).toBe(false);
      expect(await phone.say('ありがとうございました。失礼します。')).toBe('お電話ありがとうございました。失礼いたします。');
      expect(phone.is_over).toBe(true);
      expect((await callOf(phone)).status).toBe('completed');
    } finally {
      await bare.stop();
    }
  });
});

describe('the same request again', () => {
  it('does nothing again, and gets the same answer', async () => {
    const phone = await aPhone().ring();
    model.reply({ text: '一度だけ。', delay_ms: 300 });
    const target = phone.target!;
    const answers = await Promise.all([1, 2, 3].map(() => phone.send(target, { SpeechResult: '予約' })));
    for (const verbs of answers) expect(verbs.find(({ name }) => name === 'Say')?.text).toBe('一度だけ。');
    expect((await phone.send(target, { SpeechResult: '予約' })).find(({ name }) => name === 'Say')?.text).toBe('一度だけ。');
    expect(model.requests.length).toBe(1);
    expect((await callOf(phone)).turns.length).toBe(1);
  });
});

describe('while the database stands still', () => {
  it('the caller is told to wait, and what was said is not lost', async () => {
    const phone = await aPhone().ring();
    const client = new pg.Client({ connectionString: one.database_url });
    await client.connect();
    model.reply({ text: 'お待たせしました。' });
    try {
      await client.query('begin');
      await client.query('lock table calls in access exclusive mode');
      const saying = phone.say('大事な用件');
      await eventually(
        async () => phone.answers.length,
        (count) => count >= 3,
        10_000,
      );
      await client.query('rollback');
      expect(await saying).toMatch(/お待たせしました。$/);
    } finally {
      await client.end();
    }
    expect((await callOf(phone)).turns).toMatchObject([{ user_text: '大事な用件', ai_text: 'お待たせしました。' }]);
  }, 30_000);
});

describe('whoever is not Twilio', () => {
  it('is refused, and nothing is written', async () => {
    const before = await sql(one.database_url, 'select count(*) from calls');
    await expect(aPhone({ token: 'another-token' }).ring()).rejects.toThrow('403');
    await expect(aPhone({ query: '?client_id=nobody' }).ring()).rejects.toThrow('403');
    expect(await sql(one.database_url, 'select count(*) from calls')).toEqual(before);
    expect(model.requests.length).toBe(0);
  });
});
