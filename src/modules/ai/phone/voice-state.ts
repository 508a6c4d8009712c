/**
 * Where a telephone conversation stands between two requests of Twilio's. It travels in the URLs that we answer, which Twilio signs, so that
 * any node can go on with a call, and a request that comes again does nothing again.
 */
export interface VoiceState {
  /** `greet`: the call begins. `hear`: the caller has spoken, or not. `wait`: the answer is being made. */
  readonly step: 'greet' | 'hear' | 'wait';
  /** `hear`: the newest turn before what is heard now. `wait`: the turn that is waited for. */
  readonly turn: number;
  /** How often the caller said nothing (`hear`), or Twilio has asked for the answer (`wait`). */
  readonly count: number;
  /** Turns in a row that came to nothing. */
  readonly failures: number;
  /** How often this server was too slow to say anything at all. */
  readonly delays: number;
}

export const FIRST_STATE: VoiceState = { step: 'greet', turn: 0, count: 0, failures: 0, delays: 0 };

const FORM = /^(greet|hear|wait)-(\d{1,6})-(\d{1,4})-(\d{1,4})-(\d{1,4})$/;

/** The state as it stands in a URL. */
export function writeState({ step, turn, count, failures, delays }: VoiceState): string {
  return [step, turn, count, failures, delays].join('-');
}

/** The state that a URL has; the first one where it has none, or one that is not ours. */
export function readState(text: unknown): VoiceState {
  const match = typeof text === 'string' ? FORM.exec(text) : null;
  if (!match) return FIRST_STATE;
  const [turn, count, failures, delays] = match.slice(2).map(Number) as [number, number, number, number];
  return { step: match[1] as VoiceState['step'], turn, count, failures, delays };
}
