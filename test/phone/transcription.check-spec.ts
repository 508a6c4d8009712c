import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, type TestUser } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sidOf, startTwilioServer, type TwilioServer } from '../support/twilio-server.js';
import { segmentOf, startWhisperServer, transcriptOf, type Upload, type WhisperServer } from '../support/whisper-server.js';

/* With real sound: espeak-ng speaks, ffmpeg makes silence and length, and the model in the test hears whether there is anything at all. */

interface Transcription {
  text: string;
  segments: Array<{ start: number; end: number; text: string }>;
}

const SAID = '予約をお願いします';
const INVENTED = 'ご視聴ありがとうございました';
const LONG_SECONDS = 1_800;
const MOST_BYTES = 25 * 1024 * 1024;

const run = promisify(execFile);
let folder: string;
let twilio: TwilioServer;
let whisper: WhisperServer;
let server: TestServer;
let owner: TestUser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kaiwa-phone-'));
  await run('espeak-ng', ['-v', 'ja', '-w', join(folder, 'speech.wav'), SAID]);
  await ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '20', join(folder, 'silence.wav'));
  const telephone = ['-ar', '8000', '-ac', '1', '-c:a', 'pcm_s16le'];
  await ffmpeg('-stream_loop', '-1', '-i', join(folder, 'speech.wav'), '-t', String(LONG_SECONDS), ...telephone, join(folder, 'long.wav'));
  [twilio, whisper] = await Promise.all([startTwilioServer(), startWhisperServer()]);
  whisper.otherwise(listen);
  server = await startServer({ env: { ...twilio.env, OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: whisper.base_url } });
  owner = await makeTenant(server.api);
}, 120_000);

afterAll(async () => {
  await server?.stop();
  await Promise.all([twilio?.stop(), whisper?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

function ffmpeg(...args: string[]): Promise<unknown> {
  return run('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', ...args]);
}

/** What the model makes of a file: of silence words that nobody said, as the real one does. */
async function listen({ bytes }: Upload): Promise<ReturnType<typeof transcriptOf>> {
  const samples = await decode(bytes);
  let loudest = 0;
  for (let at = 0; at < samples.length; at += 2) loudest = Math.max(loudest, Math.abs(samples.readInt16LE(at)));
  const seconds = samples.length / 2 / 8_000;
  return transcriptOf([loudest > 300 ? segmentOf(0.5, SAID, 0.02) : segmentOf(0, INVENTED, 0.92)], seconds);
}

async function decode(bytes: Buffer): Promise<Buffer> {
  const child = spawn('ffmpeg', ['-loglevel', 'error', '-i', 'pipe:0', '-f', 's16le', '-ac', '1', '-ar', '8000', 'pipe:1']);
  child.stdin.end(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function transcribe(name: string): Promise<{ answer: Answer<Transcription>; uploads: Upload[] }> {
  const [sid, call_sid] = [sidOf('RE'), sidOf('CA')];
  const audio = await readFile(join(folder, name));
  twilio.main.recordings.push({ sid, call_sid, duration: '60', started_at: new Date(), audio, content_type: 'audio/x-wav' });
  await owner.api('/call', { method: 'POST', json: { call_sid, phone_number: '09012345678' } });
  const before = whisper.uploads.length;
  const answer = await eventually(
    () => owner.api<Transcription>(`/transcription?recording_sid=${sid}`),
    ({ status }) => status !== 202,
    100_000,
  );
  return { answer, uploads: whisper.uploads.slice(before) };
}

describe('a recording', () => {
  it('with speech is transcribed', async () => {
    const { answer, uploads } = await transcribe('speech.wav');
    expect(answer).toMatchObject({ status: 200, body: { text: SAID, segments: [{ start: 0.5, text: SAID }] } });
    expect(uploads.map(({ name }) => name)).toEqual(['recording.wav']);
  });

  it('of silence has no words, although the model invents some', async () => {
    const { answer, uploads } = await transcribe('silence.wav');
    expect(uploads).toHaveLength(1);
    expect(answer).toMatchObject({ status: 200, body: { text: '', segments: [] } });
  });

  it('beyond the size that the model takes is cut by time, and its times are those of the whole', async () => {
    const { answer, uploads } = await transcribe('long.wav');
    expect((await readFile(join(folder, 'long.wav'))).length).toBeGreaterThan(MOST_BYTES);
    expect(answer.status).toBe(200);
    expect(uploads).toHaveLength(2);
    expect(uploads.every(({ bytes }) => bytes.length < MOST_BYTES)).toBe(true);
    const seconds = await Promise.all(uploads.map(async ({ bytes }) => (await decode(bytes)).length / 2 / 8_000));
    expect(Math.abs(seconds[0]! + seconds[1]! - LONG_SECONDS)).toBeLessThan(1);
    const starts = answer.body.segments.map(({ start }) => start);
    expect(starts[0]).toBe(0.5);
    expect(Math.abs(starts[1]! - 1_200.5)).toBeLessThan(1);
    expect(answer.body.text).toBe(`${SAID}\n${SAID}`);
  }, 120_000);
});
