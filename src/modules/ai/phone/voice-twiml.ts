import type VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';
import { type VoiceState, writeState } from './voice-state.js';

/** What a caller hears next. */
export type VoiceReply =
  /** Says something, if anything, and listens. */
  | { readonly kind: 'ask'; readonly text: string | null; readonly next: VoiceState }
  /** Waits a moment, perhaps with a word, and comes back. */
  | { readonly kind: 'wait'; readonly text: string | null; readonly next: VoiceState }
  /** Says something and hangs up. */
  | { readonly kind: 'end'; readonly text: string };

export interface VoiceStyle {
  /** As Twilio names it, such as `Polly.Mizuki`; Twilio's own choice where none is given. */
  readonly voice: string | null;
  /** The tenant, where the URL of the request names it. */
  readonly client_id: string | null;
}

const LANGUAGE = 'ja-JP';
/** How long a caller may be silent before we speak again, in seconds. */
const SILENCE_SECONDS = 6;
/** More than Twilio reads out in one go. */
const LONGEST_TEXT = 3_000;

type VoiceClass = new () => VoiceResponse;
let loaded: Promise<VoiceClass> | null = null;

/** A reply as TwiML. Its URLs are relative, so that they work under every prefix and behind every proxy. */
export async function twimlOf(reply: VoiceReply, style: VoiceStyle): Promise<string> {
  loaded ??= import('twilio/lib/twiml/VoiceResponse.js').then((module) => module.default as VoiceClass);
  const Response = await loaded;
  const response = new Response();
  const attributes = { language: LANGUAGE, ...(style.voice === null ? {} : { voice: style.voice }) } as VoiceResponse.SayAttributes;
  if (reply.kind === 'end') {
    response.say(attributes, speakable(reply.text));
    response.hangup();
    return response.toString();
  }
  const { text, next } = reply;
  if (reply.kind === 'ask') {
    const gather = response.gather({
      input: ['speech'],
      language: LANGUAGE,
      speechTimeout: 'auto',
      timeout: SILENCE_SECONDS,
      method: 'POST',
      action: urlOf(next, style),
    });
    if (text !== null) gather.say(attributes, speakable(text));
    // Twilio comes here where nothing was said.
    response.redirect({ method: 'POST' }, urlOf({ ...next, count: next.count + 1 }, style));
    return response.toString();
  }
  if (text === null) response.pause({ length: 1 });
  else response.say(attributes, speakable(text));
  response.redirect({ method: 'POST' }, urlOf(next, style));
  return response.toString();
}

function urlOf(state: VoiceState, { client_id }: VoiceStyle): string {
  const query = new URLSearchParams({ ...(client_id === null ? {} : { client_id }), state: writeState(state) });
  return `voice?${query.toString()}`;
}

/** What XML can hold (XML 1.0, section 2.2), and no more than is read out in one go. */
export function speakable(text: string): string {
  const clean = text.toWellFormed().replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '');
  return [...clean].slice(0, LONGEST_TEXT).join('');
}
