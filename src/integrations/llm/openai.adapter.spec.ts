import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenAiServer, startOpenAiServer, TEST_KEY } from '../../../test/support/openai-server.js';
import type { ModelAccount, ModelRequest } from './language-model.port.js';
import { ModelError } from './model-error.js';
import { OpenAiAdapter } from './openai.adapter.js';

/* Over the wire: the package, our connections and a server in the shape of OpenAI's. */

const PATIENCE = { connect_ms: 1_000, first_byte_ms: 400, idle_ms: 400 };
const REQUEST: ModelRequest = { model: 'm', messages: [{ role: 'user', content: '予約したいです' }] };

let server: OpenAiServer;
let adapter: OpenAiAdapter;
let account: ModelAccount;

beforeAll(async () => {
  server = await startOpenAiServer();
  adapter = new OpenAiAdapter({ patience: PATIENCE });
  account = { api_key: TEST_KEY, base_url: server.base_url, allow_private: true };
});

afterEach(() => server.reset());

afterAll(async () => {
  await adapter.onApplicationShutdown();
  await server.stop();
});

const options = (budget_ms = 10_000): { signal: AbortSignal; deadline_ms: number } => ({
  signal: AbortSignal.timeout(budget_ms),
  deadline_ms: performance.now() + budget_ms,
});

const failureOf = (exchange: Promise<unknown>): Promise<ModelError> =>
  exchange.then(
    () => {
      throw new Error('It did not fail');
    },
    (error: unknown) => {
      if (!(error instanceof ModelError)) throw error;
      return error;
    },
  );

describe('an answer', () => {
  it('comes in pieces, and whole in the end, with what it cost', async () => {
    server.reply({ text: 'かしこまりました。', usage: { prompt_tokens: 20, completion_tokens: 9 } });
    const pieces: string[] = [];
    const answer = await adapter.chat(account, REQUEST, { ...options(), on_text: (text) => void pieces.push(text) });
    expect(answer).toEqual({ text: 'かしこまりました。', tool_calls: [], usage: { prompt_tokens: 20, completion_tokens: 9 } });
    expect(pieces.length).toBe(9);
    expect(pieces.join('')).toBe('かしこまりました。');
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${TEST_KEY}`);
    expect(server.requests[0]?.body).toMatchObject({ model: 'm', stream: true, messages: [{ role: 'user', content: '予約したいです' }] });
  });

  it('of a model that chooses its temperature itself comes although one is named; it is asked so once', async () => {
    const error = {
      message: "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
      type: 'invalid_request_error',
      param: 'temperature',
      code: 'unsupported_value',
    };
    const request = { ...REQUEST, model: 'thinker', temperature: 0.5 };
    server.reply({ status: 400, error }, { text: 'はい。' }, { text: 'はい。' }, { text: 'はい。' });
    for (let turn = 0; turn < 2; turn++) expect((await adapter.chat(account, request, options())).text).toBe('はい。');
    await adapter.chat(account, { ...request, model: 'other' }, options());
    expect(server.requests.map(({ body }) => body['temperature'])).toEqual([0.5, undefined, undefined, 0.5]);
  });

  it('may call tools, whose arguments come in pieces too', async () => {
    server.reply({
      calls: [
        { name: 'search_faq', arguments: { query: '営業時間' }, id: 'a' },
        { name: 'end_call', arguments: '{broken', id: 'b' },
      ],
    });
    const { tool_calls } = await adapter.chat(
      account,
      { ...REQUEST, tools: [{ name: 'search_faq', parameters: { type: 'object' } }] },
      options(),
    );
    expect(tool_calls).toEqual([
      { id: 'a', name: 'search_faq', arguments: '{"query":"営業時間"}' },
      { id: 'b', name: 'end_call', arguments: '{broken' },
    ]);
    expect(server.requests[0]?.body['tools']).toEqual([
      { type: 'function', function: { name: 'search_faq', parameters: { type: 'object' } } },
    ]);
  });

  it('is read no faster than it is taken', async () => {
    server.reply({ text: 'あいうえお' });
    let taken = 0;
    let at_once = 0;
    await adapter.chat(account, REQUEST, {
      ...options(),
      on_text: async () => {
        at_once = Math.max(at_once, ++taken);
        await new Promise((resolve) => setImmediate(resolve));
        taken--;
      },
    });
    expect(at_once).toBe(1);
  });
});

describe('a server that fails', () => {
  it.each([429, 500, 503])('with %i is asked again', async (status) => {
    server.reply({ status, headers: { 'retry-after': '0' } }, { text: 'はい' });
    expect((await adapter.chat(account, REQUEST, options())).text).toBe('はい');
    expect(server.requests.length).toBe(2);
  });

  it('is asked three times at most', async () => {
    server.otherwise({ status: 500, headers: { 'retry-after': '0' } });
    expect(await failureOf(adapter.chat(account, REQUEST, options()))).toMatchObject({ failure: 'failed', status: 500 });
    expect(server.requests.length).toBe(3);
  });

  it('and asks to wait longer than there is time is told of at once, with its wish', async () => {
    server.reply({ status: 429, headers: { 'retry-after': '30' } });
    expect(await failureOf(adapter.chat(account, REQUEST, options()))).toMatchObject({ failure: 'busy', retry_after_seconds: 30 });
    expect(server.requests.length).toBe(1);
  });

  it.each([
    [401, 'invalid_api_key'],
    [400, 'context_length_exceeded'],
    [404, 'model_not_found'],
  ])('with %i (%s) has refused: it is not asked again, and what it wrote is not repeated', async (status, code) => {
    server.reply({ status, error: { message: `Incorrect API key provided: ${TEST_KEY}`, code } });
    const error = await failureOf(adapter.chat(account, REQUEST, options()));
    expect(error).toMatchObject({ failure: 'refused', status });
    expect(error.message).toContain(code);
    expect(`${error.message}${error.stack ?? ''}${JSON.stringify(error)}${String(error.cause)}`).not.toContain(TEST_KEY.slice(0, 12));
    expect(server.requests.length).toBe(1);
  });

  it('since the account is used up is not asked again', async () => {
    server.reply({ status: 429, error: { message: 'quota', code: 'insufficient_quota' } });
    expect(await failureOf(adapter.chat(account, REQUEST, options()))).toMatchObject({ failure: 'busy' });
    expect(server.requests.length).toBe(1);
  });

  it('by breaking off before any text is asked again', async () => {
    server.reply({ text: 'はい', cut_after: 1 }, { text: 'はい' });
    expect((await adapter.chat(account, REQUEST, options())).text).toBe('はい');
  });

  it.each([
    ['cut', { cut_after: 3 }],
    ['ended early', { ends_after: 3 }],
  ])('by breaking off within the text (%s) is not asked again, since a part was given out', async (_name, how) => {
    server.reply({ text: 'かしこまりました', ...how });
    let heard = '';
    const failure = await failureOf(adapter.chat(account, REQUEST, { ...options(), on_text: (text) => void (heard += text) }));
    expect(failure.failure).toBe('failed');
    expect(heard).toBe('かし');
    expect(server.requests.length).toBe(1);
  });

  it('by answering what is no JSON', async () => {
    server.otherwise({ raw: 'data: {"choices":[{"delta"\n\n' });
    expect((await failureOf(adapter.chat(account, REQUEST, options()))).failure).toBe('failed');
  });

  it('by an error within the stream', async () => {
    server.otherwise({ raw: `data: ${JSON.stringify({ error: { message: `bad ${TEST_KEY}`, code: 'server_error' } })}\n\n` });
    const error = await failureOf(adapter.chat(account, REQUEST, options()));
    expect(error.failure).toBe('failed');
    expect(error.message).not.toContain('sk-test');
  });
});

describe('a server that is slow', () => {
  it('to begin is asked again, and given up in time', async () => {
    server.otherwise({ hangs: true });
    expect((await failureOf(adapter.chat(account, REQUEST, options(1_000)))).failure).toBe('timeout');
    expect(server.requests.length).toBeGreaterThan(1);
  });

  it('to go on is given up', async () => {
    server.reply({ text: 'かしこまりました', stalls_after: 3 });
    expect((await failureOf(adapter.chat(account, REQUEST, { ...options(), on_text: () => undefined }))).failure).toBe('timeout');
  });

  it('to end is cut off, by time or by size', async () => {
    server.otherwise({ is_endless: true, piece_delay_ms: 1 });
    expect((await failureOf(adapter.chat(account, REQUEST, options(300)))).failure).toBe('timeout');
    server.otherwise({ is_endless: true });
    expect((await failureOf(adapter.chat(account, REQUEST, options()))).failure).toBe('failed');
  });
});

describe('whoever asks', () => {
  it('and goes away ends the exchange upstream', async () => {
    server.reply({ text: 'かしこまりました', stalls_after: 3 });
    const leaving = new AbortController();
    const failure = await failureOf(
      adapter.chat(account, REQUEST, { signal: leaving.signal, deadline_ms: performance.now() + 10_000, on_text: () => leaving.abort() }),
    );
    expect(failure.failure).toBe('aborted');
    for (let turn = 0; turn < 200 && !server.requests[0]?.is_gone; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(server.requests[0]?.is_gone).toBe(true);
  });

  it('by an address that a tenant named reaches no private one, and follows nobody there', async () => {
    const tenants = { ...account, allow_private: false };
    expect(await failureOf(adapter.chat(tenants, REQUEST, options()))).toMatchObject({ failure: 'refused' });
    server.reply({ status: 200, raw: '' });
    const by_name = { ...tenants, base_url: server.base_url.replace('127.0.0.1', 'localhost') };
    expect((await failureOf(adapter.chat(by_name, REQUEST, options()))).failure).toBe('refused');
    expect(server.requests.length).toBe(0);
  });
});

describe('texts', () => {
  it('become vectors in their order', async () => {
    const { vectors } = await adapter.embed(account, { model: 'e', inputs: ['営業時間', '予約', '営業時間'] }, options());
    expect(vectors.length).toBe(3);
    expect(vectors[0]).toEqual(vectors[2]);
    expect(vectors[0]).not.toEqual(vectors[1]);
  });
});
