import { Injectable } from '@nestjs/common';
import { Database, isUniqueViolation, type Page, type PageRequest, type WrittenPage } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { UUID } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { AuditService } from '../../tenancy/index.js';
import { CallLog } from './call-log.js';
import type { CallQuery, CallTurnDto, ChangeCallDto, CreateCallDto, ListCallsQuery } from './call.dto.js';
import { type Call, isOpen } from './call.entity.js';
import { assertCalls, onlyOwnOf } from './call.policy.js';
import { type CallFilter, type CallName, CallRepository, type NewTurn } from './call.repository.js';
import type { CallTurnView, PhoneView } from './call.view.js';
import { PhoneNumbers } from './phone-numbers.js';
import { TranscriptRepository } from '../recording/transcript.repository.js';

type Columns = Partial<Omit<Call, 'client_id' | 'id' | 'created_at'>>;

/** The log of calls as the phone desk reads and writes it (contract, section 4). */
@Injectable()
export class CallService {
  constructor(
    private readonly database: Database,
    private readonly calls: CallRepository,
    private readonly log: CallLog,
    private readonly transcripts: TranscriptRepository,
    private readonly numbers: PhoneNumbers,
    private readonly audit: AuditService,
  ) {}

  /** A page of calls as JSON, newest first; members see their own with other users alone. @throws FORBIDDEN, VALIDATION_FAILED, INVALID_CURSOR */
  async list(actor: Actor, query: ListCallsQuery): Promise<WrittenPage> {
    assertCalls(actor, 'calls.list');
    const { phone, from, to, status, direction, q } = query;
    const filter: CallFilter = { from, to, status, direction, q, member_id: onlyOwnOf(actor) };
    if (phone !== undefined) filter.phone_key = await this.numbers.key(phone, 'phone');
    return this.calls.listJson(filter, query);
  }

  /** A page of the numbers in the log, by number. @throws FORBIDDEN, INVALID_CURSOR */
  async listPhones(actor: Actor, page: PageRequest): Promise<Page<PhoneView>> {
    assertCalls(actor, 'calls.read');
    const phones = await this.calls.listPhones(page);
    return phones.map((phone) => ({ ...phone, last_call_at: phone.last_call_at.toISOString() }));
  }

  /** The call of a name as JSON, with all its turns. @throws FORBIDDEN, VALIDATION_FAILED, CALL_NOT_FOUND */
  async get(actor: Actor, query: CallQuery): Promise<string> {
    assertCalls(actor, 'calls.read');
    const call = await this.calls.findByName(await this.nameOf(query));
    return this.shown(call?.id);
  }

  /** Logs a call. @throws FORBIDDEN, VALIDATION_FAILED, CALL_SID_TAKEN */
  async create(actor: Actor, input: CreateCallDto): Promise<string> {
    assertCalls(actor, 'calls.write');
    const columns = withDefaults(await this.columnsOf(input));
    assertInOrder(columns);
    const id = await this.unlessTaken(() =>
      this.database.transaction(async () => {
        const call = await this.calls.insert(columns);
        if (input.turns?.length) await this.calls.replaceTurns(call.id, input.turns.map(turnOf));
        if (!isOpen(call.status)) await this.log.tellEnded(call.id);
        return call.id;
      }),
    );
    return this.shown(id);
  }

  /** Changes what is named of a call. @throws FORBIDDEN, VALIDATION_FAILED, CALL_NOT_FOUND, CALL_SID_TAKEN */
  async change(actor: Actor, query: CallQuery, changes: ChangeCallDto): Promise<string> {
    assertCalls(actor, 'calls.write');
    const name = await this.nameOf(query);
    const columns = await this.columnsOf(changes);
    const id = await this.unlessTaken(() =>
      this.database.transaction(async () => {
        const before = await this.lock(name);
        const ends = isOpen(before.status) && columns.status !== undefined && !isOpen(columns.status);
        if (ends && columns.ended_at === undefined && before.ended_at === null) columns.ended_at = new Date();
        assertInOrder({ ...before, ...columns });
        await this.calls.update({ id: before.id }, columns as object);
        if (changes.turns) await this.calls.replaceTurns(before.id, changes.turns.map(turnOf));
        if (ends) await this.log.tellEnded(before.id);
        return before.id;
      }),
    );
    return this.shown(id);
  }

  /** Deletes a call with all that was said in it. @throws FORBIDDEN, VALIDATION_FAILED, CALL_NOT_FOUND */
  async remove(actor: Actor, query: CallQuery): Promise<void> {
    assertCalls(actor, 'calls.write');
    const name = await this.nameOf(query);
    await this.database.transaction(async () => {
      const { id, recording_sid } = await this.lock(name);
      await this.calls.delete({ id });
      if (recording_sid !== null) await this.transcripts.forget(recording_sid);
      await this.audit.record(actor, 'call.deleted', 'call', id);
    });
  }

  /** Adds a turn at the end of a call. @throws FORBIDDEN, VALIDATION_FAILED, CALL_NOT_FOUND, TOO_MANY_TURNS */
  async appendTurn(actor: Actor, query: CallQuery, input: CallTurnDto): Promise<CallTurnView> {
    assertCalls(actor, 'calls.write');
    if (isSilent(input)) throw AppError.field('user_text', 'is required, or ai_text, or tool_calls');
    const name = await this.nameOf(query);
    const added = await this.database.transaction(async () => {
      const { id } = await this.lock(name);
      return this.calls.addTurn(id, turnOf(input));
    });
    if (!added) throw new AppError('TOO_MANY_TURNS');
    const { ts, user_text, ai_text, tool_calls } = added;
    return { ts, user_text, ai_text, tool_calls };
  }

  private async shown(id: string | undefined): Promise<string> {
    const json = id === undefined ? null : await this.calls.findJson(id);
    if (json === null) throw new AppError('CALL_NOT_FOUND');
    return json;
  }

  /** Calls between users are those users' own to change. */
  private async lock(name: CallName): Promise<Call> {
    const call = await this.calls.findByName(name, true);
    if (!call || call.direction === 'internal') throw new AppError('CALL_NOT_FOUND');
    return call;
  }

  private async nameOf({ id, call_sid, phone, ts }: CallQuery): Promise<CallName> {
    if (id !== undefined) {
      if (!UUID.test(id)) throw new AppError('CALL_NOT_FOUND');
      return { id };
    }
    if (call_sid !== undefined) return { call_sid };
    if (phone === undefined && ts === undefined) throw AppError.field('id', 'is required, or call_sid, or phone and ts');
    if (phone === undefined) throw AppError.field('phone', 'is required with ts');
    if (ts === undefined) throw AppError.field('ts', 'is required with phone');
    return { phone_key: await this.numbers.key(phone, 'phone'), started_at: ts };
  }

  /** The columns that an input names. Null clears what may be empty, and leaves as it is what may not. */
  private async columnsOf(input: ChangeCallDto): Promise<Columns> {
    const { phone_number, direction, status, started_at, ended_at, metadata } = input;
    const { call_sid, duration_seconds, summary, outcome, recording_sid, transcript } = input;
    const columns: Columns = { call_sid, duration_seconds, summary, outcome, recording_sid, transcript };
    if (phone_number != null) Object.assign(columns, { phone_number, phone_key: await this.numbers.key(phone_number) });
    if (direction != null) columns.direction = direction;
    if (status != null) columns.status = status;
    if (started_at != null) columns.started_at = new Date(started_at);
    if (ended_at !== undefined) columns.ended_at = ended_at === null ? null : new Date(ended_at);
    if (metadata !== undefined) columns.metadata = metadata ?? {};
    return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
  }

  private async unlessTaken<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw isUniqueViolation(error, 'calls_call_sid_unique') ? new AppError('CALL_SID_TAKEN', { cause: error }) : error;
    }
  }
}

/** What a new call is where nothing is said. One that was over before it is logged ended at no known time, unless its length tells. */
function withDefaults(columns: Columns): Columns {
  const started_at = columns.started_at ?? new Date();
  const { duration_seconds } = columns;
  const is_over = columns.status === undefined ? columns.ended_at != null || duration_seconds != null : !isOpen(columns.status);
  const until = duration_seconds == null ? null : after(started_at, duration_seconds);
  const just_now = columns.started_at === undefined ? started_at : null;
  return {
    direction: 'inbound',
    status: is_over ? 'completed' : 'in_progress',
    metadata: {},
    turn_count: 0,
    ...columns,
    started_at,
    ended_at: columns.ended_at ?? (is_over ? (until ?? just_now) : null),
    active_at: new Date(),
  };
}

function after(start: Date, seconds: number): Date {
  return new Date(start.getTime() + seconds * 1_000);
}

function assertInOrder({ started_at, ended_at }: Columns): void {
  if (started_at && ended_at && ended_at < started_at) throw AppError.field('ended_at', 'must not be before started_at');
}

function turnOf({ ts, user_text, ai_text, tool_calls }: CallTurnDto): NewTurn {
  return { ts: ts ?? null, user_text: user_text ?? null, ai_text: ai_text ?? null, tool_calls: tool_calls ?? [] };
}

/** True for a turn in which nothing was said or done. */
function isSilent({ user_text, ai_text, tool_calls }: CallTurnDto): boolean {
  return !user_text && !ai_text && !tool_calls?.length;
}
