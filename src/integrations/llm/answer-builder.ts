import type { ModelAnswer, ModelToolCall, ModelUsage } from './language-model.port.js';
import { ModelError } from './model-error.js';

/** What of a streamed chunk is read (Chat Completions); everything is optional, since servers differ. */
export interface AnswerChunk {
  readonly choices?: ReadonlyArray<{
    readonly index?: number;
    readonly delta?: {
      readonly content?: string | null;
      readonly refusal?: string | null;
      readonly tool_calls?: ReadonlyArray<{
        readonly index?: number;
        readonly id?: string;
        readonly function?: { readonly name?: string; readonly arguments?: string };
      }> | null;
    };
    readonly finish_reason?: string | null;
  }>;
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
}

/** Bounds of one answer, in characters and calls; beyond them it is not the answer of a model that means well. */
const MOST_TEXT = 100_000;
const MOST_ARGUMENTS = 200_000;
const MOST_CALLS = 64;
const LONGEST_NAME = 200;

interface CallInProgress {
  id: string;
  name: string;
  arguments: string;
}

/** Puts an answer together from the chunks of a stream. */
export class AnswerBuilder {
  private text = '';
  private arguments_length = 0;
  private readonly calls = new Map<number, CallInProgress>();
  private counted: ModelUsage = { prompt_tokens: 0, completion_tokens: 0 };
  private finish_reason: string | null = null;

  /** Takes a chunk, and answers the text that it brings. @throws ModelError */
  add({ choices, usage }: AnswerChunk): string {
    if (usage) {
      this.counted = { prompt_tokens: wholeNumber(usage.prompt_tokens), completion_tokens: wholeNumber(usage.completion_tokens) };
    }
    const choice = choices?.[0];
    if (!choice) return '';
    if (typeof choice.finish_reason === 'string') this.finish_reason = choice.finish_reason;
    const { delta } = choice;
    for (const part of delta?.tool_calls ?? []) this.addCall(part);
    const text = delta?.content ?? delta?.refusal;
    if (typeof text !== 'string' || text === '') return '';
    this.text += text;
    if (this.text.length > MOST_TEXT) throw tooMuch('text');
    return text;
  }

  /** What was counted so far. */
  get usage(): ModelUsage {
    return this.counted;
  }

  /** True once the server has said that the answer is whole. */
  get is_finished(): boolean {
    return this.finish_reason !== null;
  }

  /** The whole answer. @throws ModelError where the stream broke off before its end */
  finish(): ModelAnswer {
    if (!this.is_finished) throw new ModelError('failed', 'The answer of the language model breaks off', { is_transient: true });
    const tool_calls: ModelToolCall[] = [...this.calls.entries()].sort(([a], [b]) => a - b).map(([, call]) => call);
    return { text: this.text, tool_calls, usage: this.counted };
  }

  private addCall(part: NonNullable<NonNullable<NonNullable<AnswerChunk['choices']>[number]['delta']>['tool_calls']>[number]): void {
    const index = Number.isSafeInteger(part.index) ? (part.index as number) : this.calls.size;
    let call = this.calls.get(index);
    if (!call) {
      if (this.calls.size >= MOST_CALLS) throw tooMuch('calls');
      call = { id: '', name: '', arguments: '' };
      this.calls.set(index, call);
    }
    if (typeof part.id === 'string' && call.id === '') call.id = part.id.slice(0, LONGEST_NAME);
    const { name, arguments: more } = part.function ?? {};
    if (typeof name === 'string') call.name = (call.name + name).slice(0, LONGEST_NAME);
    if (typeof more === 'string') {
      call.arguments += more;
      this.arguments_length += more.length;
      if (this.arguments_length > MOST_ARGUMENTS) throw tooMuch('arguments');
    }
  }
}

function tooMuch(what: string): ModelError {
  return new ModelError('failed', `The language model wrote more ${what} than is taken`);
}

function wholeNumber(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.min(Math.floor(value), 1_000_000_000) : 0;
}
