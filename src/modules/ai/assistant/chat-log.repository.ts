import { Injectable } from '@nestjs/common';
import { Database, decodeCursor, pageLimit, pageOf, type PageRequest, type WrittenPage } from '../../../platform/database/index.js';
import { newId } from '../../../platform/ids/index.js';
import { Scope } from '../../../platform/scope/index.js';
import type { ToolCall } from '../../calls/index.js';

export const CHAT_STATUSES = ['done', 'pending', 'failed', 'aborted'] as const;
/** `pending` waits for the results of tools that the caller runs; `aborted` was left by whoever asked. */
export type ChatStatus = (typeof CHAT_STATUSES)[number];

export const PROVIDERS = ['openai', 'faq'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** One execution. */
export interface ChatExecution {
  call_id: string;
  turn: number;
  phone_number: string;
  phone_key: string;
  provider: Provider;
  model: string | null;
  status: ChatStatus;
  latency_ms: number;
  /** Until the first text; null where there was none. */
  first_token_ms: number | null;
  prompt_tokens: number;
  completion_tokens: number;
  tool_calls: ReadonlyArray<Pick<ToolCall, 'id' | 'name' | 'status'>>;
  /** The code of the error; null where there was none. */
  error: string | null;
}

export interface ChatLogFilter {
  phone_key?: string;
  from?: string;
  to?: string;
  status?: ChatStatus;
}

/** Times that a turn is gone on with, of which the newest count. */
const MOST_EXECUTIONS = 100;

/** What the assistant did; rows are added and read, never changed. */
@Injectable()
export class ChatLogRepository {
  constructor(private readonly database: Database) {}

  async insert(execution: ChatExecution): Promise<void> {
    const { tool_calls, ...columns } = execution;
    await this.database.sql(
      `insert into chat_logs (client_id, id, call_id, turn, phone_number, phone_key, provider, model, status, latency_ms, first_token_ms,
                              prompt_tokens, completion_tokens, error, tool_calls)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::jsonb)`,
      [
        Scope.clientId(),
        newId(),
        columns.call_id,
        columns.turn,
        columns.phone_number,
        columns.phone_key,
        columns.provider,
        columns.model,
        columns.status,
        columns.latency_ms,
        columns.first_token_ms,
        columns.prompt_tokens,
        columns.completion_tokens,
        columns.error,
        JSON.stringify(tool_calls),
      ],
    );
  }

  /**
   * The calls whose results a turn has had in vain: it waited for them, and what came after them was broken off. None where it was answered.
   */
  async unanswered({ call_id, phone_key }: Pick<ChatExecution, 'call_id' | 'phone_key'>, turn: number): Promise<string[]> {
    // By the number's index: the last turn of a call is among what the number did last.
    const rows = await this.database.sql<Pick<ChatExecution, 'status' | 'tool_calls'>>(
      `select status, tool_calls from chat_logs where client_id = $1 and phone_key = $2 and call_id = $3 and turn = $4
        order by ts desc, id desc limit ${MOST_EXECUTIONS}`,
      [Scope.clientId(), phone_key, call_id, turn],
    );
    if (rows[0]?.status === 'done') return [];
    const waited = rows.find(({ status }) => status === 'pending');
    return (waited?.tool_calls ?? []).filter(({ status }) => status === 'pending').map(({ id }) => id);
  }

  /** A page of executions as JSON, newest first. */
  async listJson(filter: ChatLogFilter, page: PageRequest): Promise<WrittenPage> {
    const limit = pageLimit(page.limit);
    const [before_ts = null, before_id = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, ['timestamp', 'uuid']);
    const rows = await this.database.sql<{ ts: Date; id: string; json: string }>(
      `select l.ts, l.id, json_build_object(
                'id', l.id, 'ts', to_char(l.ts at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'call_id', l.call_id, 'turn', l.turn,
                'phone_number', l.phone_number, 'provider', l.provider, 'model', l.model, 'status', l.status, 'latency_ms', l.latency_ms,
                'first_token_ms', l.first_token_ms, 'prompt_tokens', l.prompt_tokens, 'completion_tokens', l.completion_tokens,
                'tool_calls', l.tool_calls, 'error', l.error)::text as json
         from chat_logs l
        where l.client_id = $1
          and ($2::text is null or l.phone_key = $2)
          and ($3::timestamptz is null or l.ts >= $3)
          and ($4::timestamptz is null or l.ts < $4)
          and ($5::text is null or l.status = $5)
          and ($6::timestamptz is null or (l.ts, l.id) < ($6, $7::uuid))
        order by l.ts desc, l.id desc limit $8`,
      [
        Scope.clientId(),
        filter.phone_key ?? null,
        filter.from ?? null,
        filter.to ?? null,
        filter.status ?? null,
        before_ts,
        before_id,
        limit + 1,
      ],
    );
    return pageOf(rows, limit, (row) => [row.ts, row.id]).written(({ json }) => json);
  }
}
