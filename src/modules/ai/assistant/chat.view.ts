import { ApiProperty } from '@nestjs/swagger';
import { ToolCallView } from '../../calls/index.js';
import { CHAT_STATUSES, PROVIDERS } from './chat-log.repository.js';

/** Tokens of one turn. */
export class ChatUsageView {
  /**
   * Tokens that the model read
   * @example 412
   */
  @ApiProperty({ type: 'integer' })
  prompt_tokens: number;

  /**
   * Tokens that the model wrote
   * @example 38
   */
  @ApiProperty({ type: 'integer' })
  completion_tokens: number;

  /**
   * Both together
   * @example 450
   */
  @ApiProperty({ type: 'integer' })
  total_tokens: number;
}

/** What the assistant answers. */
export class ChatView {
  /**
   * What to say to the caller; null where it says nothing until the pending tools have answered
   * @example 'ご予約を承りました。'
   */
  @ApiProperty({ type: String, nullable: true })
  reply: string | null;

  /**
   * The call that the turn belongs to
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  call_id: string;

  /**
   * The number of the turn in its call
   * @example 3
   */
  @ApiProperty({ type: 'integer' })
  turn: number;

  /** The tools that were called in this turn */
  @ApiProperty({ type: [ToolCallView] })
  tool_calls: ToolCallView[];

  /** What it cost */
  usage: ChatUsageView;

  /** Who answered: a language model, or the FAQs alone where no model is configured */
  @ApiProperty({ enum: PROVIDERS, enumName: 'ChatProvider', example: 'openai' })
  provider: string;
}

/** A tool as the log of executions has it. */
export class LoggedToolCallView {
  /**
   * Its id
   * @example 'call_7Qd2'
   */
  id: string;

  /**
   * The tool
   * @example 'create_task'
   */
  name: string;

  /** How it ended */
  @ApiProperty({ enum: ['done', 'pending', 'failed'], enumName: 'ToolCallStatus', example: 'done' })
  status: string;
}

/** One execution of the assistant. */
export class ChatLogView {
  /**
   * Its id
   * @example '019ac1f0-8c2f-7d4b-8e6f-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * When it was over
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  ts: string;

  /**
   * The call; it may have been deleted since
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  call_id: string;

  /**
   * The turn of the call
   * @example 3
   */
  @ApiProperty({ type: 'integer' })
  turn: number;

  /**
   * The caller's number as it came
   * @example '09012345678'
   */
  phone_number: string;

  /** Who answered */
  @ApiProperty({ enum: PROVIDERS, enumName: 'ChatProvider', example: 'openai' })
  provider: string;

  /**
   * The model; null where the FAQs answered
   * @example 'gpt-5-mini'
   */
  @ApiProperty({ type: String, nullable: true })
  model: string | null;

  /** How it ended: `pending` waits for tools that the caller runs, `aborted` was left by whoever asked */
  @ApiProperty({ enum: CHAT_STATUSES, enumName: 'ChatStatus', example: 'done' })
  status: string;

  /**
   * How long it took, tools included
   * @example 1240
   */
  @ApiProperty({ type: 'integer' })
  latency_ms: number;

  /**
   * Until the first piece of text; null where there was none
   * @example 420
   */
  @ApiProperty({ type: 'integer', nullable: true })
  first_token_ms: number | null;

  /**
   * Tokens that the model read
   * @example 412
   */
  @ApiProperty({ type: 'integer' })
  prompt_tokens: number;

  /**
   * Tokens that the model wrote
   * @example 38
   */
  @ApiProperty({ type: 'integer' })
  completion_tokens: number;

  /** The tools that were called */
  @ApiProperty({ type: [LoggedToolCallView] })
  tool_calls: LoggedToolCallView[];

  /**
   * The code of the error; null where there was none
   * @example 'MODEL_TIMEOUT'
   */
  @ApiProperty({ type: String, nullable: true })
  error: string | null;
}
