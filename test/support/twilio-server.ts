import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable, Transform } from 'node:stream';

export interface FakeRecording {
  sid: string;
  call_sid: string;
  duration: string;
  started_at: Date;
  /** The bytes of its audio, or how many there are: then they are made as they are read. */
  audio: Buffer | number;
  content_type?: string;
  /** The connection breaks after so many bytes of audio. */
  cut_after?: number;
}

export interface FakeCall {
  sid: string;
  from: string;
  to: string;
  direction: 'inbound' | 'outbound-api';
}

export interface Account {
  account_sid: string;
  auth_token: string;
  recordings: FakeRecording[];
  calls: FakeCall[];
}

/** A server in the shape of Twilio's REST API (2010-04-01): recordings in pages, their audio, calls. */
export interface TwilioServer {
  readonly base_url: string;
  /** The operator's account. */
  readonly main: Account;
  /** What makes the server under test use it. */
  readonly env: Record<string, string>;
  /** Another account, with a token of its own. */
  addAccount(): Account;
  /** Paths that were asked for, with their queries. */
  readonly requests: string[];
  /** Headers of the last request for audio. */
  audioHeaders(): IncomingMessage['headers'];
  /** Bytes of audio that were handed to the network. */
  sent(): number;
  /** Requests for audio that are open. */
  open(): number;
  /** What the next requests get in place of an answer. */
  fail(...failures: Array<{ status: number; headers?: Record<string, string> } | 'hang' | 'cut'>): void;
  /** Whether audio is sent in parts where that is asked for. */
  honour_ranges: boolean;
  stop(): Promise<void>;
}

const VERSION = '/2010-04-01';
let made = 0;

/** A sid as Twilio makes them: two letters and 32 hexadecimal digits. */
export function sidOf(kind: 'AC' | 'CA' | 'RE'): string {
  return kind + createHmac('md5', 'sid').update(`${kind} ${process.pid} ${Date.now()} ${++made}`).digest('hex');
}

/** The signature of a form request, as Twilio's documentation describes it: the URL, then each field's name and value in the order of names. */
export function signatureOf(auth_token: string, url: string, form: Record<string, string>): string {
  const text = Object.keys(form)
    .sort()
    .reduce((sum, name) => sum + name + form[name], url);
  return createHmac('sha1', auth_token).update(text).digest('base64');
}

/** Byte `index` of audio that is made as it is read. */
export const madeByte = (index: number): number => (index * 31 + (index >> 8)) & 0xff;

export async function startTwilioServer(): Promise<TwilioServer> {
  const accounts = new Map<string, Account>();
  const requests: string[] = [];
  const failures: Array<{ status: number; headers?: Record<string, string> } | 'hang' | 'cut'> = [];
  let audio_headers: IncomingMessage['headers'] = {};
  let sent = 0;
  let open = 0;

  const addAccount = (): Account => {
    const account: Account = { account_sid: sidOf('AC'), auth_token: `token-${sidOf('AC')}`, recordings: [], calls: [] };
    accounts.set(account.account_sid, account);
    return account;
  };
  const main = addAccount();

  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const failure = failures.shift();
    if (failure === 'hang') return;
    if (failure === 'cut') return void request.socket.destroy();
    if (failure) return problem(response, failure.status, failure.headers);
    answer(request, response);
  });

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://twilio');
    const [, account_sid = '', path = ''] = new RegExp(`^${VERSION}/Accounts/([^/]+)/(.+)$`).exec(url.pathname) ?? [];
    const account = accounts.get(account_sid);
    const basic = account && `Basic ${Buffer.from(`${account.account_sid}:${account.auth_token}`).toString('base64')}`;
    if (!account || request.headers.authorization !== basic) return problem(response, 401);
    if (path === 'Recordings.json') return list(account, url, response);
    const [, kind = '', sid = '', extension = ''] = /^(Recordings|Calls)\/(\w+)\.(json|mp3|wav)$/.exec(path) ?? [];
    if (kind === 'Calls') {
      const call = account.calls.find((one) => one.sid === sid);
      return call ? json(response, { ...call, account_sid, status: 'completed' }) : problem(response, 404);
    }
    const recording = account.recordings.find((one) => one.sid === sid) ?? sweepRecording(sid);
    if (!recording) return problem(response, 404);
    if (extension === 'json') return json(response, resourceOf(account, recording));
    play(recording, request, response);
  }

  function list(account: Account, url: URL, response: ServerResponse): void {
    const size = Number(url.searchParams.get('PageSize') ?? 50);
    const page = Number(url.searchParams.get('Page') ?? 0);
    const token = url.searchParams.get('PageToken');
    const newest = [...account.recordings].sort((a, b) => b.started_at.getTime() - a.started_at.getTime());
    const begin = token === null ? 0 : newest.findIndex(({ sid }) => `PA${sid}` === token) + 1;
    if (token !== null && begin === 0) return problem(response, 400);
    const [after, before] = [url.searchParams.get('DateCreated>'), url.searchParams.get('DateCreated<')];
    const fits = newest
      .slice(begin)
      .filter(({ started_at }) => (!after || started_at >= new Date(after)) && (!before || started_at <= new Date(before)));
    const shown = fits.slice(0, size);
    const query = new URLSearchParams({ ...Object.fromEntries(url.searchParams), PageSize: String(size), Page: String(page + 1) });
    query.set('PageToken', `PA${shown.at(-1)?.sid ?? ''}`);
    json(response, {
      recordings: shown.map((recording) => resourceOf(account, recording)),
      page,
      page_size: size,
      start: page * size,
      end: page * size + shown.length - 1,
      uri: url.pathname + url.search,
      first_page_uri: `${url.pathname}?PageSize=${size}&Page=0`,
      previous_page_uri: null,
      next_page_uri: fits.length > size ? `${url.pathname}?${query.toString()}` : null,
    });
  }

  function play(
    { audio, content_type = 'audio/mpeg', cut_after }: FakeRecording,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    audio_headers = request.headers;
    const size = typeof audio === 'number' ? audio : audio.length;
    const range = api.honour_ranges ? /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') : null;
    const first = range ? Number(range[1]) : 0;
    const last = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
    const headers = { 'content-type': content_type, 'accept-ranges': 'bytes', 'x-shenanigans': 'none' };
    if (range && first >= size) return void response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    response.writeHead(range ? 206 : 200, {
      ...headers,
      'content-length': last - first + 1,
      ...(range ? { 'content-range': `bytes ${first}-${last}/${size}` } : {}),
    });
    open++;
    response.once('close', () => open--);
    const pieces = typeof audio === 'number' ? bytes(first, last + 1) : [audio.subarray(first, last + 1)];
    let gone = 0;
    const counter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        sent += chunk.length;
        gone += chunk.length;
        if (cut_after !== undefined && gone > cut_after) done(new Error('cut'));
        else done(null, chunk);
      },
    });
    // A reader that goes away is nothing to tell of.
    pipeline(Readable.from(pieces, { objectMode: false }), counter, response, () => undefined);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api: TwilioServer = {
    base_url,
    main,
    env: { TWILIO_ACCOUNT_SID: main.account_sid, TWILIO_AUTH_TOKEN: main.auth_token, TWILIO_API_BASE_URL: base_url },
    addAccount,
    requests,
    audioHeaders: () => audio_headers,
    sent: () => sent,
    open: () => open,
    fail: (...next) => void failures.push(...next),
    honour_ranges: true,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}

/** For sweeps over all routes: recording `RE<x>` is of call `CA<x>`, for every x that begins with `5eeb`. */
function sweepRecording(sid: string): FakeRecording | undefined {
  if (!sid.startsWith('RE5eeb')) return undefined;
  return { sid, call_sid: `CA${sid.slice(2)}`, duration: '1', started_at: new Date('2026-11-20T09:00:00Z'), audio: Buffer.from('sweep') };
}

function* bytes(from: number, to: number): Generator<Buffer> {
  const size = 64 * 1024;
  for (let at = from; at < to; at += size) {
    const chunk = Buffer.allocUnsafe(Math.min(size, to - at));
    for (let index = 0; index < chunk.length; index++) chunk[index] = madeByte(at + index);
    yield chunk;
  }
}

function resourceOf({ account_sid }: Account, { sid, call_sid, duration, started_at }: FakeRecording): object {
  const uri = `${VERSION}/Accounts/${account_sid}/Recordings/${sid}`;
  const date = started_at.toUTCString().replace('GMT', '+0000');
  return {
    account_sid,
    api_version: '2010-04-01',
    call_sid,
    conference_sid: null,
    channels: 1,
    date_created: date,
    date_updated: date,
    start_time: date,
    duration,
    sid,
    price: null,
    price_unit: 'USD',
    source: 'StartCallRecordingAPI',
    status: 'completed',
    error_code: null,
    encryption_details: null,
    uri: `${uri}.json`,
    media_url: `https://api.twilio.com${uri}`,
    subresource_uris: { transcriptions: `${uri}/Transcriptions.json` },
  };
}

function json(response: ServerResponse, body: object, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, headers?: Record<string, string>): void {
  const code = status === 401 ? 20003 : status === 404 ? 20404 : 20001;
  json(
    response,
    { code, message: 'secret words of Twilio', more_info: `https://www.twilio.com/docs/errors/${code}`, status },
    status,
    headers,
  );
}
