import { Injectable } from '@nestjs/common';
import { Logger } from '../../../platform/http/index.js';
import { type ApiKeyActor, Scope } from '../../../platform/scope/index.js';
import { CallLog, isOpen, requiredOf, sidesOf, textOf, type TwilioForm } from '../../calls/index.js';
import { TenantDirectory } from '../../tenancy/index.js';
import { END_CALL } from '../assistant/built-in-tools.js';
import { MAX_USER_TEXT } from '../assistant/chat.dto.js';
import { storableText } from '../assistant/safe-json.js';
import { Turns } from '../assistant/turns.js';
import { SettingsService } from '../settings/settings.service.js';
import { FIRST_STATE, readState, type VoiceState } from './voice-state.js';
import { twimlOf, type VoiceReply } from './voice-twiml.js';
import { VOICE_WORDS } from './voice-words.js';

/** In whose name tools act on the telephone: nobody has signed in there. */
const ASSISTANT: ApiKeyActor = { kind: 'api_key', id: 'assistant', name: 'assistant', scopes: ['phone'] };

/** How long a request may take before something is said anyhow; the contract gives two seconds. */
const PATIENCE_MS = 1_500;
/** How long a request waits for the answer, a part of the above. */
const ANSWER_PATIENCE_MS = 1_100;
const LOOK_EVERY_MS = 150;
const MOST_SILENCES = 3;
const MOST_FAILURES = 3;
/** More than it takes until a turn is given up. */
const MOST_POLLS = 40;
/** How often a turn is waited for that has not even begun. */
const MOST_POLLS_BEFORE = 3;
const MOST_DELAYS = 8;

/** What has come of a turn. */
type Spoken = { text: string; is_over: boolean } | 'running' | 'failed';

/**
 * A telephone call that the assistant answers: Twilio asks what to say next, and is told within two seconds, whatever else is slow. The answer to what
 * was said is made behind that; meanwhile Twilio waits a moment and asks again. Whose request it is, its signature has said.
 */
@Injectable()
export class VoiceService {
  /** Turns that this node answers, by tenant and call; what is not here stands in the database. */
  private readonly answering = new Map<string, Promise<unknown>>();

  constructor(
    private readonly log: CallLog,
    private readonly turns: Turns,
    private readonly tenants: TenantDirectory,
    private readonly settings: SettingsService,
    private readonly logger: Logger,
  ) {}

  /** What the caller hears next, as TwiML. @throws VALIDATION_FAILED without a CallSid */
  async reply(form: TwilioForm, query: { state?: unknown; client_id?: unknown }): Promise<string> {
    const call_sid = requiredOf(form, 'CallSid');
    const state = this.heard(call_sid, form, readState(query.state));
    const client_id = typeof query.client_id === 'string' ? query.client_id : null;
    let voice: string | null = null;
    const work = async (): Promise<VoiceReply> => {
      voice = (await this.settings.prompt()).voice;
      if (state.step === 'greet') return this.greet(call_sid, form);
      return state.step === 'hear' ? hush(state) : this.wait(call_sid, state);
    };
    // Told also where it fails after its time.
    const told = work().catch((error: unknown) => {
      this.logger.error({ err: error, call_sid }, 'a telephone call could not go on');
      return null;
    });
    const reply = await inTime(told, PATIENCE_MS);
    return twimlOf(reply ?? delayed(state), { voice, client_id });
  }

  /** Where words came, their answer is made from now on, and waited for: they come once, however slow the rest is. */
  private heard(call_sid: string, form: TwilioForm, state: VoiceState): VoiceState {
    const speech = storableText(textOf(form, 'SpeechResult') ?? '').trim();
    if (state.step !== 'hear' || speech === '') return state;
    const key = keyOf(call_sid);
    if (!this.answering.has(key)) {
      const answer = this.answer(call_sid, speech.slice(0, MAX_USER_TEXT), state.turn)
        .catch((error: unknown) => this.logger.warn({ err: error, call_sid }, 'a turn on the telephone came to nothing'))
        .finally(() => this.answering.delete(key));
      this.answering.set(key, answer);
    }
    return { ...state, step: 'wait', turn: state.turn + 1, count: 0 };
  }

  private async answer(call_sid: string, speech: string, after_turn: number): Promise<void> {
    const open = await this.turns.beginAfter(await this.log.place({ call_sid }), speech, after_turn);
    // Where it was heard before, the answer to that is waited for.
    if (open) await this.turns.answer(open, { actor: ASSISTANT, signal: new AbortController().signal, is_telephone: true });
  }

  private async greet(call_sid: string, form: TwilioForm): Promise<VoiceReply> {
    await this.log.report({ call_sid, ...sidesOf(form), status: 'in_progress' });
    const { call_id } = await this.log.place({ call_sid });
    const [{ turn_count }, tenant] = await Promise.all([this.log.get(call_id), this.tenants.find(Scope.clientId())]);
    return { kind: 'ask', text: VOICE_WORDS.greeting(tenant?.name ?? ''), next: { ...FIRST_STATE, step: 'hear', turn: turn_count } };
  }

  /** The answer where it is there within a moment, else a moment's patience. */
  private async wait(call_sid: string, state: VoiceState): Promise<VoiceReply> {
    const spoken = await this.spoken(call_sid, state);
    if (spoken === 'running' && state.count < MOST_POLLS) {
      return { kind: 'wait', text: state.count === 1 ? VOICE_WORDS.moment : null, next: { ...state, count: state.count + 1, delays: 0 } };
    }
    const heard: VoiceState = { ...FIRST_STATE, step: 'hear', turn: state.turn };
    if (spoken === 'running' || spoken === 'failed') return stumble({ ...heard, failures: state.failures });
    return spoken.is_over ? { kind: 'end', text: spoken.text } : { kind: 'ask', text: spoken.text, next: heard };
  }

  /** What has come of a turn, looked for until it is there or patience ends. */
  private async spoken(call_sid: string, { turn, count }: VoiceState): Promise<Spoken> {
    const deadline = performance.now() + ANSWER_PATIENCE_MS;
    const key = keyOf(call_sid);
    const here = this.answering.get(key);
    if (here) {
      await inTime(here, ANSWER_PATIENCE_MS);
      if (this.answering.has(key)) return 'running';
    }
    const { call_id } = await this.log.place({ call_sid });
    // Another node may be at it.
    while (await this.turns.isAnswering(call_id)) {
      if (performance.now() + LOOK_EVERY_MS >= deadline) return 'running';
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    return this.read(call_id, turn, count);
  }

  private async read(call_id: string, turn: number, polls: number): Promise<Spoken> {
    const last = await this.log.lastTurnOf(call_id);
    // It may be just about to begin elsewhere.
    if (!last || last.turn < turn) return polls < MOST_POLLS_BEFORE ? 'running' : 'failed';
    const wanted = last.turn === turn ? last : (await this.log.turnsOf(call_id)).find((one) => one.turn === turn);
    if (!wanted || wanted.ai_text === null) return 'failed';
    // Whoever answers without a model ends the call without a tool.
    const is_over = last.turn === turn && !isOpen((await this.log.get(call_id)).status);
    return {
      text: wanted.ai_text,
      is_over: is_over || wanted.tool_calls.some(({ name, status }) => name === END_CALL && status === 'done'),
    };
  }
}

function keyOf(call_sid: string): string {
  return `${Scope.clientId()}/${call_sid}`;
}

/** Nothing was said. */
function hush(state: VoiceState): VoiceReply {
  if (state.count >= MOST_SILENCES) return { kind: 'end', text: VOICE_WORDS.silent_end };
  return { kind: 'ask', text: VOICE_WORDS.silence, next: { ...state, delays: 0 } };
}

/** A turn came to nothing: the caller is asked again, a few times. */
function stumble(state: VoiceState): VoiceReply {
  const failures = state.failures + 1;
  if (failures >= MOST_FAILURES) return { kind: 'end', text: VOICE_WORDS.failure_end };
  return { kind: 'ask', text: VOICE_WORDS.failure, next: { ...state, failures } };
}

/** Nothing could be found out in time: Twilio asks the same again, a few times. */
function delayed(state: VoiceState): VoiceReply {
  const delays = state.delays + 1;
  return delays > MOST_DELAYS ? { kind: 'end', text: VOICE_WORDS.failure_end } : { kind: 'wait', text: null, next: { ...state, delays } };
}

/** What the work answers, or null where it takes longer. The work fails never: whoever gives it has seen to that. */
async function inTime<T>(work: Promise<T>, timeout_ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), timeout_ms)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
