import { Injectable } from '@nestjs/common';
import { Database, isUniqueViolation } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { EventBus } from '../../../platform/events/index.js';
import { UUID } from '../../../platform/http/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { TenantIntegrations } from '../../tenancy/index.js';
import { type Call, type CallStatus, type Direction, isOpen, type ToolCall, type Turn } from './call.entity.js';
import { CallRepository } from './call.repository.js';
import { PhoneNumbers } from './phone-numbers.js';

/** Which call a turn belongs to. */
export interface CallQuestion {
  /** As it came; needed unless a call is named that is in the log. */
  phone_number?: string | null;
  call_id?: string | null;
  call_sid?: string | null;
  /** What a new call is; `text` where nothing is said. With it, a `call_sid` that is not in the log names a new call. */
  direction?: Direction;
}

/** The call that a turn belongs to. */
export interface CallPlace {
  call_id: string;
  is_new: boolean;
  /** The other side's number as it came. */
  phone_number: string;
  status: CallStatus;
}

/** What the telephone provider tells of a call. */
export interface CallReport {
  call_sid: string;
  /** The other side as the provider names it: a number, or words such as `anonymous`. */
  phone_number: string;
  direction: 'inbound' | 'outbound';
  status: CallStatus;
  /** When this came to be; now where nothing is said. */
  at?: Date | undefined;
  duration_seconds?: number | undefined;
}

/** How far a call has come; a report that is behind is late, and changes nothing. */
const rankOf = (status: CallStatus): number => (status === 'ringing' ? 0 : status === 'in_progress' ? 1 : 2);

/**
 * The log that calls are written into while they happen, for the modules that hold the conversation. It runs in the scope's tenant and
 * asks nobody's permission: whoever calls it has.
 */
@Injectable()
export class CallLog {
  constructor(
    private readonly database: Database,
    private readonly calls: CallRepository,
    private readonly numbers: PhoneNumbers,
    private readonly integrations: TenantIntegrations,
    private readonly events: EventBus,
  ) {}

  /**
   * The call named by id or sid, else this number's open one, else a new one (contract, section 4). An open one that has been idle for the
   * tenant's `idle_minutes` is closed first. Of turns that come at once for one number one makes the call and all find it.
   *
   * @throws CALL_NOT_FOUND where a call is named that is not in the log, VALIDATION_FAILED for a number that is none
   */
  async place(question: CallQuestion): Promise<CallPlace> {
    const named = await this.named(question);
    if (named) return placeOf(named, false);
    const { phone_number, call_sid = null, direction } = question;
    if (phone_number == null) throw AppError.field('phone_number', 'is required');
    const phone_key = await this.numbers.key(phone_number);
    const { idle_minutes } = await this.integrations.assistant();
    if (call_sid === null) {
      const open = await this.calls.findOpen(phone_key, idle_minutes);
      if (open && !open.is_idle) return placeOf(await this.get(open.id), false);
    }
    return this.placeAlone({ phone_number, phone_key, call_sid, direction: direction ?? 'text' }, idle_minutes);
  }

  /** The call. @throws CALL_NOT_FOUND */
  async get(call_id: string): Promise<Call> {
    const call = UUID.test(call_id) ? await this.calls.findByName({ id: call_id }) : null;
    if (!call) throw new AppError('CALL_NOT_FOUND');
    return call;
  }

  /** The call, or null. */
  find(call_id: string): Promise<Call | null> {
    return this.calls.findByName({ id: call_id });
  }

  /** All turns of a call, oldest first. */
  turnsOf(call_id: string): Promise<Turn[]> {
    return this.calls.turnsOf(call_id);
  }

  /** The newest turn of a call, or null. */
  lastTurnOf(call_id: string): Promise<Turn | null> {
    return this.calls.lastTurnOf(call_id);
  }

  /**
   * Stores what the caller said, before anything else happens. Turns of a call are numbered 1, 2, 3 …
   *
   * @throws CALL_NOT_FOUND, TOO_MANY_TURNS
   */
  async beginTurn(call_id: string, turn: { user_text: string | null }): Promise<{ turn: number; ts: string }> {
    const begun = await this.calls.addTurn(call_id, { user_text: turn.user_text, ai_text: null, tool_calls: [] });
    if (begun) return { turn: begun.turn, ts: begun.ts };
    await this.get(call_id);
    throw new AppError('TOO_MANY_TURNS');
  }

  /** Stores what was answered. A turn whose call has gone meanwhile is passed over. */
  async finishTurn(call_id: string, turn: number, answer: { ai_text: string | null; tool_calls: readonly ToolCall[] }): Promise<void> {
    await this.calls.answerTurn(call_id, turn, answer.ai_text, answer.tool_calls);
  }

  /** The newest turns of this number, oldest first, over all its calls. @throws VALIDATION_FAILED for a number that is none */
  async recentTurns(phone_number: string, options: { limit: number; within_hours: number }): Promise<Turn[]> {
    const phone_key = await this.numbers.keyOfCaller(phone_number);
    return options.limit === 0 ? [] : this.calls.recentTurns(phone_key, options.limit, options.within_hours);
  }

  /**
   * Ends a call that is open; one that is over stays as it is. `call.ended` is announced in the transaction and published after its commit.
   *
   * @throws CALL_NOT_FOUND
   */
  async end(call_id: string, change: { status: CallStatus; ended_at?: string | null }): Promise<void> {
    await this.database.transaction(async () => {
      if (isOpen(change.status)) throw new Error(`${change.status} is not the status of a call that is over`);
      if (await this.calls.close(call_id, change.status, change.ended_at ?? null)) await this.tellEnded(call_id);
      else await this.get(call_id);
    });
  }

  /**
   * Writes what the telephone provider tells of a call, by a request whose signature was checked; the call is made where the log does not have
   * it. Reports may come again and out of order: a call never goes back to where it was.
   */
  async report(report: CallReport): Promise<{ call_id: string; is_new: boolean }> {
    const phone_key = await this.numbers.keyOfCaller(report.phone_number);
    return this.database.transaction(async () => {
      const made = await this.calls.insertReported({ ...report, phone_key });
      if (made !== null) {
        if (!isOpen(report.status)) await this.tellEnded(made);
        return { call_id: made, is_new: true };
      }
      const call = await this.calls.findByName({ call_sid: report.call_sid }, true);
      if (!call) throw new AppError('CONFLICT');
      await this.takeOver(call, report);
      return { call_id: call.id, is_new: false };
    });
  }

  /** The call of a sid, or null. */
  findBySid(call_sid: string): Promise<Call | null> {
    return this.calls.findByName({ call_sid });
  }

  /** Makes a recording its call's, where that has none yet; nothing where the call is not in the log. */
  async addRecording(call_sid: string, recording_sid: string): Promise<void> {
    await this.calls.setRecording(call_sid, recording_sid);
  }

  /** Keeps what a call was about and what came of it, where nobody has written that yet; `metadata` adds to what is there. @throws CALL_NOT_FOUND */
  async summarise(
    call_id: string,
    change: { summary: string | null; outcome: string | null; metadata?: Record<string, unknown> },
  ): Promise<void> {
    if (!(await this.calls.summarise(call_id, change.summary, change.outcome, change.metadata ?? {}))) throw new AppError('CALL_NOT_FOUND');
  }

  /** Tells, inside the open transaction and after its commit, that a call is over. */
  async tellEnded(call_id: string): Promise<void> {
    const event = { client_id: Scope.clientId(), call_id };
    await this.events.announce('call.ended', event);
    this.events.publish('call.ended', event);
  }

  /** Ends an open call at its last turn, where nothing has happened in it for so many minutes. */
  async endIdle(call_id: string, idle_minutes: number): Promise<void> {
    await this.database.transaction(async () => {
      if (await this.calls.closeIdle(call_id, idle_minutes)) await this.tellEnded(call_id);
    });
  }

  private async takeOver(call: Call, { status, at, duration_seconds }: CallReport): Promise<void> {
    const is_late = rankOf(status) <= rankOf(call.status);
    const is_over = !isOpen(status);
    // Whoever ended the call before did not know how long the line stood.
    const measured = is_over && duration_seconds !== undefined && call.duration_seconds === null ? { duration_seconds } : {};
    const ended_at = is_over && (!is_late || 'duration_seconds' in measured) ? { ended_at: latest(at ?? new Date(), call.started_at) } : {};
    await this.calls.update(
      { id: call.id },
      { is_signed: true, ...(is_late ? {} : { status, active_at: new Date() }), ...measured, ...ended_at },
    );
    if (!is_late && is_over) await this.tellEnded(call.id);
  }

  private async named({ call_id, call_sid, direction }: CallQuestion): Promise<Call | null> {
    if (call_id != null) {
      const call = await this.get(call_id);
      // Calls between users have no number, and nobody talks to the assistant in them.
      if (call.phone_number === null) throw new AppError('CALL_NOT_FOUND');
      return call;
    }
    if (call_sid == null) return null;
    const call = await this.calls.findByName({ call_sid });
    if (!call && direction === undefined) throw new AppError('CALL_NOT_FOUND');
    return call;
  }

  private placeAlone(
    wanted: { phone_number: string; phone_key: string; call_sid: string | null; direction: Direction },
    idle_minutes: number,
  ): Promise<CallPlace> {
    return this.database.transaction(async () => {
      await this.calls.lockNumber(wanted.phone_key);
      const known = wanted.call_sid === null ? null : await this.calls.findByName({ call_sid: wanted.call_sid });
      if (known) return placeOf(known, false);
      const open = await this.calls.findOpen(wanted.phone_key, idle_minutes);
      if (open?.is_idle) await this.endIdle(open.id, idle_minutes);
      else if (open && wanted.call_sid === null) return placeOf(await this.get(open.id), false);
      return placeOf(await this.insert(wanted), true);
    });
  }

  private async insert(wanted: { phone_number: string; phone_key: string; call_sid: string | null; direction: Direction }): Promise<Call> {
    const now = new Date();
    try {
      return await this.calls.insert({ ...wanted, status: 'in_progress', started_at: now, active_at: now, turn_count: 0, metadata: {} });
    } catch (error) {
      // The sid came with two numbers at once, which do not wait for each other.
      throw isUniqueViolation(error, 'calls_call_sid_unique') ? new AppError('CONFLICT', { cause: error }) : error;
    }
  }
}

function placeOf({ id, phone_number, status }: Call, is_new: boolean): CallPlace {
  return { call_id: id, is_new, phone_number: phone_number ?? '', status };
}

function latest(a: Date, b: Date): Date {
  return a > b ? a : b;
}
