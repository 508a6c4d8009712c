import { Readable } from 'node:stream';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Twilio } from 'twilio';
import { BoundedCache } from '../../platform/cache/index.js';
import { AppError } from '../../platform/errors/index.js';
import { assertPublicUrl, guardedLookup, LazyAgent, loadUndici } from '../../platform/outbound/index.js';
import { RangeCut, rangeOf } from './byte-range.js';
import { failureOf, isAbort, unavailable } from './telephony-errors.js';
import {
  type AudioAnswer,
  type AudioRequest,
  type PagePlace,
  type PhoneCallFacts,
  type RecordingFacts,
  type RecordingPage,
  type RecordingQuery,
  Telephony,
  type TelephonyAccount,
} from './telephony.port.js';
import { makeTwilioClient } from './twilio-client.js';

const MOST_CLIENTS = 200;
const CONNECT_TIMEOUT_MS = 3_000;
const HEADERS_TIMEOUT_MS = 15_000;
/** How long the provider may say nothing in the middle of a recording. */
const IDLE_TIMEOUT_MS = 30_000;
/** Recordings that are relayed at once, over all tenants; each holds a connection for as long as it is listened to. */
const MOST_RELAYS = 256;
const MOST_REDIRECTS = 3;
const CONTENT_HEADERS = ['content-type', 'content-length', 'content-range', 'accept-ranges', 'etag', 'last-modified'];

type Instance = { sid: string; callSid: string; duration: string | null; startTime: Date | null; dateCreated: Date | null };

/** Twilio, by its own package, which is loaded when it is first needed: it weighs 40 MB. */
@Injectable()
export class TwilioAdapter extends Telephony implements OnApplicationShutdown {
  private readonly clients = new BoundedCache<string, Twilio>(MOST_CLIENTS);
  private readonly relays: LazyAgent;
  private readonly guardedRelays: LazyAgent;

  constructor() {
    super();
    const settings = { connections: MOST_RELAYS, pipelining: 1, headersTimeout: HEADERS_TIMEOUT_MS, bodyTimeout: IDLE_TIMEOUT_MS };
    this.relays = new LazyAgent({ ...settings, connect: { timeout: CONNECT_TIMEOUT_MS } });
    this.guardedRelays = new LazyAgent({ ...settings, connect: { timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup } });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.relays.destroy(), this.guardedRelays.destroy()]);
  }

  async listRecordings(account: TelephonyAccount, { from, to, page_size, at }: RecordingQuery): Promise<RecordingPage> {
    const page = await this.ask(account, (client) =>
      client.recordings.page({
        pageSize: page_size,
        ...(from ? { dateCreatedAfter: from } : {}),
        ...(to ? { dateCreatedBefore: to } : {}),
        ...(at ? { pageToken: at.token, pageNumber: at.number } : {}),
      }),
    );
    if (page === null) throw new AppError('TELEPHONY_FAILED');
    return { recordings: page.instances.map(factsOf), next: placeOf(page.nextPageUrl) };
  }

  async findRecording(account: TelephonyAccount, recording_sid: string): Promise<RecordingFacts | null> {
    const found = await this.ask(account, (client) => client.recordings(recording_sid).fetch());
    return found && factsOf(found);
  }

  async findCall(account: TelephonyAccount, call_sid: string): Promise<PhoneCallFacts | null> {
    const found = await this.ask(account, (client) => client.calls(call_sid).fetch());
    return found && { sid: found.sid, from: found.from, to: found.to, is_outbound: found.direction.startsWith('outbound') };
  }

  async openAudio(account: TelephonyAccount, recording_sid: string, wanted: AudioRequest): Promise<AudioAnswer | null> {
    const { account_sid, auth_token, base_url } = account;
    const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`;
    let url = new URL(`${base_url}/2010-04-01/Accounts/${account_sid}/Recordings/${recording_sid}.${wanted.format}`);
    const home = url.origin;
    for (let hops = 0; ; hops++) {
      const is_home = url.origin === home;
      if (!is_home) assertPublicUrl(url);
      const response = await this.send(url, is_home, {
        ...(is_home ? { authorization } : {}),
        ...(wanted.range === undefined ? {} : { range: wanted.range }),
        signal: wanted.signal,
      });
      const { location } = response.headers;
      const next = typeof location === 'string' && response.status >= 300 && response.status < 400 ? URL.parse(location, url.href) : null;
      if (!next || hops >= MOST_REDIRECTS) return answerOf(response, wanted.range);
      response.stream.destroy();
      url = next;
    }
  }

  async isSigned(
    auth_token: string,
    signature: string,
    urls: readonly string[],
    form: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    const { validateRequest } = await import('twilio/lib/webhooks/webhooks.js');
    return urls.some((url) => validateRequest(auth_token, signature, url, form));
  }

  private async send(
    url: URL,
    is_home: boolean,
    { signal, ...headers }: { authorization?: string; range?: string; signal?: AbortSignal | undefined },
  ): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; stream: Readable }> {
    try {
      const { request } = await loadUndici();
      const dispatcher = await (is_home ? this.relays : this.guardedRelays).get();
      const answer = await request(url, { headers, dispatcher, signal });
      // A body that is dropped reports that as an error, which then concerns nobody.
      answer.body.on('error', () => undefined);
      return { status: answer.statusCode, headers: answer.headers, stream: answer.body };
    } catch (error) {
      throw isAbort(error) ? error : unavailable(error);
    }
  }

  /** Null where the provider has no such thing. */
  private async ask<T>(account: TelephonyAccount, work: (client: Twilio) => Promise<T>): Promise<T | null> {
    try {
      return await work(await this.clientOf(account));
    } catch (error) {
      if (error instanceof AppError) throw error;
      const { status } = error as { status?: unknown };
      if (status === 404) return null;
      throw typeof status === 'number' ? failureOf(status, undefined) : unavailable(error);
    }
  }

  private async clientOf(account: TelephonyAccount): Promise<Twilio> {
    const key = `${account.base_url} ${account.account_sid} ${account.auth_token}`;
    let client = this.clients.get(key);
    if (!client) {
      client = await makeTwilioClient(account);
      this.clients.set(key, client);
    }
    return client;
  }
}

function factsOf({ sid, callSid, duration, startTime, dateCreated }: Instance): RecordingFacts {
  const seconds = Number(duration ?? NaN);
  return {
    sid,
    call_sid: callSid,
    // A recording that is not finished has -1.
    duration_seconds: Number.isInteger(seconds) && seconds >= 0 ? seconds : null,
    started_at: startTime ?? dateCreated ?? new Date(0),
  };
}

/** The place of the next page; its address is never followed as it stands, so that nobody can lead us elsewhere. */
function placeOf(next_page_url: string | undefined): PagePlace | null {
  const query = next_page_url === undefined ? null : URL.parse(next_page_url)?.searchParams;
  const token = query?.get('PageToken');
  return token ? { token, number: Number(query?.get('Page') ?? 0) } : null;
}

function answerOf(
  response: { status: number; headers: Record<string, string | string[] | undefined>; stream: Readable },
  range: string | undefined,
): AudioAnswer | null {
  const { status, stream } = response;
  if (status === 200 || status === 206 || status === 416) {
    const headers = Object.fromEntries(
      CONTENT_HEADERS.flatMap((name) => (typeof response.headers[name] === 'string' ? [[name, response.headers[name]]] : [])),
    );
    return status === 200 && range !== undefined ? partOf({ status, headers, stream }, range) : { status, headers, stream };
  }
  stream.destroy();
  if (status === 404 || status === 410) return null;
  const retry_after = response.headers['retry-after'];
  throw failureOf(status, typeof retry_after === 'string' ? retry_after : undefined);
}

/** Cuts the part out ourselves where the provider sent the whole. */
function partOf(whole: AudioAnswer, header: string): AudioAnswer {
  const size = Number(whole.headers['content-length'] ?? NaN);
  const range = Number.isSafeInteger(size) ? rangeOf(header, size) : null;
  if (range === null) return whole;
  const { 'content-length': _, ...headers } = whole.headers;
  if (range === 'unsatisfiable') {
    whole.stream.destroy();
    return {
      status: 416,
      headers: { ...headers, 'content-length': '0', 'content-range': `bytes */${size}` },
      stream: Readable.from([]),
    };
  }
  const cut = new RangeCut(range);
  whole.stream.once('error', (error) => cut.destroy(error));
  // Once it has its part, or its reader has gone, the rest is not fetched.
  cut.once('close', () => whole.stream.destroy());
  whole.stream.pipe(cut);
  const content_range = `bytes ${range.first}-${range.last}/${size}`;
  const length = String(range.last - range.first + 1);
  return {
    status: 206,
    headers: { ...headers, 'content-length': length, 'content-range': content_range, 'accept-ranges': 'bytes' },
    stream: cut,
  };
}
