import type { Readable } from 'node:stream';

/** Whose account is asked. */
export interface TelephonyAccount {
  readonly account_sid: string;
  readonly auth_token: string;
  /** The REST API's, without a slash at the end. */
  readonly base_url: string;
}

/** A recording of a phone call. */
export interface RecordingFacts {
  readonly sid: string;
  readonly call_sid: string;
  /** Null while it is being made. */
  readonly duration_seconds: number | null;
  readonly started_at: Date;
}

/** Which recordings. */
export interface RecordingQuery {
  readonly from?: Date;
  readonly to?: Date;
  /** 1–1,000. */
  readonly page_size: number;
  /** Where the page begins, as the page before it said. */
  readonly at?: PagePlace | null;
}

/** Where a page of the provider's begins. */
export interface PagePlace {
  readonly token: string;
  readonly number: number;
}

export interface RecordingPage {
  /** Newest first. */
  readonly recordings: readonly RecordingFacts[];
  readonly next: PagePlace | null;
}

/** A phone call as the provider knows it. */
export interface PhoneCallFacts {
  readonly sid: string;
  readonly from: string;
  readonly to: string;
  /** True where the provider was asked to call. */
  readonly is_outbound: boolean;
}

export const AUDIO_FORMATS = ['mp3', 'wav'] as const;
export type AudioFormat = (typeof AUDIO_FORMATS)[number];

/** The audio of a recording, as the provider sends it: to be read to its end, or destroyed. */
export interface AudioAnswer {
  /** 200, 206 or 416. */
  readonly status: number;
  /** Those of the content: type, length, range, validators. */
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: Readable;
}

export interface AudioRequest {
  readonly format: AudioFormat;
  /** The caller's `Range`. */
  readonly range?: string | undefined;
  readonly signal?: AbortSignal;
}

/**
 * The telephone provider. What it does not have is null; it throws TELEPHONY_FAILED where it refuses, and TELEPHONY_UNAVAILABLE
 * where it does not answer in time.
 */
export abstract class Telephony {
  abstract listRecordings(account: TelephonyAccount, query: RecordingQuery): Promise<RecordingPage>;
  abstract findRecording(account: TelephonyAccount, recording_sid: string): Promise<RecordingFacts | null>;
  abstract findCall(account: TelephonyAccount, call_sid: string): Promise<PhoneCallFacts | null>;
  abstract openAudio(account: TelephonyAccount, recording_sid: string, request: AudioRequest): Promise<AudioAnswer | null>;
  /** True where `signature` is the provider's, by the account's token, over one of the URLs and the form's fields. */
  abstract isSigned(
    auth_token: string,
    signature: string,
    urls: readonly string[],
    form: Readonly<Record<string, unknown>>,
  ): Promise<boolean>;
}
