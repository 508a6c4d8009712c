import { Injectable } from '@nestjs/common';
import {
  Database,
  decodeCursor,
  type Page,
  pageLimit,
  pageOf,
  type PageRequest,
  TenantRepository,
  type WrittenPage,
} from '../../../platform/database/index.js';
import { newId } from '../../../platform/ids/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { caseless } from '../../../platform/text/index.js';
import { Call, type CallStatus, type Direction, isOpen, type ToolCall, type Turn } from './call.entity.js';
import { callJson, IS_OPEN, LISTED_TURNS, SAYS, TURN_COLUMNS } from './call.sql.js';

/** More turns than a call can have had. */
export const MOST_TURNS = 2_000;
/** Calls whose turns are looked at for what a number said lately. */
const RECENT_CALLS = 50;

/** Which calls a list shows. */
export interface CallFilter {
  phone_key?: string;
  /** RFC 3339; inclusive. */
  from?: string;
  /** RFC 3339; exclusive. */
  to?: string;
  status?: CallStatus;
  direction?: Direction;
  /** With these words in what was said or written of it. */
  q?: string;
  /** The person whose calls with other users alone are shown; everything where it is absent. */
  member_id?: string;
}

/** How a call is found: by one of its names. */
export type CallName = { id: string } | { call_sid: string } | { phone_key: string; started_at: string };

/** The open call of a number. */
export interface OpenCall {
  id: string;
  /** Nothing has happened in it for longer than is allowed. */
  is_idle: boolean;
}

/** What a number did. */
export interface PhoneRow {
  phone_number: string;
  calls: number;
  last_call_at: Date;
}

/** A turn as it is written; a time of its own where it came from elsewhere. */
export type NewTurn = Pick<Turn, 'user_text' | 'ai_text' | 'tool_calls'> & { ts?: string | null };

/** Adds a value to a statement, and answers what stands for it there. */
type Bind = (value: unknown) => string;

/** Calls of the tenant in scope, and their turns. */
@Injectable()
export class CallRepository extends TenantRepository<Call> {
  constructor(database: Database) {
    super(database, Call, { columns: ['started_at', 'id'], direction: 'desc' });
  }

  /** A page of calls as JSON, newest first. Each set of filters is a statement of its own, so that each has its own plan. */
  async listJson(filter: CallFilter, page: PageRequest): Promise<WrittenPage> {
    const limit = pageLimit(page.limit);
    const values: unknown[] = [Scope.clientId()];
    const bind: Bind = (value) => `$${values.push(value)}`;
    const conditions = conditionsOf(filter, bind);
    if (page.cursor !== undefined) {
      const [before_at, before_id] = decodeCursor(page.cursor, ['timestamp', 'uuid']);
      conditions.push(`(c.started_at, c.id) < (${bind(before_at)}::timestamptz, ${bind(before_id)}::uuid)`);
    }
    const rows = await this.database.sql<{ started_at: Date; id: string; json: string }>(
      `select c.started_at, c.id, (${callJson(LISTED_TURNS)})::text as json from calls c
        where ${['c.client_id = $1', ...conditions].join(' and ')}
        order by c.started_at desc, c.id desc limit ${bind(limit + 1)}`,
      values,
    );
    return pageOf(rows, limit, (row) => [row.started_at, row.id]).written(({ json }) => json);
  }

  /** A call with all its turns as JSON, or null. */
  async findJson(id: string): Promise<string | null> {
    const rows = await this.database.sql<{ json: string }>(
      `select (${callJson(null)})::text as json from calls c where c.client_id = $1 and c.id = $2`,
      [Scope.clientId(), id],
    );
    return rows[0]?.json ?? null;
  }

  /** The call of a name, or null; of several that began in the same millisecond the last one. With `lock` it stays as it is until the transaction ends. */
  async findByName(name: CallName, lock = false): Promise<Call | null> {
    const [where, values] =
      'id' in name
        ? ['c.id = $2', [name.id]]
        : 'call_sid' in name
          ? ['c.call_sid = $2', [name.call_sid]]
          : ['c.phone_key = $2 and c.started_at = $3::timestamptz(3)', [name.phone_key, name.started_at]];
    const rows = await this.database.sql<Call>(
      `select c.* from calls c where c.client_id = $1 and ${where} order by c.id desc limit 1 ${lock ? 'for update' : ''}`,
      [Scope.clientId(), ...values],
    );
    return rows[0] ?? null;
  }

  /** The newest open call of a number, or null. */
  async findOpen(phone_key: string, idle_minutes: number): Promise<OpenCall | null> {
    const rows = await this.database.sql<OpenCall>(
      `select c.id, c.active_at < now() - make_interval(mins => $3) as is_idle from calls c
        where c.client_id = $1 and c.phone_key = $2 and ${IS_OPEN} order by c.active_at desc, c.id desc limit 1`,
      [Scope.clientId(), phone_key, idle_minutes],
    );
    return rows[0] ?? null;
  }

  /** Holds a number to the end of the transaction, so that two turns which come at once find one call. */
  async lockNumber(phone_key: string): Promise<void> {
    await this.database.sql(`select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 11))`, [Scope.clientId(), phone_key]);
  }

  /** Logs a call that the provider tells of; null where the log has its sid. One that is over began as long before as it took. */
  async insertReported(report: {
    call_sid: string;
    phone_number: string;
    phone_key: string;
    direction: Direction;
    status: CallStatus;
    at?: Date | undefined;
    duration_seconds?: number | undefined;
  }): Promise<string | null> {
    const at = report.at ?? new Date();
    const is_over = !isOpen(report.status);
    const rows = await this.database.sql<{ id: string }>(
      `insert into calls (client_id, id, call_sid, phone_number, phone_key, direction, status, started_at, ended_at, duration_seconds, is_signed)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, true) on conflict (client_id, call_sid) do nothing returning id`,
      [
        Scope.clientId(),
        newId(),
        report.call_sid,
        report.phone_number,
        report.phone_key,
        report.direction,
        report.status,
        is_over ? new Date(at.getTime() - (report.duration_seconds ?? 0) * 1_000) : at,
        is_over ? at : null,
        is_over ? (report.duration_seconds ?? null) : null,
      ],
    );
    return rows[0]?.id ?? null;
  }

  /**
   * Makes a recording its call's where that has none, with its text where that is made already. The provider has told of it, so the call is
   * signed for.
   */
  async setRecording(call_sid: string, recording_sid: string): Promise<void> {
    await this.database.sql(
      `update calls c set recording_sid = coalesce(c.recording_sid, $3), is_signed = true, transcript = coalesce(c.transcript, (
           select t.text from transcripts t
            where t.client_id = $1 and t.recording_sid = coalesce(c.recording_sid, $3) and t.status = 'done'))
        where c.client_id = $1 and c.call_sid = $2`,
      [Scope.clientId(), call_sid, recording_sid],
    );
  }

  /** Holds the calls of a recording to the end of the transaction: whoever has a call and its transcript to write takes the call first. */
  async lockRecording(recording_sid: string): Promise<void> {
    await this.database.sql('select 1 from calls where client_id = $1 and recording_sid = $2 order by id for no key update', [
      Scope.clientId(),
      recording_sid,
    ]);
  }

  /** Keeps the text of a recording with its calls. */
  async setTranscript(recording_sid: string, transcript: string): Promise<void> {
    await this.database.sql('update calls set transcript = $3 where client_id = $1 and recording_sid = $2', [
      Scope.clientId(),
      recording_sid,
      transcript,
    ]);
  }

  /** Ends a call where it is open; now where no time is given. False where it was over. */
  async close(id: string, status: CallStatus, ended_at: string | null): Promise<boolean> {
    const rows = await this.database.sql(
      `update calls c set status = $3, ended_at = coalesce($4::timestamptz, now()), active_at = now()
        where c.client_id = $1 and c.id = $2 and c.status in ('ringing', 'in_progress') returning 1`,
      [Scope.clientId(), id, status, ended_at],
    );
    return rows.length > 0;
  }

  /** Ends an open call at its last turn where nothing has happened in it since. False where something has, or it was over. */
  async closeIdle(id: string, idle_minutes: number): Promise<boolean> {
    const rows = await this.database.sql(
      `update calls c set status = 'completed', ended_at = c.active_at
        where c.client_id = $1 and c.id = $2 and ${IS_OPEN} and c.active_at < now() - make_interval(mins => $3) returning 1`,
      [Scope.clientId(), id, idle_minutes],
    );
    return rows.length > 0;
  }

  /** Adds a turn at the end of a call, and takes the call as begun; null where the call is not there or has had its most. */
  async addTurn(call_id: string, turn: NewTurn): Promise<Turn | null> {
    const rows = await this.database.sql<Turn>(
      `with counted as (
         update calls set turn_count = turn_count + 1, active_at = now(), status = case status when 'ringing' then 'in_progress' else status end
          where client_id = $1 and id = $2 and turn_count < $3 returning turn_count),
       t as (
         insert into call_turns (client_id, call_id, turn, ts, user_text, ai_text, tool_calls)
         select $1, $2, turn_count, coalesce($4::timestamptz, clock_timestamp()), $5, $6, $7::jsonb from counted returning *)
       select ${TURN_COLUMNS} from t`,
      [Scope.clientId(), call_id, MOST_TURNS, turn.ts ?? null, turn.user_text, turn.ai_text, JSON.stringify(turn.tool_calls)],
    );
    return rows[0] ?? null;
  }

  /** Writes all turns of a call anew. */
  async replaceTurns(call_id: string, turns: readonly NewTurn[]): Promise<void> {
    await this.database.sql('delete from call_turns where client_id = $1 and call_id = $2', [Scope.clientId(), call_id]);
    await this.database.sql(
      `with said as (
         insert into call_turns (client_id, call_id, turn, ts, user_text, ai_text, tool_calls)
         select $1, $2, s.turn, coalesce(s.ts, clock_timestamp()), s.user_text, s.ai_text, s.tool_calls
           from json_to_recordset($3) as s(turn integer, ts timestamptz, user_text text, ai_text text, tool_calls jsonb) returning 1)
       update calls set turn_count = (select count(*) from said) where client_id = $1 and id = $2`,
      [Scope.clientId(), call_id, JSON.stringify(turns.map((turn, index) => ({ ...turn, turn: index + 1 })))],
    );
  }

  /** Writes what was answered in a turn; nothing where the call has gone meanwhile. */
  async answerTurn(call_id: string, turn: number, ai_text: string | null, tool_calls: readonly ToolCall[]): Promise<void> {
    await this.database.sql(
      `with active as (update calls set active_at = now() where client_id = $1 and id = $2)
       update call_turns set ai_text = $4, tool_calls = $5::jsonb where client_id = $1 and call_id = $2 and turn = $3`,
      [Scope.clientId(), call_id, turn, ai_text, JSON.stringify(tool_calls)],
    );
  }

  /** Writes what a call was about where nothing is written yet, and adds to its metadata; false where it is not there. */
  async summarise(id: string, summary: string | null, outcome: string | null, metadata: Record<string, unknown>): Promise<boolean> {
    const rows = await this.database.sql(
      `update calls set summary = coalesce(summary, $3), outcome = coalesce(outcome, $4), metadata = metadata || $5::jsonb where client_id = $1 and id = $2 returning 1`,
      [Scope.clientId(), id, summary, outcome, JSON.stringify(metadata)],
    );
    return rows.length > 0;
  }

  /** All turns of a call, oldest first. */
  async turnsOf(call_id: string): Promise<Turn[]> {
    return this.database.sql<Turn>(`select ${TURN_COLUMNS} from call_turns t where t.client_id = $1 and t.call_id = $2 order by t.turn`, [
      Scope.clientId(),
      call_id,
    ]);
  }

  /** The newest turn of a call, or null. */
  async lastTurnOf(call_id: string): Promise<Turn | null> {
    const rows = await this.database.sql<Turn>(
      `select ${TURN_COLUMNS} from call_turns t where t.client_id = $1 and t.call_id = $2 order by t.turn desc limit 1`,
      [Scope.clientId(), call_id],
    );
    return rows[0] ?? null;
  }

  /** The newest turns of a number, oldest first, over the calls in which something happened last. */
  async recentTurns(phone_key: string, limit: number, within_hours: number): Promise<Turn[]> {
    const turns = await this.database.sql<Turn>(
      `select ${TURN_COLUMNS} from (
         select c.client_id, c.id from calls c
          where c.client_id = $1 and c.phone_key = $2 and c.active_at >= now() - make_interval(hours => $4)
          order by c.active_at desc limit ${RECENT_CALLS}) c
       join call_turns t on t.client_id = c.client_id and t.call_id = c.id and t.ts >= now() - make_interval(hours => $4)
       order by t.ts desc, t.call_id desc, t.turn desc limit $3`,
      [Scope.clientId(), phone_key, limit, within_hours],
    );
    return turns.reverse();
  }

  /** A page of the numbers that called or were called, by number; each as it came last. */
  async listPhones(page: PageRequest): Promise<Page<PhoneRow>> {
    const limit = pageLimit(page.limit);
    const [after = ''] = page.cursor === undefined ? [] : decodeCursor(page.cursor, ['text']);
    // From number to number by the index, so that a page costs what its own numbers' calls cost.
    const rows = await this.database.sql<PhoneRow & { phone_key: string }>(
      `with recursive numbers as (
         (select c.phone_key, 1 as place from calls c where c.client_id = $1 and c.phone_key > $2 order by c.phone_key limit 1)
         union all
         select (select c.phone_key from calls c where c.client_id = $1 and c.phone_key > n.phone_key order by c.phone_key limit 1), n.place + 1
           from numbers n where n.phone_key is not null and n.place < $3)
       select n.phone_key, l.phone_number, l.started_at as last_call_at,
              (select count(*) from calls c where c.client_id = $1 and c.phone_key = n.phone_key) as calls
         from numbers n
         cross join lateral (
           select c.phone_number, c.started_at from calls c where c.client_id = $1 and c.phone_key = n.phone_key
            order by c.started_at desc, c.id desc limit 1) l
        where n.phone_key is not null order by n.place`,
      [Scope.clientId(), after, limit + 1],
    );
    return pageOf(rows, limit, (row) => [row.phone_key]).map(({ phone_number, calls, last_call_at }) => ({
      phone_number,
      calls,
      last_call_at,
    }));
  }
}

/** What a list's filters say of a call `c`. */
function conditionsOf({ phone_key, from, to, status, direction, q, member_id }: CallFilter, bind: Bind): string[] {
  const conditions: string[] = [];
  if (phone_key !== undefined) conditions.push(`c.phone_key = ${bind(phone_key)}`);
  if (from !== undefined) conditions.push(`c.started_at >= ${bind(from)}::timestamptz`);
  if (to !== undefined) conditions.push(`c.started_at < ${bind(to)}::timestamptz`);
  if (status !== undefined) conditions.push(`c.status = ${bind(status)}`);
  if (direction !== undefined) conditions.push(`c.direction = ${bind(direction)}`);
  if (member_id !== undefined) {
    const member = `${bind(member_id)}::uuid`;
    conditions.push(`c.direction = 'internal' and (c.caller_id = ${member} or c.callee_id = ${member})`);
  }
  if (q !== undefined) conditions.push(SAYS(`${bind(caseless(q))}::text`));
  return conditions;
}
