import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { ModelError } from '../../../integrations/llm/index.js';
import { Config } from '../../../platform/config/index.js';
import { Database } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { Logger } from '../../../platform/http/index.js';
import { type Actor, Scope } from '../../../platform/scope/index.js';
import { CallLog, type CallPlace, PhoneNumbers, type ToolCall } from '../../calls/index.js';
import { UsageService } from '../../tenancy/index.js';
import { Answerers } from './answerers.js';
import { isAbort, toChatError } from './chat-errors.js';
import { ChatLogRepository, type ChatStatus } from './chat-log.repository.js';
import type { ChatView } from './chat.view.js';
import { type ToolResult, withResults } from './pending-calls.js';
import type { LoopListener } from './tool-loop.js';
import type { Answerer, TurnCall, TurnContext, TurnWork } from './turn-context.js';
import { type TurnLease, TurnLeases } from './turn-leases.js';
import { languageOf, WORDS } from './wording.js';

/** A turn whose words are stored and whose call is held for it. Whoever has one must have it answered. */
export interface OpenTurn {
  readonly call: TurnCall;
  readonly turn: number;
  readonly user_text: string;
  readonly said: string;
  readonly prior: readonly ToolCall[];
  readonly lease: TurnLease;
}

/** Who waits for an answer, and how. */
export interface TurnAudience {
  readonly actor: Actor;
  /** Aborted where nobody waits any more. */
  readonly signal: AbortSignal;
  /** Hears the answer as it is made; where there is one, what was heard is kept although the rest fails. */
  readonly listener?: LoopListener;
  /** True where nobody is there who could run a function: the caller is on the telephone. */
  readonly is_telephone?: boolean;
}

/** An answer. */
export interface TurnAnswer {
  readonly view: ChatView;
  /** True where the conversation is over, and the call with it. */
  readonly is_over: boolean;
}

/** Answers in the making: on one node, and of one tenant on it. */
const MOST_AT_ONCE = 1_000;
const MOST_AT_ONCE_OF_A_TENANT = 400;
const SHUTDOWN_PATIENCE_MS = 4_000;

/**
 * Turns of conversations, whatever door they come by: what is said is stored first, then answered, then the answer is stored and the execution
 * noted. It asks nobody's permission: whoever calls it has. No transaction is open while the model is asked.
 */
@Injectable()
export class Turns implements BeforeApplicationShutdown {
  private readonly running = new Map<Promise<unknown>, AbortController>();
  private readonly byTenant = new Map<string, number>();
  private is_closing = false;
  private readonly timeout_ms: number;

  constructor(
    config: Config,
    private readonly database: Database,
    private readonly log: CallLog,
    private readonly numbers: PhoneNumbers,
    private readonly leases: TurnLeases,
    private readonly answerers: Answerers,
    private readonly executions: ChatLogRepository,
    private readonly usage: UsageService,
    private readonly logger: Logger,
  ) {
    this.timeout_ms = config.env.ASSISTANT_TIMEOUT_MS;
  }

  /** Stores what was said, once the turn before it is answered. @throws CALL_BUSY, CALL_NOT_FOUND, TOO_MANY_TURNS, OVERLOADED */
  async begin(place: CallPlace, user_text: string, signal: AbortSignal): Promise<OpenTurn> {
    this.assertRoom();
    const lease = await this.leases.take(place.call_id, signal);
    return this.holding(lease, () => this.store(place, user_text, lease));
  }

  /**
   * Stores what was said where `after_turn` is the call's newest turn and nothing of the call is being answered; null otherwise: the same was said
   * before, and came again.
   */
  async beginAfter(place: CallPlace, user_text: string, after_turn: number): Promise<OpenTurn | null> {
    this.assertRoom();
    const lease = await this.leases.tryTake(place.call_id);
    if (!lease) return null;
    return this.holding(lease, async () => {
      const { turn_count } = await this.log.get(place.call_id);
      if (turn_count === after_turn) return this.store(place, user_text, lease);
      await lease.release();
      return null;
    });
  }

  /**
   * Goes on with the last turn, which waits for these results; or has had them, and failed to be answered: then they may come again.
   * @throws VALIDATION_FAILED, CALL_BUSY, CALL_NOT_FOUND, OVERLOADED
   */
  async resume(place: CallPlace, results: readonly ToolResult[], signal: AbortSignal): Promise<OpenTurn> {
    this.assertRoom();
    const lease = await this.leases.take(place.call_id, signal);
    return this.holding(lease, async () => {
      const [last, call] = [await this.log.lastTurnOf(place.call_id), await this.callOf(place)];
      const prior = withResults(last, results, last ? await this.executions.unanswered(call, last.turn) : []);
      const { turn, user_text, ai_text } = last as NonNullable<typeof last>;
      // Kept whatever becomes of the answer: a result may say what was done.
      await this.log.finishTurn(place.call_id, turn, { ai_text, tool_calls: prior });
      return { call, turn, user_text: user_text ?? '', said: ai_text ?? '', prior, lease };
    });
  }

  /** Answers a turn. @throws MODEL_REFUSED, MODEL_FAILED, MODEL_BUSY, MODEL_TIMEOUT */
  answer(open: OpenTurn, audience: TurnAudience): Promise<TurnAnswer> {
    const client_id = Scope.clientId();
    const closing = new AbortController();
    if (this.is_closing) closing.abort(new ModelError('aborted', 'The server is shutting down'));
    const work = this.answerIn(open, audience, closing.signal);
    this.running.set(work, closing);
    this.byTenant.set(client_id, (this.byTenant.get(client_id) ?? 0) + 1);
    const done = (): void => {
      this.running.delete(work);
      const left = (this.byTenant.get(client_id) ?? 1) - 1;
      if (left > 0) this.byTenant.set(client_id, left);
      else this.byTenant.delete(client_id);
    };
    work.then(done, done);
    return work;
  }

  /** True while a turn of the call is being answered, on any node. */
  isAnswering(call_id: string): Promise<boolean> {
    return this.leases.isTaken(call_id);
  }

  /** What still runs is broken off, and stored as it is. */
  async beforeApplicationShutdown(): Promise<void> {
    this.is_closing = true;
    for (const closing of this.running.values()) closing.abort(new ModelError('aborted', 'The server is shutting down'));
    const late = new Promise((resolve) => setTimeout(resolve, SHUTDOWN_PATIENCE_MS).unref());
    await Promise.race([Promise.allSettled(this.running.keys()), late]);
  }

  private async answerIn(open: OpenTurn, audience: TurnAudience, closing: AbortSignal): Promise<TurnAnswer> {
    const { actor, signal: leaving, listener, is_telephone = false } = audience;
    const started = performance.now();
    const signal = AbortSignal.any([leaving, closing, AbortSignal.timeout(this.timeout_ms)]);
    let first_token_ms: number | null = null;
    const { call, turn, user_text, said, prior } = open;
    const context: TurnContext = {
      ...{ call, turn, actor, user_text, said, prior, signal, is_telephone },
      deadline_ms: started + this.timeout_ms,
      listener: {
        text: (text) => {
          first_token_ms ??= performance.now() - started;
          return untilAborted(listener?.text?.(text), signal);
        },
        call: (one) => untilAborted(listener?.call?.(one), signal),
        result: (one) => untilAborted(listener?.result?.(one), signal),
        fault: (error, name) => this.logger.error({ err: error, tool: name.slice(0, 64), call_id: call.call_id }, 'a tool failed'),
      },
    };
    const progress: Progress = { answerer: null, work: null };
    let failure: unknown;
    try {
      progress.answerer = await this.answerers.current();
      progress.work = await progress.answerer.prepare(context);
      await progress.work.run();
    } catch (error) {
      failure = error ?? new Error('It failed without a reason');
    }
    const latency = { latency_ms: Math.round(performance.now() - started), first_token_ms: first_token_ms && Math.round(first_token_ms) };
    return this.finish(open, progress, failure, latency, listener);
  }

  /** Stores what came of a turn, gives the call back, and answers; or throws what a failure is to whoever asked. */
  private async finish(
    open: OpenTurn,
    { answerer, work }: Progress,
    failure: unknown,
    latency: { latency_ms: number; first_token_ms: number | null },
    listener: LoopListener | undefined,
  ): Promise<TurnAnswer> {
    const { call, turn, lease } = open;
    const tool_calls = work?.tool_calls ?? open.prior;
    const is_pending = tool_calls.some(({ status }) => status === 'pending');
    const has_failed = failure !== undefined;
    let text = work?.text ?? '';
    if (!has_failed && text === '' && !is_pending) {
      text = WORDS.no_reply[languageOf(open.user_text)];
      await listener?.text?.(text);
    }
    const usage = work?.usage ?? { prompt_tokens: 0, completion_tokens: 0 };
    const error = has_failed && !isAbort(failure) ? toChatError(failure) : null;
    const status: ChatStatus = !has_failed ? (is_pending ? 'pending' : 'done') : error ? 'failed' : 'aborted';
    const heard = has_failed && listener?.text === undefined ? '' : text;
    const ai_text = [open.said, heard].filter((part) => part !== '').join('\n') || null;
    const is_over = !has_failed && work?.is_over === true && !is_pending;
    try {
      await Promise.all([
        this.log.finishTurn(call.call_id, turn, { ai_text, tool_calls: has_failed ? tool_calls.map(givenUp) : tool_calls }),
        this.executions.insert({
          call_id: call.call_id,
          turn,
          phone_number: call.phone_number,
          phone_key: call.phone_key,
          provider: answerer?.provider ?? 'openai',
          model: answerer?.model ?? null,
          status,
          ...latency,
          ...usage,
          tool_calls: tool_calls.map(({ id, name, status: ended }) => ({ id, name, status: ended })),
          error: error?.code ?? null,
        }),
      ]);
      if (is_over) await this.endAndRelease(open);
    } finally {
      this.usage.count(Scope.clientId(), 'ai_tokens', usage.prompt_tokens + usage.completion_tokens);
      await lease.release();
    }
    if (has_failed) throw error ?? toChatError(failure);
    const { prompt_tokens, completion_tokens } = usage;
    const view: ChatView = {
      reply: text === '' ? null : text,
      call_id: call.call_id,
      turn,
      tool_calls: [...tool_calls],
      usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
      provider: answerer?.provider ?? 'faq',
    };
    return { view, is_over };
  }

  /** At once: whoever waits for the answer finds the call ended, and its report finds nothing that is being answered. */
  private endAndRelease({ call, lease }: OpenTurn): Promise<void> {
    return this.database.transaction(async () => {
      await lease.release();
      await this.log.end(call.call_id, { status: 'completed' });
    });
  }

  private async store(place: CallPlace, user_text: string, lease: TurnLease): Promise<OpenTurn> {
    const [{ turn }, call] = await Promise.all([this.log.beginTurn(place.call_id, { user_text }), this.callOf(place)]);
    return { call, turn, user_text, said: '', prior: [], lease };
  }

  private async callOf({ call_id, phone_number }: CallPlace): Promise<TurnCall> {
    const key = HIDDEN_NUMBERS.has(phone_number) ? null : await this.numbers.find(phone_number);
    return { call_id, phone_number, phone_key: key ?? (await this.numbers.keyOfCaller(phone_number)), is_known: key !== null };
  }

  /** Gives the call back where nothing comes of the turn. */
  private async holding<T>(lease: TurnLease, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  private assertRoom(): void {
    if (this.is_closing) throw new AppError('SHUTTING_DOWN', { retry_after_seconds: 1 });
    const is_full = this.running.size >= MOST_AT_ONCE || (this.byTenant.get(Scope.clientId()) ?? 0) >= MOST_AT_ONCE_OF_A_TENANT;
    if (is_full) throw new AppError('OVERLOADED', { retry_after_seconds: 2 });
  }
}

/** What has come of a turn so far. */
interface Progress {
  answerer: Answerer | null;
  work: TurnWork | null;
}

/** Waits for whoever hears the answer, though not beyond its time. */
function untilAborted(hearing: void | Promise<void>, signal: AbortSignal): void | Promise<void> {
  if (hearing === undefined || signal.aborted) return;
  let stop = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    stop = () => resolve();
    signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([hearing, over]).finally(() => signal.removeEventListener('abort', stop));
}

/** What the telephone provider writes where a caller hides the number: the words on the keys. */
const HIDDEN_NUMBERS = new Set(['+266696687', '+7378742883', '+2562533', '+8656696', '+86282452253']);

/** Nobody is told of a pending call whose turn has failed, so nobody will answer it. */
function givenUp(call: ToolCall): ToolCall {
  return call.status === 'pending' ? { ...call, status: 'failed', result: { error: 'The turn failed' } } : call;
}
