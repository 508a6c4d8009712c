import { describe, expect, it } from '@jest/globals';
import type { ModelAnswer, ModelMessage } from '../../../integrations/llm/index.js';
import { type Ask, LOOP_LIMITS, type LoopListener, ToolLoop } from './tool-loop.js';
import { type Tool, ToolFailure } from './tool.js';

const USAGE = { prompt_tokens: 10, completion_tokens: 5 };

interface Script {
  text?: string;
  calls?: Array<{ id?: string; name: string; arguments?: string }>;
}

/** A model that answers what it is told to; the last answer again and again. */
function scripted(...answers: Script[]): { ask: Ask; asked: Array<{ messages: readonly ModelMessage[]; may_call: boolean }> } {
  const asked: Array<{ messages: readonly ModelMessage[]; may_call: boolean }> = [];
  const ask: Ask = async ({ messages, may_call, on_text }) => {
    asked.push({ messages: [...messages], may_call });
    const { text = '', calls = [] } = answers[Math.min(asked.length, answers.length) - 1] ?? {};
    for (const piece of text) await on_text(piece);
    const tool_calls = calls.map(({ id = `c${asked.length}`, name, arguments: given = '{}' }) => ({ id, name, arguments: given }));
    return { text, tool_calls, usage: USAGE } satisfies ModelAnswer;
  };
  return { ask, asked };
}

function tool(name: string, run: Tool['run'], check: Tool['check'] = () => []): [string, Tool] {
  return [name, { definition: { name, parameters: { type: 'object' } }, run, check }];
}

function loopOf(ask: Ask, tools: Array<[string, Tool]>, listener?: LoopListener, signal = new AbortController().signal): ToolLoop {
  return new ToolLoop([{ role: 'user', content: 'hello' }], { ask, tools: new Map(tools), signal, listener, ends_by: 'end_call' });
}

describe('a turn', () => {
  it('without calls is what the model says', async () => {
    const { ask, asked } = scripted({ text: 'こんにちは' });
    const loop = loopOf(ask, [tool('look', async () => 1)]);
    await loop.run();
    expect(loop).toMatchObject({ text: 'こんにちは', tool_calls: [], usage: USAGE, is_pending: false, is_over: false });
    expect(asked.length).toBe(1);
  });

  it('with calls does them, tells the model, and goes on', async () => {
    const { ask, asked } = scripted({ text: '少々', calls: [{ id: 'a', name: 'look', arguments: '{"q":"営業"}' }] }, { text: 'はい' });
    const heard: unknown[] = [];
    const listener: LoopListener = {
      text: (text) => void heard.push(text),
      call: (call) => void heard.push({ call }),
      result: (call) => void heard.push({ result: call }),
    };
    const loop = loopOf(ask, [tool('look', async (given) => ({ found: given['q'] }))], listener);
    await loop.run();
    const call = { id: 'a', name: 'look', arguments: { q: '営業' } };
    expect(loop.text).toBe('少々\nはい');
    expect(loop.tool_calls).toEqual([{ ...call, status: 'done', result: { found: '営業' } }]);
    expect(loop.usage).toEqual({ prompt_tokens: 20, completion_tokens: 10 });
    expect(asked[1]?.messages.slice(1)).toEqual([
      { role: 'assistant', content: '少々', tool_calls: [{ id: 'a', name: 'look', arguments: '{"q":"営業"}' }] },
      { role: 'tool', tool_call_id: 'a', content: '{"found":"営業"}' },
    ]);
    expect(heard).toEqual([
      '少',
      '々',
      { call: { ...call, status: 'pending' } },
      { result: { ...call, status: 'done', result: { found: '営業' } } },
      '\nは',
      'い',
    ]);
  });

  it("stops where a call is the caller's to do, after the others are done", async () => {
    const { ask, asked } = scripted({
      calls: [
        { id: 'a', name: 'theirs' },
        { id: 'b', name: 'look' },
      ],
    });
    const loop = loopOf(ask, [tool('theirs', null), tool('look', async () => 1)]);
    await loop.run();
    expect(loop.is_pending).toBe(true);
    expect(loop.tool_calls.map(({ id, status }) => [id, status])).toEqual([
      ['a', 'pending'],
      ['b', 'done'],
    ]);
    expect(asked.length).toBe(1);
  });

  it('ends the conversation where the model says so, with its farewell', async () => {
    const farewell = scripted({ text: 'さようなら', calls: [{ name: 'end_call' }] });
    const loop = loopOf(farewell.ask, [tool('end_call', async () => ({}))]);
    await loop.run();
    expect(loop.is_over).toBe(true);
    expect(farewell.asked.length).toBe(1);

    const silent = scripted({ calls: [{ name: 'end_call' }] }, { text: '失礼します', calls: [{ name: 'end_call' }] });
    const later = loopOf(silent.ask, [tool('end_call', async () => ({}))]);
    await later.run();
    expect(later.text).toBe('失礼します');
    expect(silent.asked.map(({ may_call }) => may_call)).toEqual([true, false]);
  });
});

describe('nothing runs', () => {
  const cases: Array<[string, { id?: string; name: string; arguments?: string }]> = [
    ['that is unknown', { name: 'drop_tables' }],
    ['whose name is a word of the language', { name: '__proto__' }],
    ['whose arguments are broken', { name: 'look', arguments: '{"q":' }],
    ['whose arguments are no object', { name: 'look', arguments: '[1]' }],
    ['whose arguments are null', { name: 'look', arguments: 'null' }],
    ['whose arguments are huge', { name: 'look', arguments: `{"q":"${'あ'.repeat(LOOP_LIMITS.argument_chars)}"}` }],
    ['whose arguments are nested without end', { name: 'look', arguments: `{"q":${'['.repeat(5_000)}${']'.repeat(5_000)}}` }],
    ['whose arguments do not fit', { name: 'look', arguments: '{"wrong":1}' }],
  ];

  it.each(cases)('%s, and the model is told', async (_name, call) => {
    let ran = 0;
    const look = tool(
      'look',
      async () => ++ran,
      (given) => ('wrong' in given ? ['/wrong is not known'] : []),
    );
    const { ask, asked } = scripted({ calls: [call] }, { text: 'すみません' });
    const loop = loopOf(ask, [look]);
    await loop.run();
    expect(ran).toBe(0);
    expect(loop.tool_calls).toMatchObject([{ status: 'failed', result: { error: expect.any(String) } }]);
    expect(asked[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: expect.stringContaining('error') });
    expect(JSON.stringify(asked[1]).length).toBeLessThan(3_000);
    expect(loop.text).toBe('すみません');
  });
});

describe('a model that never ends', () => {
  it('is asked eight times, the last time without tools', async () => {
    let ran = 0;
    const { ask, asked } = scripted({ calls: [{ id: 'same', name: 'look' }] });
    const loop = loopOf(ask, [tool('look', async () => ++ran)]);
    await loop.run();
    expect(asked.length).toBe(LOOP_LIMITS.rounds);
    expect(asked.map(({ may_call }) => may_call)).toEqual([...Array.from({ length: LOOP_LIMITS.rounds - 1 }, () => true), false]);
    expect(ran).toBe(LOOP_LIMITS.rounds - 1);
    expect(new Set(loop.tool_calls.map(({ id }) => id)).size).toBe(ran);
  });

  it('and calls a thousand tools at once has sixteen done a round, and forty in all', async () => {
    let ran = 0;
    const calls = Array.from({ length: 1_000 }, (_, index) => ({ id: `c${index}`, name: 'look' }));
    const loop = loopOf(scripted({ calls }).ask, [tool('look', async () => ++ran)]);
    await loop.run();
    expect(ran).toBe(LOOP_LIMITS.calls);
    expect(loop.tool_calls.length).toBeLessThanOrEqual(LOOP_LIMITS.calls + LOOP_LIMITS.calls_per_round);
  });
});

describe('a tool', () => {
  it('that fails or breaks is told to the model, without its inner words', async () => {
    const faults: unknown[] = [];
    const tools = [
      tool('refuses', async () => {
        throw new ToolFailure('That name is taken', { code: 'TASK_EXISTS' });
      }),
      tool('breaks', async () => {
        throw new Error('password=hunter2');
      }),
    ];
    const { ask, asked } = scripted(
      {
        calls: [
          { id: 'a', name: 'refuses' },
          { id: 'b', name: 'breaks' },
        ],
      },
      { text: 'x' },
    );
    const loop = loopOf(ask, tools, { fault: (error, name) => void faults.push([name, (error as Error).message]) });
    await loop.run();
    expect(loop.tool_calls.map(({ result }) => result)).toEqual([
      { error: 'That name is taken', code: 'TASK_EXISTS' },
      { error: 'The tool failed' },
    ]);
    expect(JSON.stringify(asked)).not.toContain('hunter2');
    expect(faults).toEqual([['breaks', 'password=hunter2']]);
  });

  it('that hangs is left when the time is over', async () => {
    const over = new AbortController();
    const hanging = tool('hangs', () => {
      setImmediate(() => over.abort());
      return new Promise(() => undefined);
    });
    const loop = loopOf(scripted({ calls: [{ name: 'hangs' }] }, { text: 'x' }).ask, [hanging], undefined, over.signal);
    await loop.run();
    expect(loop.tool_calls).toMatchObject([{ status: 'failed', result: { error: 'The tool took too long' } }]);
  });

  it('that hangs is let go of while the model has time to say so; after that none is begun', async () => {
    let ran = 0;
    const hanging = tool('hangs', () => {
      ran++;
      return new Promise(() => undefined);
    });
    const { ask } = scripted({ calls: [{ name: 'hangs' }] }, { calls: [{ name: 'hangs' }] }, { text: '申し訳ありません' });
    const loop = new ToolLoop([], {
      ask,
      tools: new Map([hanging]),
      signal: new AbortController().signal,
      tools_until_ms: performance.now() + 30,
    });
    await loop.run();
    expect(loop.tool_calls.map(({ status }) => status)).toEqual(['failed', 'failed']);
    expect([ran, loop.text]).toEqual([1, '申し訳ありません']);
  });

  it('that answers too much is cut, and all of them together too', async () => {
    const calls = Array.from({ length: LOOP_LIMITS.calls_per_round }, (_, index) => ({ id: `c${index}`, name: 'loud' }));
    const { ask, asked } = scripted({ calls }, { text: 'x' });
    const loop = loopOf(ask, [tool('loud', async () => 'あ'.repeat(1_000_000))]);
    await loop.run();
    expect(JSON.stringify(loop.tool_calls).length).toBeLessThan(LOOP_LIMITS.calls_per_round * LOOP_LIMITS.result_chars * 1.2);
    expect(JSON.stringify(asked[1]?.messages).length).toBeLessThan(LOOP_LIMITS.results_chars * 1.2);
  });

  it('and what the model writes hold nothing that cannot be stored', async () => {
    const { ask } = scripted(
      { text: 'a\u0000b\ud800', calls: [{ id: '\u0000', name: 'look', arguments: '{"q":"x\\u0000y\\ud800"}' }] },
      { text: '' },
    );
    const loop = loopOf(ask, [tool('look', async ({ q }) => q)]);
    await loop.run();
    expect(JSON.stringify([loop.text, loop.tool_calls])).not.toMatch(/\\u0000|\\ud800/i);
    expect(loop.tool_calls[0]).toMatchObject({ id: 'call_1', status: 'done' });
  });
});

describe('asking that fails', () => {
  it('leaves what was done so far in sight', async () => {
    let asked = 0;
    const loop = loopOf(
      async ({ on_text }) => {
        if (++asked === 2) throw new Error('gone');
        await on_text('少々');
        return { text: '少々', tool_calls: [{ id: 'a', name: 'look', arguments: '{}' }], usage: USAGE };
      },
      [tool('look', async () => 1)],
    );
    await expect(loop.run()).rejects.toThrow('gone');
    expect(loop).toMatchObject({ text: '少々', usage: USAGE, tool_calls: [{ status: 'done' }] });
  });
});
