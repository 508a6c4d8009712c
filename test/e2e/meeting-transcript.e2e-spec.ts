import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { io } from 'socket.io-client';
import { emit, eventually, type TestUser } from '../support/client.js';
import { makePerson, makeTown, minutesAhead, type Town } from '../support/matching.js';
import { type OpenAiServer, startOpenAiServer } from '../support/openai-server.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* After a talk: its transcript and its summary, by the model, for the two alone. */

interface Matching {
  id: string;
  status: string;
  audio_url: string | null;
  transcript: string | null;
  summary: string | null;
}

let model: OpenAiServer;
let server: TestServer;
let town: Town;

beforeAll(async () => {
  model = await startOpenAiServer();
  server = await startServer({ env: { OPENAI_API_KEY: 'sk-operator', OPENAI_BASE_URL: model.base_url } });
  town = await makeTown(server.api);
}, 120_000);

afterAll(async () => {
  await server.stop();
  await model.stop();
});

interface Talk {
  student: TestUser;
  speaker: TestUser;
  matching_id: string;
}

/** A talk in which both were, which was recorded from so many minutes ago on, each time for three seconds, and which they have left. */
async function talk(minutes_ago: readonly number[] = [0]): Promise<Talk> {
  const [student, speaker] = await Promise.all([makePerson(server.api, town, 'student'), makePerson(server.api, town, 'company')]);
  const json = { speaker_id: speaker.id, date: minutesAhead(5), meeting_length: 30 };
  const matching_id = (await student.api<Matching>('/matching', { method: 'POST', json })).body.id;
  const seats = await Promise.all(
    [speaker, student].map(async (person) => {
      const { body } = await person.api<{ id: string; join_url: string }>('/meeting', { method: 'POST', json: { matching_id } });
      const token = new URL(body.join_url).searchParams.get('token') as string;
      const socket = io(server.url, { auth: { pass: `${body.id}.${token}` }, transports: ['websocket'], forceNew: true });
      expect(await emit(socket, 'meeting:enter', { tab_id: 'tab', can_record: true })).toMatchObject({ ok: true });
      return { id: body.id, token, socket };
    }),
  );
  const { id, token } = seats[0]!;
  const headers = { 'meeting-token': token };
  const sound = await readFile(new URL('../support/talk.webm', import.meta.url));
  for (const minutes of minutes_ago) {
    const path = `/meetings/${id}/recordings`;
    const begun = await server.api<{ id: string }>(path, { method: 'POST', json: { content_type: 'audio/webm' }, headers });
    const sent = await server.api(`${path}/${begun.body.id}`, {
      method: 'PATCH',
      body: sound,
      headers: {
        ...headers,
        'content-type': 'application/offset+octet-stream',
        'upload-offset': '0',
        'upload-length': String(sound.length),
      },
    });
    expect(sent.status).toBe(204);
    await sql(server.database_url, 'update meeting_takes set started_at = started_at - make_interval(mins => $2) where id = $1', [
      begun.body.id,
      minutes,
    ]);
  }
  await sql(
    server.database_url,
    "update matchings set date = now() - interval '1 minute', ends_at = now() - interval '1 minute' + make_interval(mins => meeting_length) where id = $1",
    [matching_id],
  );
  for (const { socket } of seats) await emit(socket, 'meeting:leave', { has_left: true });
  for (const { socket } of seats) socket.disconnect();
  return { student, speaker, matching_id };
}

const see = async ({ student, matching_id }: Talk): Promise<Matching> => (await student.api<Matching>(`/matching/${matching_id}`)).body;

describe('after a talk', () => {
  it('what was said and what it was about can be read by the two, and by nobody else', async () => {
    model.reply({ text: 'ご質問はありますか。研究職について伺いたいです。' }, { text: '学生が研究職について尋ねた。' });
    const had = await talk();
    const done = await eventually(
      () => see(had),
      ({ summary }) => summary !== null,
      150_000,
    );
    expect(done).toMatchObject({
      status: 'done',
      transcript: 'ご質問はありますか。研究職について伺いたいです。',
      summary: '学生が研究職について尋ねた。',
    });
    const [heard, asked] = model.requests;
    expect(heard?.path).toMatch(/\/audio\/transcriptions$/);
    expect(JSON.stringify(heard?.body)).toContain('talk-0.webm');
    expect(asked?.path).toMatch(/\/chat\/completions$/);
    expect(JSON.stringify(asked?.body['messages'])).toContain('研究職について伺いたいです');
    expect((await had.speaker.api<Matching>(`/matching/${had.matching_id}`)).body.transcript).toBe(done.transcript);
    const stranger = await makePerson(server.api, town, 'student');
    expect((await stranger.api(`/matching/${had.matching_id}`)).status).toBe(404);
    const usage = await eventually(
      () => town.owner.api<Array<{ audio_seconds: number; ai_tokens: number }>>('/tenant/usage'),
      ({ body }) => body.some(({ ai_tokens }) => ai_tokens > 0),
      10_000,
    );
    expect(usage.body.at(-1)?.ai_tokens).toBeGreaterThan(0);
  }, 200_000);

  it('the recording is there even where the model refuses', async () => {
    model.otherwise({ status: 400, error: { message: 'No', type: 'invalid_request_error' } });
    const had = await talk();
    // What a browser may still send is waited for for two minutes.
    await eventually(
      () => see(had),
      ({ audio_url }) => audio_url !== null,
      150_000,
    );
    await eventually(
      async () =>
        sql(server.database_url, "select 1 from graphile_worker._private_jobs where key like '%:meeting.transcribe:' || $1", [
          had.matching_id,
        ]),
      (waiting) => waiting.length === 0,
      20_000,
    );
    expect(await see(had)).toMatchObject({ status: 'done', transcript: null, summary: null, audio_url: expect.any(String) });
  }, 200_000);

  it('what is said after a long silence is heard too', async () => {
    const before = model.requests.length;
    model.reply({ text: 'はじめに。' }, { text: 'おわりに。' }, { text: '長い沈黙があった。' });
    const had = await talk([50, 0]);
    const done = await eventually(
      () => see(had),
      ({ summary }) => summary !== null,
      150_000,
    );
    expect(done.transcript).toBe('はじめに。\nおわりに。');
    const files = model.requests.slice(before).flatMap(({ body }) => /talk-\d+\.webm/.exec(JSON.stringify(body)) ?? []);
    expect(files).toEqual(['talk-0.webm', 'talk-2.webm']);
  }, 200_000);
});
