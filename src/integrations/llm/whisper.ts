import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import type { OpenAI } from 'openai';
import { assertPublicUrl, dispatcherFor } from '../../platform/outbound/index.js';
import { loadPackage, OWN_MANNERS } from './openai-clients.js';

/** Whose account transcribes, and with which model. */
export interface WhisperAccount {
  readonly api_key: string;
  readonly base_url: string;
  readonly whisper_model: string;
  /** True where the operator named the base URL: then it may stand at a private address. */
  readonly allow_private: boolean;
}

/** What was said from one second to another, and how likely it is that nothing was. */
export interface WhisperSegment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** 0–1; null where the model does not say. */
  readonly no_speech_prob: number | null;
}

export interface WhisperAnswer {
  readonly text: string;
  /** Empty where the model does not cut. */
  readonly segments: readonly WhisperSegment[];
  readonly language: string | null;
  /** Null where the model does not say. */
  readonly duration_seconds: number | null;
}

/** A transcription that came to nothing. Its words are ours: what the server wrote may hold a part of the key. */
export class WhisperError extends Error {
  constructor(
    message: string,
    /** Whether the same request may succeed later. */
    readonly is_transient: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'WhisperError';
  }
}

/** The most that the API takes in one request. */
export const WHISPER_MOST_BYTES = 25 * 1024 * 1024;

/** The longest recording that a model takes in one request, in seconds: those after Whisper refuse what takes more than 1,400. Null where size alone counts. */
export function longestAudioOf(whisper_model: string): number | null {
  return isAfterWhisper(whisper_model) ? 1_400 : null;
}

/** One file takes about a tenth of the time that it lasts. */
const TIMEOUT_MS = 280_000;
const TRANSIENT = new Set([408, 409, 429]);

/** Turns speech into text: OpenAI's `audio/transcriptions`, or whatever server speaks it. */
export class Whisper {
  /**
   * What is said in a file of at most 25 MB. The file is read as it is sent.
   *
   * @throws WhisperError
   */
  async transcribe(account: WhisperAccount, path: string, signal: AbortSignal): Promise<WhisperAnswer> {
    const model = account.whisper_model;
    // Models after Whisper write the text alone.
    const response_format = isAfterWhisper(model) ? 'json' : 'verbose_json';
    try {
      const client = await clientOf(account);
      const file = new File([await openAsBlob(path)], basename(path));
      const answer: unknown = await client.audio.transcriptions.create({ file, model, response_format }, { signal });
      return readAnswer(answer);
    } catch (error) {
      throw signal.aborted ? signal.reason : toWhisperError(error);
    }
  }
}

function isAfterWhisper(model: string): boolean {
  return model.startsWith('gpt-');
}

/** The package weighs 30 MB, and is loaded when it is first needed. */
async function clientOf({ api_key, base_url, allow_private }: WhisperAccount): Promise<OpenAI> {
  if (!allow_private) assertPublicUrl(new URL(base_url));
  const { OpenAI } = await loadPackage();
  const fetchOptions = { dispatcher: await dispatcherFor(allow_private), redirect: 'error' as const };
  return new OpenAI({
    apiKey: api_key,
    baseURL: base_url,
    ...OWN_MANNERS,
    timeout: TIMEOUT_MS,
    fetchOptions,
  });
}

function readAnswer(answer: unknown): WhisperAnswer {
  const { text, segments, language, duration } = (answer ?? {}) as Record<string, unknown>;
  if (typeof text !== 'string') throw new WhisperError('The transcription is none', true);
  const seconds = Number(duration ?? NaN);
  return {
    text,
    segments: Array.isArray(segments) ? segments.flatMap(readSegment) : [],
    language: typeof language === 'string' ? language.slice(0, 40) : null,
    duration_seconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : null,
  };
}

function readSegment(segment: unknown): WhisperSegment[] {
  const { start, end, text, no_speech_prob } = (segment ?? {}) as Record<string, unknown>;
  if (typeof start !== 'number' || typeof end !== 'number' || typeof text !== 'string') return [];
  return [{ start, end, text, no_speech_prob: typeof no_speech_prob === 'number' ? no_speech_prob : null }];
}

function toWhisperError(error: unknown): WhisperError {
  if (error instanceof WhisperError) return error;
  const { status } = error as { status?: unknown };
  if (typeof status !== 'number') return new WhisperError('The transcribing server does not answer', true, { cause: error });
  return new WhisperError(`The transcribing server answered ${status}`, TRANSIENT.has(status) || status >= 500);
}
