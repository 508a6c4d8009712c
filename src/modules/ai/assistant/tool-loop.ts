import type { ModelAnswer, ModelMessage, ModelTool, ModelToolCall, ModelUsage } from '../../../integrations/llm/index.js';
import type { ToolCall } from '../../calls/index.js';
import { boundedResult, parseArguments, storableText } from './safe-json.js';
import { type Tool, ToolFailure } from './tool.js';

/** Bounds of one turn, whatever the model writes. */
export const LOOP_LIMITS = {
  /** Times that the model is asked; the last time without tools. */
  rounds: 8,
  calls_per_round: 16,
  calls: 40,
  argument_chars: 16_384,
  result_chars: 8_192,
  /** All results together, since each is sent along in every round that follows. */
  results_chars: 65_536,
} as const;

const SANE_ID = /^[\w.:-]{1,64}$/;
const LONGEST_SHOWN = 2_000;

/** Asks the model once more. `tools` are there to be described; they may be called only where `may_call`. */
export type Ask = (question: {
  messages: readonly ModelMessage[];
  tools: readonly ModelTool[];
  may_call: boolean;
  on_text: (text: string) => void | Promise<void>;
}) => Promise<ModelAnswer>;

/** Told of what happens, as it happens; what answers a promise is waited for. */
export interface LoopListener {
  text?(text: string): void | Promise<void>;
  call?(call: ToolCall): void | Promise<void>;
  result?(call: ToolCall): void | Promise<void>;
  /** A tool that broke, for the log. */
  fault?(error: unknown, name: string): void;
}

export interface LoopOptions {
  readonly ask: Ask;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly signal: AbortSignal;
  /** When tools are let go of, by `performance.now()`, so that the model still has time to say so. */
  readonly tools_until_ms?: number;
  readonly listener?: LoopListener;
  /** The tool whose success ends the conversation. */
  readonly ends_by?: string;
  /** Calls of the same turn that were done before; they count. */
  readonly prior?: readonly ToolCall[];
}

/**
 * One turn of a model that may call tools: it is asked, what it calls is checked and done, it is told the results and asked again, until it has
 * said what it has to say, calls something that is the caller's to do, or the bounds are reached. What came of it so far can be
 * read at any time, also after a failure.
 */
export class ToolLoop {
  /** All that the model said. */
  text = '';
  readonly tool_calls: ToolCall[];
  usage: ModelUsage = { prompt_tokens: 0, completion_tokens: 0 };
  /** True once the model has ended the conversation. */
  is_over = false;

  private readonly messages: ModelMessage[];
  private results_chars = 0;

  constructor(
    messages: readonly ModelMessage[],
    private readonly options: LoopOptions,
  ) {
    this.messages = [...messages];
    this.tool_calls = [...(options.prior ?? [])];
    this.is_over = this.tool_calls.some(({ name, status }) => name === options.ends_by && status === 'done');
  }

  /** True where a call waits for whoever asked. */
  get is_pending(): boolean {
    return this.tool_calls.some(({ status }) => status === 'pending');
  }

  /** @throws what asking throws; tools that fail are the model's to know */
  async run(): Promise<void> {
    const { ask, tools } = this.options;
    const definitions = [...tools.values()].map(({ definition }) => definition);
    for (let round = 1; round <= LOOP_LIMITS.rounds; round++) {
      const may_call = definitions.length > 0 && round < LOOP_LIMITS.rounds && !this.is_over && this.tool_calls.length < LOOP_LIMITS.calls;
      const said_before = this.text;
      const answer = await ask({ messages: this.messages, tools: definitions, may_call, on_text: (text) => this.hear(text, said_before) });
      this.spend(answer.usage);
      if (!may_call || answer.tool_calls.length === 0) return;
      await this.perform(answer);
      if (this.is_pending) return;
      // Whoever has taken leave in the same breath has nothing to add.
      if (this.is_over && this.text !== said_before) return;
    }
  }

  /** Adds what an exchange cost. */
  spend({ prompt_tokens, completion_tokens }: ModelUsage): void {
    this.usage = {
      prompt_tokens: this.usage.prompt_tokens + prompt_tokens,
      completion_tokens: this.usage.completion_tokens + completion_tokens,
    };
  }

  private hear(piece: string, said_before: string): void | Promise<void> {
    const text = storableText(piece);
    if (text === '') return;
    // What is said after a tool's result is a line of its own.
    const heard = this.text === said_before && said_before !== '' ? `\n${text}` : text;
    this.text += heard;
    return this.options.listener?.text?.(heard);
  }

  private async perform(answer: ModelAnswer): Promise<void> {
    const asked = answer.tool_calls.slice(0, LOOP_LIMITS.calls_per_round);
    const written: ModelToolCall[] = [];
    const begun: Array<{ call: ToolCall; tool: Tool | undefined }> = [];
    for (const one of asked) {
      const { call, tool } = this.begin(one);
      this.tool_calls.push(call);
      written.push({
        id: call.id,
        name: nameForModel(call.name),
        arguments: typeof call.arguments === 'string' ? '{}' : JSON.stringify(call.arguments),
      });
      await this.options.listener?.call?.({ ...call });
      begun.push({ call, tool });
    }
    this.messages.push({ role: 'assistant', content: answer.text === '' ? null : storableText(answer.text), tool_calls: written });
    const results = await Promise.all(begun.map(({ call, tool }) => this.complete(call, tool)));
    for (const [index, { call }] of begun.entries()) {
      if (call.status === 'pending') continue;
      this.messages.push({ role: 'tool', tool_call_id: call.id, content: this.spendResult(results[index] ?? '') });
    }
  }

  /** Checks a call; it is `pending` until it is done, and fails here where it may not be done. */
  private begin({ id, name: written_name, arguments: text }: ModelToolCall): { call: ToolCall; tool: Tool | undefined } {
    const name = storableText(written_name).slice(0, 64);
    const call: ToolCall = { id: this.idOf(id), name, arguments: {}, status: 'pending' };
    const fail = (problem: string, details: string[] = []): { call: ToolCall; tool: undefined } => {
      call.status = 'failed';
      call.result = { error: problem, ...(details.length > 0 ? { details: details.slice(0, 20) } : {}) };
      return { call, tool: undefined };
    };
    const parsed = parseArguments(text, LOOP_LIMITS.argument_chars);
    call.arguments = 'value' in parsed ? parsed.value : storableText(text.slice(0, LONGEST_SHOWN));
    const tool = this.options.tools.get(written_name);
    if (!tool) return fail('There is no tool by this name');
    if ('problem' in parsed) return fail(parsed.problem);
    if (this.tool_calls.length >= LOOP_LIMITS.calls) return fail('Too many tools were called in this turn');
    const problems = tool.check(parsed.value);
    return problems.length > 0 ? fail('The arguments do not fit the schema of the tool', problems) : { call, tool };
  }

  /** Does a call, and answers what the model is told of it. */
  private async complete(call: ToolCall, tool: Tool | undefined): Promise<string> {
    if (tool?.run === null) return '';
    if (tool) {
      try {
        const signal = this.toolSignal();
        const result = await inTime(tool.run(call.arguments as Record<string, unknown>, signal), signal);
        call.status = 'done';
        call.result = result;
        if (call.name === this.options.ends_by) this.is_over = true;
      } catch (error) {
        if (!(error instanceof ToolFailure)) this.options.listener?.fault?.(error, call.name);
        call.status = 'failed';
        call.result = error instanceof ToolFailure ? { error: error.message, ...error.result } : { error: 'The tool failed' };
      }
    }
    const { value, text } = boundedResult(call.result, LOOP_LIMITS.result_chars);
    call.result = value;
    await this.options.listener?.result?.({ ...call });
    return text;
  }

  /** @throws ToolFailure where there is no time left for tools */
  private toolSignal(): AbortSignal {
    const { signal, tools_until_ms } = this.options;
    if (tools_until_ms === undefined) return signal;
    const left_ms = tools_until_ms - performance.now();
    if (left_ms <= 0) throw new ToolFailure('The tool took too long');
    // A timer may come a millisecond early: the next tool would find that one left.
    return AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(left_ms) + 1)]);
  }

  private spendResult(text: string): string {
    this.results_chars += text.length;
    return this.results_chars <= LOOP_LIMITS.results_chars ? text : '{"error":"No more results are given in this turn"}';
  }

  /** The model's own id where it is one and new in this turn: a caller gives it back with a result. */
  private idOf(id: string): string {
    const is_known = this.tool_calls.some((call) => call.id === id);
    if (SANE_ID.test(id) && !is_known) return id;
    for (let number = this.tool_calls.length + 1; ; number++) {
      const made = `call_${number}`;
      if (!this.tool_calls.some((call) => call.id === made)) return made;
    }
  }
}

/** A server refuses names of other letters, and what is told of an unknown tool must still be sent. */
function nameForModel(name: string): string {
  return name.replaceAll(/[^\w-]/g, '_') || 'unknown';
}

/** What takes longer than there is time is left to itself: its signal has told it. */
async function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new ToolFailure('The tool took too long'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
