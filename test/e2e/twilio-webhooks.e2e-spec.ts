import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, operatorOf, type TestUser, uniqueName } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import { sidOf, signatureOf, startTwilioServer, type TwilioServer } from '../support/twilio-server.js';
import { segmentOf, startWhisperServer, transcriptOf, type WhisperServer } from '../support/whisper-server.js';

interface Call {
  id: string;
  call_sid: string;
  phone_number: string;
  direction: string;
  status: string;
  started_at: string;
  ended_at: string | null;
  duration_seconds: number | null;
  recording_sid: string | null;
  transcript: string | null;
}

type Form = Record<string, string>;

const PUBLIC_URL = 'https://kaiwa.example/voice';
const NUMBER = '+815011112222';

let twilio: TwilioServer;
let whisper: WhisperServer;
let server: TestServer;
let owner: TestUser;
let other: TestUser;

beforeAll(async () => {
  [twilio, whisper] = await Promise.all([startTwilioServer(), startWhisperServer()]);
  server = await startServer({
    env: {
      ...twilio.env,
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: whisper.base_url,
      PUBLIC_URL,
      TRUST_PROXY: 'loopback',
      RATE_LIMIT: '200/6000',
    },
  });
  owner = await makeTenant(server.api, uniqueName('t'), { phone_numbers: [NUMBER] });
  other = await makeTenant(server.api);
}, 60_000);

afterAll(async () => {
  await server.stop();
  await Promise.all([twilio.stop(), whisper.stop()]);
});

interface Sent {
  /** What is signed, where it is not what is sent. */
  signed_url?: string;
  signed_form?: Form;
  token?: string;
  headers?: Record<string, string>;
  signature?: string | null;
}

/** Sends a form as Twilio does. */
function send(path: string, form: Form, options: Sent = {}): Promise<Answer<{ code: string; details?: unknown }>> {
  const url = options.signed_url ?? PUBLIC_URL + path;
  const signature =
    options.signature === undefined
      ? signatureOf(options.token ?? twilio.main.auth_token, url, options.signed_form ?? form)
      : options.signature;
  return server.api(path, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { ...(signature === null ? {} : { 'x-twilio-signature': signature }), ...options.headers },
  });
}

const status = (call_sid: string, CallStatus: string, more: Form = {}): Form => ({
  CallSid: call_sid,
  CallStatus,
  AccountSid: twilio.main.account_sid,
  Direction: 'inbound',
  From: '+819012345678',
  To: NUMBER,
  ApiVersion: '2010-04-01',
  FromCity: '',
  ...more,
});

async function callOf(user: TestUser, call_sid: string): Promise<Call | null> {
  const { status: found, body } = await user.api<Call>(`/call?call_sid=${call_sid}`);
  return found === 200 ? body : null;
}

describe('the signature', () => {
  it('lets in what the account has signed, for the URL as the proxy saw it', async () => {
    const sid = sidOf('CA');
    const form = status(sid, 'ringing');
    expect((await send('/twilio/status', form)).status).toBe(204);
    expect((await send('/api/twilio/status', form)).status).toBe(204);
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'phone.example' };
    expect((await send('/twilio/status', form, { signed_url: 'https://phone.example/twilio/status', headers })).status).toBe(204);
    expect(await callOf(owner, sid)).toMatchObject({ status: 'ringing', phone_number: '+819012345678', direction: 'inbound' });
  });

  it('keeps out all else, and nothing of it is logged', async () => {
    const sid = sidOf('CA');
    const form = status(sid, 'ringing');
    const wrong: Array<[string, Form, Sent]> = [
      ['/twilio/status', form, { signature: null }],
      ['/twilio/status', form, { signature: 'AAAA' }],
      ['/twilio/status', form, { token: 'another token' }],
      ['/twilio/status', { ...form, CallStatus: 'completed' }, { signed_form: form }],
      ['/twilio/status', { ...form, Extra: '1' }, { signed_form: form }],
      ['/twilio/status?x=1', form, { signed_url: `${PUBLIC_URL}/twilio/status` }],
      ['/twilio/status', form, { signed_url: 'https://elsewhere.example/twilio/status' }],
      ['/twilio/status?client_id=nobody-at-all', form, {}],
      ['/twilio/status?client_id=a&client_id=b', form, {}],
      ['/twilio/status', { ...form, To: '+815099998888' }, {}],
      ['/twilio/recording', { CallSid: sid, RecordingSid: sidOf('RE'), RecordingStatus: 'completed' }, {}],
    ];
    for (const [path, sent, options] of wrong) {
      const { status: answer, body } = await send(path, sent, options);
      expect([path, JSON.stringify(options), answer, body.code]).toEqual([path, JSON.stringify(options), 403, 'INVALID_SIGNATURE']);
    }
    const json = await server.api('/twilio/status', {
      method: 'POST',
      json: { CallSid: { $ne: 1 } },
      headers: { 'x-twilio-signature': 'AAAA' },
    });
    expect(json.status).toBe(403);
    expect(await sql(server.database_url, 'select 1 from calls where call_sid = $1', [sid])).toEqual([]);
  });

  it('is by the token of the tenant that is named, or whose number it is, and opens no other', async () => {
    const account = twilio.addAccount();
    const rich = await makeTenant(server.api);
    await rich.api('/tenant', { method: 'PATCH', json: { twilio: { account_sid: account.account_sid, auth_token: account.auth_token } } });
    const sid = sidOf('CA');
    const path = `/twilio/status?client_id=${rich.client_id}`;
    const form = status(sid, 'in-progress', { To: '+815077776666' });
    expect((await send(path, form)).status).toBe(403);
    expect((await send(path, form, { token: account.auth_token })).status).toBe(204);
    expect((await callOf(rich, sid))?.status).toBe('in_progress');
    const theft = sidOf('CA');
    expect((await send('/twilio/status', status(theft, 'ringing'), { token: account.auth_token })).status).toBe(403);
    expect(
      (await send(`/twilio/status?client_id=${owner.client_id}`, status(theft, 'ringing'), { token: account.auth_token })).status,
    ).toBe(403);
    // A number given to another tenant is that tenant's at once.
    const moved = '+815055554444';
    for (const tenant of [owner, other]) {
      await operatorOf(server.api)(`/tenants/${owner.client_id}`, {
        method: 'PATCH',
        json: { phone_numbers: tenant === owner ? [NUMBER, moved] : [NUMBER] },
      });
      if (tenant === other)
        await operatorOf(server.api)(`/tenants/${other.client_id}`, { method: 'PATCH', json: { phone_numbers: [moved] } });
      const one = sidOf('CA');
      expect((await send('/twilio/status', status(one, 'ringing', { To: moved }))).status).toBe(204);
      expect(await callOf(tenant, one)).not.toBeNull();
    }
  });

  it('costs whoever guesses their budget, and Twilio nothing', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    const form = status(sidOf('CA'), 'ringing');
    const guesses = await Promise.all(Array.from({ length: 220 }, () => send('/twilio/status', form, { signature: 'AAAA', headers })));
    const codes = guesses.map((answer) => answer.status);
    expect([codes.filter((code) => code === 403).length, codes.filter((code) => code === 429).length]).toEqual([200, 20]);
    expect((await send('/twilio/status', form, { headers })).status).toBe(204);
  });
});

describe('POST /twilio/status', () => {
  it('follows a call to its end, whatever comes late or twice', async () => {
    const sid = sidOf('CA');
    const at = (second: number): Form => ({ Timestamp: `Fri, 20 Nov 2026 09:00:${String(second).padStart(2, '0')} +0000` });
    const reports = [
      status(sid, 'ringing', at(0)),
      status(sid, 'in-progress', at(4)),
      status(sid, 'completed', { ...at(34), CallDuration: '30' }),
    ];
    const seen: Array<string | undefined> = [];
    for (const form of [...reports, ...reports.toReversed(), ...reports]) {
      expect((await send('/twilio/status', form)).status).toBe(204);
      seen.push((await callOf(owner, sid))?.status);
    }
    expect(seen).toEqual(['ringing', 'in_progress', ...Array.from({ length: 7 }, () => 'completed')]);
    const call = await callOf(owner, sid);
    expect(call).toMatchObject({
      status: 'completed',
      started_at: '2026-11-20T09:00:00.000Z',
      ended_at: '2026-11-20T09:00:34.000Z',
      duration_seconds: 30,
    });
    const rows = await sql(server.database_url, 'select 1 from calls where call_sid = $1', [sid]);
    expect(rows).toHaveLength(1);
  });

  it('logs one call, also where all its reports come at once', async () => {
    const sid = sidOf('CA');
    const forms = ['initiated', 'ringing', 'in-progress', 'completed', 'completed', 'ringing'].map((one) => status(sid, one));
    const answers = await Promise.all(forms.map((form) => send('/twilio/status', form)));
    expect(answers.map((answer) => answer.status)).toEqual(forms.map(() => 204));
    expect((await callOf(owner, sid))?.status).toBe('completed');
  });

  it('knows who called: the other side is the number of the log', async () => {
    const [out, anonymous, missed] = [sidOf('CA'), sidOf('CA'), sidOf('CA')];
    await send('/twilio/status', status(out, 'completed', { Direction: 'outbound-api', From: NUMBER, To: '+819099990000' }));
    expect(await callOf(owner, out)).toMatchObject({ direction: 'outbound', phone_number: '+819099990000' });
    await send('/twilio/status', status(anonymous, 'in-progress', { From: 'Anonymous' }));
    expect(await callOf(owner, anonymous)).toMatchObject({ phone_number: 'Anonymous' });
    await send('/twilio/status', status(missed, 'no-answer'));
    expect(await callOf(owner, missed)).toMatchObject({ status: 'missed', ended_at: expect.any(String) });
  });

  it('passes over legs of a call and statuses that it does not know, and says what is missing', async () => {
    const sid = sidOf('CA');
    expect((await send('/twilio/status', status(sid, 'ringing', { ParentCallSid: sidOf('CA') }))).status).toBe(204);
    expect((await send('/twilio/status', status(sid, 'exploded'))).status).toBe(204);
    expect(await callOf(owner, sid)).toBeNull();
    const { CallSid: _, ...nameless } = status(sid, 'ringing');
    expect(await send('/twilio/status', nameless)).toMatchObject({
      status: 400,
      body: { details: [{ field: 'CallSid', message: 'is required' }] },
    });
  });

  it('goes on with a call that was logged by hand, and keeps what that says', async () => {
    const sid = sidOf('CA');
    await owner.api('/call', { method: 'POST', json: { call_sid: sid, phone_number: '090-1234-5678', summary: '手書き' } });
    await send('/twilio/status', status(sid, 'completed', { CallDuration: '12' }));
    expect(await callOf(owner, sid)).toMatchObject({
      phone_number: '090-1234-5678',
      summary: '手書き',
      status: 'completed',
      duration_seconds: 12,
    });
  });
});

describe('POST /twilio/recording', () => {
  it("becomes the call's recording, and its text the call's transcript, once", async () => {
    whisper.otherwise(() => transcriptOf([segmentOf(0, '予約をお願いします')], 12));
    const [sid, recording] = [sidOf('CA'), sidOf('RE')];
    twilio.main.recordings.push({ sid: recording, call_sid: sid, duration: '12', started_at: new Date(), audio: Buffer.from('audio') });
    await send('/twilio/status', status(sid, 'completed'));
    const form = {
      CallSid: sid,
      RecordingSid: recording,
      RecordingStatus: 'completed',
      RecordingDuration: '12',
      AccountSid: twilio.main.account_sid,
    };
    // Recordings come without numbers: whose they are is known by their call.
    const answers = await Promise.all(Array.from({ length: 5 }, () => send('/twilio/recording', form)));
    expect(answers.map((answer) => answer.status)).toEqual([204, 204, 204, 204, 204]);
    const call = await eventually(
      () => callOf(owner, sid),
      (one) => one?.transcript !== null,
    );
    expect(call).toMatchObject({ recording_sid: recording, transcript: '予約をお願いします' });
    expect((await send('/twilio/recording', form)).status).toBe(204);
    expect(whisper.uploads.filter(({ bytes }) => bytes.toString() === 'audio')).toHaveLength(1);
    const second = { ...form, RecordingSid: sidOf('RE') };
    await send('/twilio/recording', second);
    expect((await callOf(owner, sid))?.recording_sid).toBe(recording);
    expect(await callOf(other, sid)).toBeNull();
  });

  it("brings its text along where that was asked for before the call's recording was told of", async () => {
    whisper.otherwise(() => transcriptOf([segmentOf(0, '予約をお願いします')], 12));
    const [sid, recording] = [sidOf('CA'), sidOf('RE')];
    twilio.main.recordings.push({ sid: recording, call_sid: sid, duration: '12', started_at: new Date(), audio: Buffer.from('early') });
    await send('/twilio/status', status(sid, 'completed'));
    await eventually(
      () => owner.api(`/transcription?recording_sid=${recording}`),
      (answer) => answer.status === 200,
    );
    expect(await callOf(owner, sid)).toMatchObject({ recording_sid: null, transcript: null });
    await send('/twilio/recording', { CallSid: sid, RecordingSid: recording, RecordingStatus: 'completed' });
    expect(await callOf(owner, sid)).toMatchObject({ recording_sid: recording, transcript: '予約をお願いします' });
  });

  it('of a call that nobody told of is asked for, and logged', async () => {
    const [sid, recording] = [sidOf('CA'), sidOf('RE')];
    twilio.main.calls.push({ sid, from: '+819055556666', to: NUMBER, direction: 'inbound' });
    const form = { CallSid: sid, RecordingSid: recording, RecordingStatus: 'completed' };
    expect((await send(`/twilio/recording?client_id=${owner.client_id}`, form)).status).toBe(204);
    expect(await callOf(owner, sid)).toMatchObject({ phone_number: '+819055556666', recording_sid: recording });
    const unknown = sidOf('CA');
    await send(`/twilio/recording?client_id=${owner.client_id}`, { ...form, CallSid: unknown });
    expect(await callOf(owner, unknown)).toMatchObject({ phone_number: 'anonymous' });
  });

  it('that failed is passed over', async () => {
    const sid = sidOf('CA');
    await send('/twilio/status', status(sid, 'completed'));
    await send('/twilio/recording', { CallSid: sid, RecordingSid: sidOf('RE'), RecordingStatus: 'absent' });
    expect((await callOf(owner, sid))?.recording_sid).toBeNull();
  });
});
