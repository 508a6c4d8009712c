import type { ModelUsage } from '../../../integrations/llm/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import type { ToolCall } from '../../calls/index.js';
import type { Provider } from './chat-log.repository.js';
import type { LoopListener } from './tool-loop.js';

/** The call that a turn belongs to. */
export interface TurnCall {
  readonly call_id: string;
  /** As it came. */
  readonly phone_number: string;
  /** As numbers are compared. */
  readonly phone_key: string;
  /** False where the caller hides the number, or has none: then the calls of one "number" are many people's. */
  readonly is_known: boolean;
}

/** All that an answer is made of. */
export interface TurnContext {
  readonly call: TurnCall;
  readonly turn: number;
  /** Who asks for the answer, and in whose name tools act. */
  readonly actor: Actor;
  readonly user_text: string;
  /** What was said and called in this turn before; the calls have their results. Empty unless the turn is gone on with. */
  readonly said: string;
  readonly prior: readonly ToolCall[];
  /** Ends it: the time is over, or nobody waits. */
  readonly signal: AbortSignal;
  /** By `performance.now()`. */
  readonly deadline_ms: number;
  readonly listener: LoopListener;
  /** True where nobody is there who could run a function. */
  readonly is_telephone: boolean;
}

/** An answer in the making: what has come of it can be read at any time, also after it has failed. */
export interface TurnWork {
  readonly text: string;
  /** All of the turn, those before included. */
  readonly tool_calls: readonly ToolCall[];
  readonly usage: ModelUsage;
  /** True where the conversation is over. */
  readonly is_over: boolean;
  run(): Promise<void>;
}

/** Who answers. */
export interface Answerer {
  readonly provider: Provider;
  readonly model: string | null;
  /** Gathers what the answer is made of. */
  prepare(context: TurnContext): Promise<TurnWork>;
}
