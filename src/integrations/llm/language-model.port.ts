/** Whose account a model is asked by. */
export interface ModelAccount {
  readonly api_key: string;
  /** OpenAI itself where none is given. */
  readonly base_url?: string | null;
  /** True where the operator named the base URL: then it may stand at a private address. */
  readonly allow_private: boolean;
}

/** A call of a tool as the model wrote it: neither the name nor the arguments are checked. */
export interface ModelToolCall {
  readonly id: string;
  readonly name: string;
  /** What should be a JSON object. */
  readonly arguments: string;
}

export type ModelMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string | null; readonly tool_calls?: readonly ModelToolCall[] }
  | { readonly role: 'tool'; readonly tool_call_id: string; readonly content: string };

/** A tool that the model may call; `parameters` is a JSON Schema. */
export interface ModelTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the model must keep to `parameters`; as the server has it where nothing is said. */
  readonly strict?: boolean | undefined;
}

export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly ModelMessage[];
  readonly tools?: readonly ModelTool[];
  /** False: the tools are there to be understood, and none is to be called. */
  readonly may_call?: boolean;
  /** 0–2; the model's own where none is given. */
  readonly temperature?: number | null;
  readonly max_tokens?: number | null;
  /** Asks for one JSON object and nothing else. */
  readonly is_json?: boolean;
}

/** Tokens that were read and written, as the server counted them; 0 where it did not say. */
export interface ModelUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

export interface ModelAnswer {
  readonly text: string;
  readonly tool_calls: readonly ModelToolCall[];
  readonly usage: ModelUsage;
}

export interface ModelOptions {
  /** Ends the exchange, with whatever is left of it upstream. */
  readonly signal: AbortSignal;
  /** Until when to try again, by `performance.now()`. */
  readonly deadline_ms: number;
}

export interface ChatOptions extends ModelOptions {
  /** Told of each piece of text as it comes; where it answers a promise, no more is read until that is kept. */
  readonly on_text?: (text: string) => void | Promise<void>;
  /** Told of what an exchange cost that failed in the end. */
  readonly on_usage?: (usage: ModelUsage) => void;
}

export interface EmbeddingAnswer {
  /** One for each input, in its order. */
  readonly vectors: readonly (readonly number[])[];
  readonly usage: ModelUsage;
}

/**
 * Language models behind an OpenAI-compatible server. Every exchange is bounded in time and size; what can be tried again is, within the
 * deadline.
 */
export abstract class LanguageModel {
  /** Asks for the next message of a conversation. @throws ModelError */
  abstract chat(account: ModelAccount, request: ModelRequest, options: ChatOptions): Promise<ModelAnswer>;

  /** Turns texts into vectors. @throws ModelError */
  abstract embed(
    account: ModelAccount,
    request: { readonly model: string; readonly inputs: readonly string[] },
    options: ModelOptions,
  ): Promise<EmbeddingAnswer>;
}
