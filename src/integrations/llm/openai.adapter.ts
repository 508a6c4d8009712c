import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { OpenAI } from 'openai';
import { BoundedCache } from '../../platform/cache/index.js';
import { AnswerBuilder } from './answer-builder.js';
import {
  type ChatOptions,
  type EmbeddingAnswer,
  LanguageModel,
  type ModelAccount,
  type ModelAnswer,
  type ModelMessage,
  type ModelOptions,
  type ModelRequest,
  type ModelTool,
} from './language-model.port.js';
import { ModelError } from './model-error.js';
import { loadPackage, OPENAI_URL, OpenAiClients, type Patience } from './openai-clients.js';
import { toModelError } from './openai-errors.js';
import { withRetries } from './retries.js';

type Params = OpenAI.Chat.Completions.ChatCompletionCreateParamsStreaming;

/** Models that are remembered for what they refuse. */
const MOST_REMEMBERED = 1_000;
/** The largest list of inputs that the endpoint takes at once. */
const MOST_INPUTS = 256;

export interface OpenAiAdapterOptions {
  readonly patience?: Patience;
  /** True where somebody will ask: then the package is loaded at the start, which holds up nobody's answer. */
  readonly is_wanted?: boolean;
}

/** Any server that speaks OpenAI's API (Chat Completions, Embeddings), by the `openai` package. */
@Injectable()
export class OpenAiAdapter extends LanguageModel implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly clients: OpenAiClients;
  /** Models that take no temperature, by their server: OpenAI's own since GPT-5 are such. */
  private readonly unheated = new BoundedCache<string, true>(MOST_REMEMBERED);

  constructor(private readonly options: OpenAiAdapterOptions = {}) {
    super();
    this.clients = new OpenAiClients(options.patience);
  }

  /** Does not hold up the start: whoever asks first waits for what is left of it, and is told where it fails. */
  onApplicationBootstrap(): void {
    if (this.options.is_wanted) loadPackage().catch(() => undefined);
  }

  async chat(account: ModelAccount, request: ModelRequest, options: ChatOptions): Promise<ModelAnswer> {
    const client = await this.clients.of(account);
    const params = paramsOf(account, request);
    let has_spoken = false;
    const speak = (text: string): void | Promise<void> => {
      has_spoken = true;
      return options.on_text?.(text);
    };
    return withRetries(
      options,
      () => !has_spoken,
      () => this.chatOnce(client, params, options, speak),
    );
  }

  async embed(
    account: ModelAccount,
    request: { readonly model: string; readonly inputs: readonly string[] },
    options: ModelOptions,
  ): Promise<EmbeddingAnswer> {
    const client = await this.clients.of(account);
    const vectors: number[][] = [];
    let prompt_tokens = 0;
    for (let from = 0; from < request.inputs.length; from += MOST_INPUTS) {
      const input = request.inputs.slice(from, from + MOST_INPUTS);
      const answer = await this.asking(options, (signal) =>
        client.embeddings.create({ model: request.model, input, encoding_format: 'float' }, { signal }),
      );
      if (!Array.isArray(answer.data) || answer.data.length !== input.length) throw notAnAnswer();
      for (const { embedding } of [...answer.data].sort((a, b) => a.index - b.index)) vectors.push(embedding);
      prompt_tokens += answer.usage?.prompt_tokens ?? 0;
    }
    return { vectors, usage: { prompt_tokens, completion_tokens: 0 } };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.clients.close();
  }

  private async chatOnce(client: OpenAI, params: Params, options: ChatOptions, speak: ChatOptions['on_text']): Promise<ModelAnswer> {
    const builder = new AnswerBuilder();
    const { signal } = options;
    try {
      const stream = await this.begin(client, params, signal);
      for await (const chunk of stream) {
        const text = builder.add(chunk);
        if (text === '') continue;
        const taken = speak?.(text);
        if (taken !== undefined) await taken;
        if (signal.aborted) break;
      }
      // The package ends an aborted stream as if it were whole.
      if (signal.aborted) throw toModelError(signal.reason, signal);
      return builder.finish();
    } catch (error) {
      options.on_usage?.(builder.usage);
      throw toModelError(error, signal);
    }
  }

  /** Asks without a temperature where the model refuses any: it is a wish, and no reason to say nothing. */
  private async begin(
    client: OpenAI,
    params: Params,
    signal: AbortSignal,
  ): Promise<AsyncIterable<OpenAI.Chat.Completions.ChatCompletionChunk>> {
    const { temperature, ...cold } = params;
    const key = `${client.baseURL} ${params.model}`;
    if (temperature === undefined || this.unheated.get(key)) return client.chat.completions.create(cold, { signal });
    try {
      return await client.chat.completions.create(params, { signal });
    } catch (error) {
      if (!isRefusal(error, 'temperature')) throw error;
      this.unheated.set(key, true);
      return client.chat.completions.create(cold, { signal });
    }
  }

  private asking<T>(options: ModelOptions, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const once = async (): Promise<T> => {
      try {
        return await ask(options.signal);
      } catch (error) {
        throw toModelError(error, options.signal);
      }
    };
    return withRetries(options, () => true, once);
  }
}

/** True where the server refuses a request for a parameter that its model does not take, as opposed to one that is out of range. */
function isRefusal(thrown: unknown, param: string): boolean {
  const error = thrown as { readonly status?: unknown; readonly param?: unknown; readonly code?: unknown } | null;
  return error?.status === 400 && error.param === param && /^unsupported_/.test(String(error.code));
}

function notAnAnswer(): ModelError {
  return new ModelError('failed', 'The language model did not answer what was asked', { is_transient: false });
}

function paramsOf({ base_url }: ModelAccount, request: ModelRequest): Params {
  const { model, messages, tools = [], may_call = true, temperature, max_tokens, is_json = false } = request;
  return {
    model,
    messages: messages.map(messageOf),
    stream: true,
    stream_options: { include_usage: true },
    ...(tools.length > 0 ? { tools: tools.map(toolOf) } : {}),
    ...(tools.length > 0 && !may_call ? { tool_choice: 'none' } : {}),
    ...(temperature == null ? {} : { temperature }),
    ...(max_tokens == null ? {} : limitOf(base_url, max_tokens)),
    ...(is_json ? { response_format: { type: 'json_object' } } : {}),
  };
}

/** OpenAI's newer models refuse the old name; other servers may not know the new one. */
function limitOf(base_url: string | null | undefined, max_tokens: number): Pick<Params, 'max_tokens' | 'max_completion_tokens'> {
  return (base_url || OPENAI_URL) === OPENAI_URL ? { max_completion_tokens: max_tokens } : { max_tokens };
}

function toolOf({ name, description, parameters, strict }: ModelTool): OpenAI.Chat.Completions.ChatCompletionFunctionTool {
  return {
    type: 'function',
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      ...(parameters === undefined ? {} : { parameters }),
      ...(strict === undefined ? {} : { strict }),
    },
  };
}

function messageOf(message: ModelMessage): OpenAI.Chat.Completions.ChatCompletionMessageParam {
  if (message.role !== 'assistant') return message;
  const { content, tool_calls = [] } = message;
  if (tool_calls.length === 0) return { role: 'assistant', content: content ?? '' };
  return {
    role: 'assistant',
    content,
    tool_calls: tool_calls.map(({ id, name, arguments: text }) => ({ id, type: 'function', function: { name, arguments: text } })),
  };
}
