import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, type TestUser } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import { sidOf, startTwilioServer, type TwilioServer } from '../support/twilio-server.js';
import { refusal, segmentOf, startWhisperServer, transcriptOf, type WhisperServer } from '../support/whisper-server.js';

interface Transcription {
  text: string;
  segments: Array<{ start: number; end: number; text: string }>;
  language: string | null;
  status?: string;
  code?: string;
  message?: string;
}

let twilio: TwilioServer;
let whisper: WhisperServer;
let server: TestServer;
let owner: TestUser;
let stranger: TestUser;

beforeAll(async () => {
  [twilio, whisper] = await Promise.all([startTwilioServer(), startWhisperServer()]);
  // Without a PATH there is no ffmpeg.
  const env = { ...twilio.env, OPENAI_API_KEY: 'sk-operator', OPENAI_BASE_URL: whisper.base_url, PATH: '/nowhere' };
  server = await startServer({ env });
  [owner, stranger] = [await makeTenant(server.api), await makeTenant(server.api)];
}, 60_000);

afterAll(async () => {
  await server.stop();
  await Promise.all([twilio.stop(), whisper.stop()]);
});

/** A recording of a call in the owner's log. */
async function record(audio: Buffer | number, user = owner, duration = '60'): Promise<string> {
  const [sid, call_sid] = [sidOf('RE'), sidOf('CA')];
  twilio.main.recordings.push({ sid, call_sid, duration, started_at: new Date(), audio });
  await user.api('/call', { method: 'POST', json: { call_sid, phone_number: '09012345678', recording_sid: sid } });
  return sid;
}

const ask = (sid: string, user = owner): Promise<Answer<Transcription>> => user.api<Transcription>(`/transcription?recording_sid=${sid}`);

/** Asks until it is no longer 202. */
const outcomeOf = (sid: string): Promise<Answer<Transcription>> =>
  eventually(
    () => ask(sid),
    ({ status }) => status !== 202,
    20_000,
  );

/** Runs what waits to be tried again now. */
const hasten = (): Promise<unknown> =>
  sql(server.database_url, `update graphile_worker._private_jobs set run_at = now() where locked_at is null`);

describe('GET /transcription', () => {
  it('is 202 while the text is made, 200 once it is, and made once', async () => {
    const audio = Buffer.from('speech of one recording');
    const sid = await record(audio);
    whisper.reply(transcriptOf([segmentOf(0, '予約を'), segmentOf(2, 'したいのですが')], 61.4));
    const first = await ask(sid);
    expect([first.status, first.body, first.headers.get('retry-after')]).toEqual([202, { status: 'pending' }, '5']);
    const done = await outcomeOf(sid);
    expect(done).toMatchObject({
      status: 200,
      body: {
        text: '予約をしたいのですが',
        segments: [
          { start: 0, end: 2, text: '予約を' },
          { start: 2, end: 4, text: 'したいのですが' },
        ],
        language: 'japanese',
      },
    });
    const uploads = whisper.uploads.filter(({ bytes }) => bytes.equals(audio));
    expect(uploads).toMatchObject([
      { name: 'recording.mp3', model: 'whisper-1', response_format: 'verbose_json', authorization: 'Bearer sk-operator' },
    ]);
    twilio.requests.length = 0;
    expect((await ask(sid)).body).toEqual(done.body);
    expect(twilio.requests).toEqual([]);
    const calls = await owner.api<Array<{ recording_sid: string; transcript: string }>>('/calls');
    expect(calls.body.find(({ recording_sid }) => recording_sid === sid)?.transcript).toBe('予約をしたいのですが');
    const usage = await eventually(
      () => owner.api<Array<{ audio_seconds: number }>>('/tenant/usage'),
      ({ body }) => (body[0]?.audio_seconds ?? 0) > 0,
    );
    expect(usage.body[0]!.audio_seconds).toBe(61);
  });

  it('is asked for once, however many ask at once', async () => {
    const audio = Buffer.from('asked for by many');
    const sid = await record(audio);
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(sid)));
    // Whoever asks last may find it made already.
    expect([200, 202]).toEqual(expect.arrayContaining([...new Set(answers.map(({ status }) => status))]));
    expect((await outcomeOf(sid)).status).toBe(200);
    expect(whisper.uploads.filter(({ bytes }) => bytes.equals(audio))).toHaveLength(1);
  });

  it('leaves out what a model makes of silence', async () => {
    const sid = await record(Buffer.from('silence'));
    whisper.reply(transcriptOf([segmentOf(0, 'ご視聴ありがとうございました', 0.95), segmentOf(30, 'チャンネル登録', 0.8)]));
    expect((await outcomeOf(sid)).body).toMatchObject({ text: '', segments: [] });
  });

  it('is tried again after a failure that passes', async () => {
    const audio = Buffer.from('second time lucky');
    const sid = await record(audio);
    whisper.reply(refusal(500), transcriptOf([segmentOf(0, 'はい')]));
    expect((await ask(sid)).status).toBe(202);
    await eventually(
      async () => whisper.uploads.filter(({ bytes }) => bytes.equals(audio)).length,
      (count) => count === 1,
    );
    expect((await ask(sid)).status).toBe(202);
    await eventually(
      async () => {
        await hasten();
        return ask(sid);
      },
      ({ status }) => status === 200,
      20_000,
    );
  });

  it('is told of once all tries have failed, in words of ours, and may be asked for again later', async () => {
    const audio = Buffer.from('never');
    const sid = await record(audio);
    whisper.otherwise(() => refusal(503));
    expect((await ask(sid)).status).toBe(202);
    const failed = await eventually(
      async () => {
        await hasten();
        return ask(sid);
      },
      ({ status }) => status !== 202,
      30_000,
    );
    expect(failed).toMatchObject({ status: 502, body: { code: 'TRANSCRIPTION_FAILED' } });
    expect(whisper.uploads.filter(({ bytes }) => bytes.equals(audio))).toHaveLength(4);
    expect((await ask(sid)).status).toBe(502);
    whisper.otherwise(() => transcriptOf([segmentOf(0, 'やっと')]));
    await sql(server.database_url, `update transcripts set made_at = now() - interval '6 minutes' where recording_sid = $1`, [sid]);
    expect((await ask(sid)).status).toBe(202);
    expect((await outcomeOf(sid)).body.text).toBe('やっと');
    expect(server.logs()).not.toContain('sk-sec');
  }, 60_000);

  it('is not tried again where that would change nothing', async () => {
    const audio = Buffer.from('refused');
    const sid = await record(audio);
    whisper.reply(refusal(401));
    expect((await ask(sid)).status).toBe(202);
    expect((await outcomeOf(sid)).body.code).toBe('TRANSCRIPTION_FAILED');
    expect(whisper.uploads.filter(({ bytes }) => bytes.equals(audio))).toHaveLength(1);
  });

  it('of a recording beyond the model’s size needs ffmpeg, and says so', async () => {
    const sid = await record(26 * 1024 * 1024);
    expect((await ask(sid)).status).toBe(202);
    const { status, body } = await outcomeOf(sid);
    expect([status, body.code]).toEqual([503, 'FFMPEG_MISSING']);
    expect(body.message).toContain('ffmpeg');
  });

  it("is none of another tenant's, nor of a recording that is not there", async () => {
    const sid = await record(Buffer.from('mine alone'));
    for (const [user, name] of [
      [stranger, sid],
      [owner, sidOf('RE')],
      [owner, 'none'],
    ] as const) {
      const { status, body } = await ask(name, user);
      expect([status, body.message]).toEqual([404, 'Recording not found']);
    }
    expect((await outcomeOf(sid)).status).toBe(200);
    expect((await ask(sid, stranger)).status).toBe(404);
    expect((await owner.api('/transcription')).status).toBe(400);
  });

  it('goes with its call', async () => {
    const sid = await record(Buffer.from('to be forgotten'));
    expect((await outcomeOf(sid)).status).toBe(200);
    const { body } = await owner.api<Array<{ id: string; recording_sid: string }>>('/calls');
    const id = body.find(({ recording_sid }) => recording_sid === sid)?.id ?? '';
    expect((await owner.api(`/call?id=${id}`, { method: 'DELETE' })).status).toBe(200);
    expect((await ask(sid)).status).toBe(404);
    expect(await sql(server.database_url, 'select 1 from transcripts where recording_sid = $1', [sid])).toEqual([]);
  });

  it('goes by the model and the key of the tenant', async () => {
    const rich = await makeTenant(server.api);
    const openai = { api_key: 'sk-of-the-tenant-itself-0001', whisper_model: 'gpt-4o-transcribe' };
    expect((await rich.api('/tenant', { method: 'PATCH', json: { openai } })).status).toBe(200);
    const audio = Buffer.from('rich');
    const sid = await record(audio, rich);
    whisper.reply({ body: { text: ' 一文だけ ' } });
    await ask(sid, rich);
    const done = await eventually(
      () => ask(sid, rich),
      ({ status }) => status === 200,
    );
    expect(done.body).toEqual({ text: '一文だけ', segments: [], language: null });
    expect(whisper.uploads.filter(({ bytes }) => bytes.equals(audio))).toMatchObject([
      { model: 'gpt-4o-transcribe', response_format: 'json', authorization: 'Bearer sk-of-the-tenant-itself-0001' },
    ]);
    // Of its length this model says nothing; the telephone provider knows it.
    const usage = await eventually(
      () => rich.api<Array<{ audio_seconds: number }>>('/tenant/usage'),
      ({ body }) => (body[0]?.audio_seconds ?? 0) > 0,
    );
    expect(usage.body[0]?.audio_seconds).toBe(60);
    // It refuses what takes longer than 1,400 s, however small it is: that is cut first, for which there is no ffmpeg here.
    const long = await record(Buffer.from('long'), rich, '1500');
    await ask(long, rich);
    const refused = await eventually(
      () => ask(long, rich),
      ({ status }) => status !== 202,
    );
    expect([refused.status, refused.body.code]).toEqual([503, 'FFMPEG_MISSING']);
  });
});

describe('a process that was killed', () => {
  it('leaves no recording behind once the next one has started', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kaiwa-test-'));
    const [left, running] = [join(folder, 'kaiwa-recording-left'), join(folder, 'kaiwa-recording-running')];
    for (const path of [left, running]) {
      await mkdir(path);
      await writeFile(join(path, 'recording.mp3'), 'speech');
    }
    const long_ago = new Date(Date.now() - 2 * 3_600_000);
    await utimes(left, long_ago, long_ago);
    const next = await startServer({ env: { TMPDIR: folder } });
    try {
      await eventually(
        () => readdir(folder),
        (names) => !names.includes('kaiwa-recording-left'),
      );
      expect(await readdir(running)).toEqual(['recording.mp3']);
    } finally {
      await next.stop();
      await rm(folder, { recursive: true });
    }
  });
});

describe('without a key for a model', () => {
  it('says which setting is missing, and asks nothing of anybody', async () => {
    const bare = await startServer({ env: twilio.env });
    try {
      const mine = await makeTenant(bare.api);
      const [sid, call_sid] = [sidOf('RE'), sidOf('CA')];
      twilio.main.recordings.push({ sid, call_sid, duration: '1', started_at: new Date(), audio: Buffer.from('x') });
      await mine.api('/call', { method: 'POST', json: { call_sid, phone_number: '09012345678' } });
      const { status, body } = await mine.api<Transcription>(`/transcription?recording_sid=${sid}`);
      expect([status, body.code]).toEqual([503, 'OPENAI_NOT_CONFIGURED']);
      expect(body.message).toContain('OPENAI_API_KEY');
    } finally {
      await bare.stop();
    }
  });
});
