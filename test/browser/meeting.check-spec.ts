import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { FAKE_DEVICES, launchBrowser } from '../support/browser.js';
import { eventually, makeUser, type TestUser, uniqueName } from '../support/client.js';
import { makeAdmin, makeTown, profileOf, submitPapers, type Town } from '../support/matching.js';
import { startServer, type TestServer } from '../support/server.js';
import { beepsIn, durationOf, loudnessAt } from '../support/sound.js';
import { type FakeStripe, signedEvent, startStripe, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET } from '../support/stripe.js';

/* The whole story of a matching, in real pages with a camera and a microphone that are made up: Chromium's beeps once a second. */

interface Matching {
  id: string;
  status: string;
  is_done_meeting: boolean;
  is_done_payment: boolean;
  audio_url: string | null;
}

interface Meeting {
  id: string;
  matching_id: string;
  join_url: string;
}

interface Card {
  id: string;
  name: string;
}

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const run = promisify(execFile);

let stripe: FakeStripe;
let server: TestServer;
let browser: Browser;
let town: Town;
let admin: TestUser;
let folder: string;

beforeAll(async () => {
  stripe = await startStripe();
  server = await startServer({
    env: {
      STRIPE_SECRET_KEY,
      STRIPE_WEBHOOK_SECRET,
      STRIPE_API_BASE_URL: stripe.url,
    },
  });
  town = await makeTown(server.api);
  admin = await makeAdmin(server.api, town);
  await town.owner.api('/tenant', { method: 'PATCH', json: { matching: { price: 3_000, currency: 'jpy' } } });
  browser = await launchBrowser(FAKE_DEVICES);
  folder = process.env['SCREENSHOTS'] ?? (await mkdtemp(join(tmpdir(), 'kaiwa-meeting-')));
  await mkdir(folder, { recursive: true });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await stripe?.close();
  if (process.env['SCREENSHOTS'] === undefined && folder) await rm(folder, { recursive: true, force: true });
});

/** Registers, says who they are, and proves it. */
async function arrive(type: 'student' | 'company', name: string): Promise<TestUser> {
  const person = await makeUser(server.api, { client_id: town.client_id });
  expect((await person.api('/users/me', { method: 'PUT', json: profileOf(town, type, name) })).status).toBe(200);
  await submitPapers(person);
  return person;
}

async function approveAll(): Promise<void> {
  const { body } = await admin.api<Array<{ id: string }>>('/certificates?status=pending');
  for (const { id } of body) expect((await admin.api(`/certificates/${id}/approve`, { method: 'POST' })).status).toBe(200);
}

async function book(student: TestUser, speaker_id: string, seconds_ahead: number): Promise<Matching> {
  const date = new Date(Date.now() + seconds_ahead * 1_000).toISOString();
  const made = await student.api<Matching>('/matching', {
    method: 'POST',
    json: { speaker_id, date, meeting_length: 5, message: 'よろしくお願いします' },
  });
  expect(made.status).toBe(201);
  return made.body;
}

async function openMeeting(person: TestUser, matching_id: string): Promise<Meeting> {
  const made = await person.api<Meeting>('/meeting', { method: 'POST', json: { matching_id } });
  expect(made.status).toBe(201);
  return made.body;
}

/** A browser of one's own at the page of a link; what goes wrong in it fails the test. */
async function visit(url: string, size: { width: number; height: number }, locale: string, faults: string[]): Promise<Page> {
  const context: BrowserContext = await browser.newContext({ viewport: size, locale });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto(url);
  return page;
}

async function enter(page: Page): Promise<void> {
  await page.locator('#join').click();
  await page.locator('#stage').waitFor({ state: 'visible' });
}

/** The other's picture moves, and their sound comes along; that it is heard the recording tells. */
async function seesAndHears(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const remote = (globalThis as unknown as { document: { getElementById(id: string): RemoteVideo } }).document.getElementById('remote');
      const tracks = remote.srcObject?.getTracks() ?? [];
      return remote.currentTime > 0.5 && remote.videoWidth > 0 && tracks.length === 2 && tracks.every(({ muted }) => !muted);
    },
    undefined,
    { timeout: 30_000 },
  );
}

interface RemoteVideo {
  readonly srcObject: { getTracks(): Array<{ muted: boolean }> } | null;
  readonly currentTime: number;
  readonly videoWidth: number;
}

const matchingOf = async (person: TestUser, id: string): Promise<Matching> => (await person.api<Matching>(`/matching/${id}`)).body;

const shot = (page: Page, name: string): Promise<Buffer> => page.screenshot({ path: join(folder, `${name}.png`) });

describe('a talk in two real pages', () => {
  it('goes from registration to a paid talk with its recording', async () => {
    const faults: string[] = [];
    const [hanako, jiro, taro] = [
      await arrive('student', '学生 花子'),
      await arrive('student', '学生 次郎'),
      await arrive('company', '社員 太郎'),
    ];
    await approveAll();

    const found = await hanako.api<Card[]>(`/users?type=company&company_id=${town.company_id}`);
    expect(found.body.map(({ id }) => id)).toEqual([taro.id]);
    const matching = await book(hanako, taro.id, 25);
    // The other student finds the slot taken.
    const date = new Date(Date.now() + 60_000).toISOString();
    const taken = await jiro.api<{ code: string }>('/matching', { method: 'POST', json: { speaker_id: taro.id, date, meeting_length: 5 } });
    expect([taken.status, taken.body.code]).toEqual([409, 'SPEAKER_NOT_AVAILABLE']);

    const [hers, his] = [await openMeeting(hanako, matching.id), await openMeeting(taro, matching.id)];
    expect(hers.id).toBe(his.id);
    expect(hers.join_url).not.toBe(his.join_url);
    const desk = await visit(his.join_url, DESKTOP, 'en-US', faults);
    const phone = await visit(hers.join_url, PHONE, 'ja-JP', faults);
    await Promise.all([desk, phone].map((page) => page.locator('#lobby').waitFor({ state: 'visible' })));
    await desk.waitForFunction(() => 'document' in globalThis);
    await shot(desk, 'lobby-desktop');
    await shot(phone, 'lobby-phone');
    expect(await desk.locator('#lobby-notice').textContent()).toContain('recorded');
    expect(await phone.locator('#lobby-notice').textContent()).toContain('録音');

    await enter(desk);
    await desk.locator('#waiting').waitFor({ state: 'visible' });
    await shot(desk, 'waiting-desktop');
    await enter(phone);
    await Promise.all([seesAndHears(desk), seesAndHears(phone)]);
    await Promise.all([desk, phone].map((page) => page.locator('#recording').waitFor({ state: 'visible', timeout: 30_000 })));
    const begun = Date.now();
    // At first the speaker's microphone alone is on, and later the listener's.
    await phone.locator('#mic').click();
    expect(await phone.locator('#mic').textContent()).toBe('マイク オフ');

    // Beside the talk they write, by page and by REST.
    await phone.locator('#talk-open').click();
    await phone.locator('#text').fill('聞こえますか？');
    await phone.locator('#text').press('Enter');
    await desk.locator('#unread').waitFor({ state: 'visible' });
    await desk.locator('#talk-open').click();
    await desk.locator('#text').fill('Yes, very well.');
    await desk.locator('#send').click();
    await phone.locator('#said li', { hasText: 'Yes, very well.' }).waitFor();
    await shot(desk, 'talk-desktop');
    await shot(phone, 'talk-phone-messages');
    await phone.locator('#talk-close').click();
    await shot(phone, 'talk-phone');
    const said = await taro.api<Array<{ text: string }>>(`/messages?matching_id=${matching.id}`);
    expect(said.body.map(({ text }) => text)).toEqual(['Yes, very well.', '聞こえますか？', 'よろしくお願いします']);

    await desk.waitForFunction((at) => Date.now() >= at, begun + 6_000);
    await phone.locator('#mic').click();
    await desk.locator('#mic').click();
    await shot(desk, 'muted-desktop');

    // They talk for 10 s, and until the talk has begun by its date.
    const until = Math.max(
      begun + 13_000,
      new Date((await hanako.api<{ date: string }>(`/matching/${matching.id}`)).body.date).getTime() + 1_000,
    );
    await desk.waitForFunction((at) => Date.now() >= at, until, { timeout: 60_000 });
    const talked_s = (Date.now() - begun) / 1_000;
    await phone.locator('#leave').click();
    await phone.locator('#again').waitFor({ state: 'visible' });
    await desk.locator('#leave').click();
    await desk.locator('#message-title', { hasText: 'The talk is over' }).waitFor({ state: 'visible', timeout: 20_000 });
    await shot(desk, 'over-desktop');

    const done = await eventually(
      () => matchingOf(hanako, matching.id),
      ({ audio_url }) => audio_url !== null,
      60_000,
    );
    expect(done).toMatchObject({ status: 'done', is_done_meeting: true });
    const audio = await fetch(done.audio_url as string);
    expect([audio.status, audio.headers.get('content-type')]).toEqual([200, 'audio/webm']);
    const path = join(folder, 'talk.webm');
    await writeFile(path, Buffer.from(await audio.arrayBuffer()));
    const duration_s = await durationOf(path);
    expect(duration_s).toBeGreaterThan(8);
    expect(Math.abs(duration_s - talked_s)).toBeLessThan(6);
    // Both voices are in it: each microphone beeps twice a second, and one of the two was on at a time.
    const beeps = await beepsIn(path);
    const between = (from: number, to: number): number => beeps.filter((at) => at >= from && at < to).length;
    expect(between(1.5, 4.5)).toBeGreaterThanOrEqual(4);
    expect(between(duration_s - 4.5, duration_s - 1.5)).toBeGreaterThanOrEqual(4);
    expect(beeps.length).toBeGreaterThan(duration_s * 1.4);
    // It is the tone of Chromium's microphone, and hardly anything else.
    expect(await loudnessAt(path, 400)).toBeGreaterThan((await loudnessAt(path, 700)) + 12);
    // A player finds every place in it, and it has no fault anywhere.
    await run('ffmpeg', ['-v', 'error', '-xerror', '-ss', String(Math.floor(duration_s / 2)), '-i', path, '-f', 'null', '-']);

    const payment = await hanako.api<{ id: string; amount: number }>('/payment', { method: 'POST', json: { matching_id: matching.id } });
    expect([payment.status, payment.body.amount]).toEqual([201, 3_000]);
    const intent = stripe.pay([...stripe.intents.keys()][0] as string);
    const { body, headers } = signedEvent('payment_intent.succeeded', intent);
    expect((await server.api('/payment/webhook', { method: 'POST', body, headers })).status).toBe(200);
    expect(await matchingOf(hanako, matching.id)).toMatchObject({ is_done_payment: true });
    expect(faults).toEqual([]);
  }, 240_000);

  it('goes on where a tab is dropped: the newer one wins, the listener records meanwhile, and nothing is lost', async () => {
    const faults: string[] = [];
    const [student, speaker] = [await arrive('student', uniqueName('学生 ')), await arrive('company', uniqueName('社員 '))];
    await approveAll();
    const matching = await book(student, speaker.id, 20);
    const [hers, his] = [await openMeeting(student, matching.id), await openMeeting(speaker, matching.id)];
    const listening = await visit(hers.join_url, DESKTOP, 'ja-JP', faults);
    const speaking = await visit(his.join_url, DESKTOP, 'ja-JP', faults);
    await enter(listening);
    await enter(speaking);
    await Promise.all([seesAndHears(listening), seesAndHears(speaking)]);
    await listening.locator('#recording').waitFor({ state: 'visible', timeout: 30_000 });

    // The same link in another tab.
    const newer = await visit(his.join_url, DESKTOP, 'ja-JP', faults);
    await enter(newer);
    await speaking.locator('#message-title', { hasText: '別のタブ' }).waitFor({ timeout: 20_000 });
    await Promise.all([seesAndHears(listening), seesAndHears(newer)]);
    // The speaker's browser is gone for good: the listener waits, and its talk goes on when they come back.
    await newer.context().close();
    await listening.locator('#waiting').waitFor({ state: 'visible', timeout: 20_000 });
    await shot(listening, 'gone-desktop');
    const back = await visit(his.join_url, PHONE, 'ja-JP', faults);
    await enter(back);
    await Promise.all([seesAndHears(listening), seesAndHears(back)]);
    await back.locator('#recording').waitFor({ state: 'visible', timeout: 30_000 });
    const { body } = await student.api<{ date: string }>(`/matching/${matching.id}`);
    await back.waitForFunction((at) => Date.now() >= at, Math.max(Date.parse(body.date) + 1_000, Date.now() + 6_000), { timeout: 60_000 });
    await back.locator('#leave').click();
    await back.locator('#again').waitFor({ state: 'visible', timeout: 20_000 });
    await listening.locator('#leave').click();
    const done = await eventually(
      () => matchingOf(student, matching.id),
      ({ audio_url }) => audio_url !== null,
      60_000,
    );
    const path = join(folder, 'joined.webm');
    await writeFile(path, Buffer.from(await (await fetch(done.audio_url as string)).arrayBuffer()));
    expect(await durationOf(path)).toBeGreaterThan(10);
    await run('ffmpeg', ['-v', 'error', '-xerror', '-i', path, '-f', 'null', '-']);
    expect(faults).toEqual([]);
  }, 240_000);

  it('says plainly where there is no camera, where it has not begun, and where a link leads nowhere', async () => {
    const faults: string[] = [];
    const [student, speaker] = [await arrive('student', uniqueName('学生 ')), await arrive('company', uniqueName('社員 '))];
    await approveAll();
    const matching = await book(student, speaker.id, 3_600);
    const { join_url } = await openMeeting(student, matching.id);
    const early = await visit(join_url, PHONE, 'ja-JP', faults);
    await early.locator('#message-title', { hasText: 'まだ始まっていません' }).waitFor();
    await shot(early, 'early-phone');
    expect(faults).toEqual([]);
    const wrong = await visit(join_url.slice(0, -4), PHONE, 'ja-JP', []);
    expect(await wrong.textContent('body')).toContain('このリンクは使えません');
    await shot(wrong, 'nowhere-phone');

    expect(
      (await student.api(`/matching/${matching.id}`, { method: 'PATCH', json: { date: new Date(Date.now() + 120_000).toISOString() } }))
        .status,
    ).toBe(200);
    const bare = await launchBrowser();
    try {
      const page = await (await bare.newContext({ viewport: PHONE, locale: 'en-US' })).newPage();
      await page.goto(join_url);
      await page.locator('#device-problem').waitFor({ state: 'visible' });
      await shot(page, 'no-devices-phone');
      await page.locator('#join').click();
      await page.locator('#waiting').waitFor({ state: 'visible' });
    } finally {
      await bare.close();
    }
  }, 120_000);
});
