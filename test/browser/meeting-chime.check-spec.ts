import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { FAKE_DEVICES, launchBrowser } from '../support/browser.js';
import { type FakeChime, startChime } from '../support/chime.js';
import { type ChimeMedia, type Received, receivedBy, startChimeMedia, watchConnections } from '../support/chime-media.js';
import { eventually, type TestUser } from '../support/client.js';
import { makePerson, makeTown, type Town } from '../support/matching.js';
import { startServer, type TestServer } from '../support/server.js';
import { beepsIn, durationOf, loudnessAt } from '../support/sound.js';

/* A talk that Amazon carries, in real pages by Amazon's own library; what answers it at the other end of the wire is `support/chime-media.ts`. */

interface Place {
  readonly student: TestUser;
  readonly speaker: TestUser;
  readonly matching_id: string;
  readonly her_link: string;
  readonly his_link: string;
}

interface Visit {
  readonly page: Page;
  /** What its console calls an error, and what nobody caught. */
  readonly faults: string[];
  /** The hosts that it asked for anything. */
  readonly hosts: Set<string>;
}

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const SMALL = { width: 320, height: 640 };
/** Less than the page waits until it tries anew by itself. */
const AT_ONCE_MS = 12_000;
const LIBRARY = '**/meetings/assets/chime-sdk.bundle.js*';

let chime: FakeChime;
let media: ChimeMedia;
let server: TestServer;
let browser: Browser;
let town: Town;
let folder: string;

beforeAll(async () => {
  chime = await startChime();
  media = await startChimeMedia(chime);
  server = await startServer({
    env: {
      MEETING_PROVIDER: 'chime',
      CHIME_ENDPOINT: chime.url,
      AWS_ACCESS_KEY_ID: 'AKIATESTS',
      AWS_SECRET_ACCESS_KEY: 'secret-of-the-tests',
    },
  });
  town = await makeTown(server.api);
  // Whoever has no microphone is told no addresses of this machine, and names of its own lead nowhere here.
  browser = await launchBrowser([...FAKE_DEVICES, '--disable-features=WebRtcHideLocalIpsWithMdns']);
  folder = process.env['SCREENSHOTS'] ?? (await mkdtemp(join(tmpdir(), 'kaiwa-chime-')));
  await mkdir(folder, { recursive: true });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await media?.close();
  await server?.stop();
  await chime?.close();
  if (process.env['SCREENSHOTS'] === undefined && folder) await rm(folder, { recursive: true, force: true });
});

async function makePlace(seconds_ahead: number): Promise<Place> {
  const [student, speaker] = await Promise.all([makePerson(server.api, town, 'student'), makePerson(server.api, town, 'company')]);
  const date = new Date(Date.now() + seconds_ahead * 1_000).toISOString();
  const json = { speaker_id: speaker.id, date, meeting_length: 5 };
  const { body: matching } = await student.api<{ id: string }>('/matching', { method: 'POST', json });
  const linkOf = async ({ api }: TestUser): Promise<string> => {
    const made = await api<{ join_url: string }>('/meeting', { method: 'POST', json: { matching_id: matching.id } });
    expect(made.status).toBe(201);
    return made.body.join_url;
  };
  const [her_link, his_link] = [await linkOf(student), await linkOf(speaker)];
  return { student, speaker, matching_id: matching.id, her_link, his_link };
}

async function visit(url: string, size = DESKTOP, locale = 'ja-JP', prepare?: (page: Page) => Promise<unknown>): Promise<Visit> {
  const context = await browser.newContext({ viewport: size, locale });
  const page = await context.newPage();
  const faults: string[] = [];
  const hosts = new Set<string>();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('request', (request) => request.url().startsWith('http') && hosts.add(new URL(request.url()).host));
  page.on('websocket', (socket) => hosts.add(new URL(socket.url()).host));
  await watchConnections(page);
  await prepare?.(page);
  await page.goto(url);
  return { page, faults, hosts };
}

/** Comes in once camera and microphone are there. */
async function enter({ page }: Visit): Promise<void> {
  await page.waitForFunction(() => {
    const { document } = globalThis as unknown as { document: { getElementById(id: string): { srcObject: { active: boolean } | null } } };
    return document.getElementById('preview').srcObject?.active === true;
  });
  await page.locator('#join').click();
  await page.locator('#stage').waitFor({ state: 'visible' });
}

/** The other's picture moves, and their tone arrives: by what was decoded and how loud it was. */
async function seesAndHears({ page }: Visit): Promise<Received> {
  await page.waitForFunction(
    () => {
      const { document } = globalThis as unknown as {
        document: { getElementById(id: string): { hidden: boolean; currentTime: number } };
      };
      return document.getElementById('remote').currentTime > 0 || !document.getElementById('unblock').hidden;
    },
    undefined,
    { timeout: 40_000 },
  );
  // Where nobody has pressed anything for a while the browser holds the sound back, and the page offers a button; it goes where the sound has come meanwhile.
  const unblock = page.locator('#unblock');
  if (await unblock.isVisible()) await unblock.click({ timeout: 2_000 }).catch(() => undefined);
  await page.waitForFunction(
    () => {
      const { document } = globalThis as unknown as {
        document: { getElementById(id: string): { videoWidth: number; currentTime: number } };
      };
      const remote = document.getElementById('remote');
      return remote.videoWidth > 0 && remote.currentTime > 0.2;
    },
    undefined,
    { timeout: 30_000 },
  );
  const before = await receivedBy(page);
  return eventually(
    () => receivedBy(page),
    (after) =>
      after.frames > before.frames + 5 && after.audio_bytes > before.audio_bytes + 1_000 && after.audio_energy > before.audio_energy + 1e-5,
    20_000,
  );
}

const closeAll = (...visits: Visit[]): Promise<unknown> => Promise.all(visits.map(({ page }) => page.context().close()));

const shot = ({ page }: Visit, name: string): Promise<Buffer> => page.screenshot({ path: join(folder, `chime-${name}.png`) });

describe('a talk that Amazon carries', () => {
  it('is seen, heard, written beside and recorded as any other', async () => {
    const place = await makePlace(25);
    const hers = await visit(place.her_link, PHONE);
    const his = await visit(place.his_link, DESKTOP, 'en-US');
    for (const { page } of [hers, his]) await page.locator('#lobby').waitFor({ state: 'visible' });
    expect(await hers.page.locator('#lobby-notice').textContent()).toContain('録音');
    expect(await hers.page.locator('#lobby-carrier').textContent()).toContain('Amazon Chime');
    await enter(his);
    await his.page.locator('#waiting', { hasText: 'Waiting for' }).waitFor({ state: 'visible' });
    await shot(his, 'waiting-desktop');
    await enter(hers);
    await Promise.all([seesAndHears(hers), seesAndHears(his)]);

    // With what each came to Amazon.
    const [one, other] = media.seats;
    const users = [one, other].map((seat) => seat?.attendee.ExternalUserId).sort();
    expect(users).toEqual([place.student.id, place.speaker.id].sort());
    for (const seat of [one, other]) {
      expect(seat?.protocols).toEqual(['_aws_wt_session', seat?.attendee.JoinToken]);
      expect(seat?.frames.filter((frame) => frame === 'JOIN' || frame === 'SUBSCRIBE').slice(0, 2)).toEqual(['JOIN', 'SUBSCRIBE']);
      expect(seat?.origin).toBe(server.url);
    }
    const up = await Promise.all([place.student, place.speaker].map(({ id }) => media.heard(id)));
    for (const { audio_bytes, frames } of up) expect(audio_bytes > 1_000 && frames > 5).toBe(true);

    for (const { page } of [hers, his]) await page.locator('#recording').waitFor({ state: 'visible', timeout: 30_000 });
    const begun = Date.now();
    // First the speaker's microphone alone, and later the listener's.
    await hers.page.locator('#mic').click();
    await his.page.locator('#remote-mic', { hasText: 'The microphone is off' }).waitFor({ state: 'visible' });
    await eventually(
      async () => media.seats.find(({ attendee }) => attendee.ExternalUserId === place.student.id)?.is_muted,
      Boolean,
      5_000,
    );

    await hers.page.locator('#talk-open').click();
    await hers.page.locator('#text').fill('聞こえますか？');
    await hers.page.locator('#text').press('Enter');
    await his.page.locator('#unread').waitFor({ state: 'visible' });
    await shot(his, 'talk-desktop');
    await shot(hers, 'talk-phone-messages');
    await hers.page.locator('#talk-close').click();
    await shot(hers, 'talk-phone');

    await his.page.locator('#camera').click();
    await hers.page.locator('#remote-off').waitFor({ state: 'visible' });
    await eventually(
      async () => media.seats.find(({ attendee }) => attendee.ExternalUserId === place.speaker.id)?.has_picture,
      (has) => has === false,
      10_000,
    );
    await shot(hers, 'camera-off-phone');
    await his.page.locator('#camera').click();
    await hers.page.locator('#remote-off').waitFor({ state: 'hidden' });
    await his.page.waitForFunction((at) => Date.now() >= at, begun + 7_000);
    await hers.page.locator('#mic').click();
    await his.page.locator('#mic').click();
    await seesAndHears(his);
    await his.page.waitForFunction((at) => Date.now() >= at, begun + 16_000);

    const { body } = await place.student.api<{ date: string }>(`/matching/${place.matching_id}`);
    await his.page.waitForFunction((at) => Date.now() >= at, new Date(body.date).getTime() + 1_000, { timeout: 60_000 });
    const talked_s = (Date.now() - begun) / 1_000;
    await hers.page.locator('#leave').click();
    await hers.page.locator('#again').waitFor({ state: 'visible' });
    await his.page.locator('#leave').click();
    await his.page.locator('#message-title', { hasText: 'The talk is over' }).waitFor({ state: 'visible', timeout: 20_000 });
    await eventually(async () => media.seats.every(({ is_in, frames }) => !is_in && frames.includes('LEAVE')), Boolean, 10_000);

    const done = await eventually(
      async () => (await place.student.api<{ status: string; audio_url: string | null }>(`/matching/${place.matching_id}`)).body,
      ({ audio_url }) => audio_url !== null,
      60_000,
    );
    expect(done.status).toBe('done');
    const path = join(folder, 'chime-talk.webm');
    await writeFile(path, Buffer.from(await (await fetch(done.audio_url as string)).arrayBuffer()));
    const duration_s = await durationOf(path);
    expect(Math.abs(duration_s - talked_s)).toBeLessThan(6);
    // Both voices are in it: one of the two was on at a time.
    const beeps = await beepsIn(path);
    const between = (from: number, to: number): number => beeps.filter((at) => at >= from && at < to).length;
    expect(between(1.5, 4.5)).toBeGreaterThanOrEqual(3);
    expect(between(duration_s - 4.5, duration_s - 1.5)).toBeGreaterThanOrEqual(3);
    const tone = [await loudnessAt(path, 400), await loudnessAt(path, 700)] as const;
    expect(tone[0]).toBeGreaterThan(tone[1] + 12);

    // Nothing but this server and the meeting's own signalling was asked for anything, and nothing was refused by the page's policy.
    const own = [new URL(server.url).host, new URL(chime.url).host].sort();
    for (const { faults, hosts } of [hers, his]) {
      expect(faults).toEqual([]);
      expect([...hosts].sort()).toEqual(own);
    }
    expect(chime.requests.filter(({ path: asked }) => !/^\/meetings(\/[^/]+\/attendees)?$/.test(asked))).toEqual([]);
    expect(media.faults).toEqual([]);
    await closeAll(hers, his);
  }, 240_000);

  it('goes on where a connection breaks, where a newer tab comes, and where Amazon has ended its meeting', async () => {
    const place = await makePlace(120);
    const hers = await visit(place.her_link);
    const his = await visit(place.his_link);
    await enter(hers);
    await enter(his);
    await Promise.all([seesAndHears(hers), seesAndHears(his)]);
    const count = (): number => media.seats.filter(({ attendee }) => attendee.ExternalUserId === place.speaker.id).length;
    expect(count()).toBe(1);

    media.drop(place.speaker.id);
    await eventually(
      async () => count(),
      (seats) => seats === 2,
      20_000,
    );
    await Promise.all([seesAndHears(hers), seesAndHears(his)]);

    const newer = await visit(place.his_link, PHONE);
    await enter(newer);
    await his.page.locator('#message-title', { hasText: '別のタブ' }).waitFor({ timeout: 20_000 });
    await Promise.all([seesAndHears(hers), seesAndHears(newer)]);

    const [first] = [...chime.meetings.keys()].slice(-1);
    media.end(first as string);
    await eventually(
      async () => chime.meetings.size > 0 && !chime.meetings.has(first as string) && media.seats.filter(({ is_in }) => is_in).length,
      (there) => there === 2,
      AT_ONCE_MS,
    );
    expect(new Set(media.seats.filter(({ is_in }) => is_in).map(({ meeting_id }) => meeting_id)).size).toBe(1);
    await Promise.all([seesAndHears(hers), seesAndHears(newer)]);
    await closeAll(hers, his, newer);
  }, 180_000);

  it('is left while it is another day’s, and where it is called off', async () => {
    const place = await makePlace(120);
    const visits = [await visit(place.her_link, PHONE), await visit(place.his_link)];
    const change = async (json: object): Promise<void> => {
      expect((await place.student.api(`/matching/${place.matching_id}`, { method: 'PATCH', json })).status).toBe(200);
    };
    const inside = async (): Promise<number> =>
      media.seats.filter(({ is_in, attendee }) => is_in && [place.student.id, place.speaker.id].includes(attendee.ExternalUserId)).length;
    for (const one of visits) await enter(one);
    await Promise.all(visits.map(seesAndHears));
    await change({ date: new Date(Date.now() + 24 * 3_600_000).toISOString() });
    for (const { page } of visits)
      await page.locator('#message-title', { hasText: '面談の日時が変わりました' }).waitFor({ timeout: 20_000 });
    await eventually(inside, (count) => count === 0, 10_000);
    await change({ date: new Date(Date.now() + 120_000).toISOString() });
    for (const { page } of visits) await page.locator('#join').waitFor({ state: 'visible', timeout: 20_000 });
    for (const one of visits) await enter(one);
    await Promise.all(visits.map(seesAndHears));
    await change({ status: 'cancelled' });
    for (const { page } of visits) await page.locator('#message-title', { hasText: '面談は取り消されました' }).waitFor({ timeout: 20_000 });
    await eventually(inside, (count) => count === 0, 10_000);
    await closeAll(...visits);
  }, 120_000);

  it('is entered without camera and microphone too, and the other is seen and heard', async () => {
    const place = await makePlace(120);
    const hers = await visit(place.her_link, PHONE, 'ja-JP', (page) =>
      page.addInitScript(() => {
        const { navigator } = globalThis as unknown as { navigator: { mediaDevices: { getUserMedia(): Promise<never> } } };
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('None', 'NotFoundError'));
      }),
    );
    await hers.page.locator('#device-problem', { hasText: 'マイクが見つかりません' }).waitFor({ state: 'visible' });
    const his = await visit(place.his_link);
    await enter(his);
    await hers.page.locator('#join').click();
    await hers.page.locator('#stage').waitFor({ state: 'visible' });
    await seesAndHears(hers);
    await closeAll(hers, his);
  }, 90_000);

  it('is shown on phones as on desktops', async () => {
    const place = await makePlace(300);
    for (const [size, name] of [
      [DESKTOP, 'desktop'],
      [PHONE, 'phone'],
      [SMALL, 'small'],
    ] as const) {
      const one = await visit(place.her_link, size);
      await one.page.waitForFunction(() => {
        const { document } = globalThis as unknown as { document: { getElementById(id: string): { videoWidth: number } } };
        return document.getElementById('preview').videoWidth > 0;
      });
      await shot(one, `lobby-${name}`);
      const width = await one.page.evaluate(
        () => (globalThis as unknown as { document: { documentElement: { scrollWidth: number } } }).document.documentElement.scrollWidth,
      );
      expect(width).toBeLessThanOrEqual(size.width);
      await closeAll(one);
    }
    const hers = await visit(place.her_link, SMALL);
    const his = await visit(place.his_link);
    await enter(his);
    await enter(hers);
    await Promise.all([seesAndHears(hers), seesAndHears(his)]);
    await shot(hers, 'talk-small');
    await closeAll(hers, his);
  }, 120_000);
});

describe('what goes wrong at Amazon', () => {
  it.each([
    [403, '運営にお問い合わせください'],
    [500, '少し待ってから'],
  ])(
    'is said in the page’s own words where the API answers %d',
    async (status, words) => {
      const one = await visit((await makePlace(300)).her_link, PHONE);
      await one.page.locator('#join').waitFor({ state: 'visible' });
      chime.fail(status);
      await one.page.locator('#join').click();
      await one.page.locator('#device-problem').waitFor({ state: 'visible', timeout: 20_000 });
      await one.page.locator('#device-problem', { hasText: words }).waitFor({ timeout: 20_000 });
      chime.fail(null);
      expect(await one.page.locator('#device-problem').textContent()).not.toMatch(/[A-Za-z]{2}/);
      await shot(one, `fails-${status}`);
      await one.page.locator('#join').click();
      await one.page.locator('#stage').waitFor({ state: 'visible' });
      await closeAll(one);
    },
    60_000,
  );

  it('is said where the signalling refuses; the messages work, and the page connects by the button and by itself', async () => {
    const place = await makePlace(300);
    media.refuse(503);
    const his = await visit(place.his_link);
    const hers = await visit(place.her_link, PHONE);
    await enter(his);
    await enter(hers);
    for (const { page } of [his, hers]) await page.locator('#waiting', { hasText: 'つながりません' }).waitFor({ timeout: 60_000 });
    await shot(hers, 'not-reached-phone');
    await hers.page.locator('#talk-open').click();
    await hers.page.locator('#text').fill('映りません');
    await hers.page.locator('#send').click();
    await his.page.locator('#unread').waitFor({ state: 'visible' });
    await hers.page.locator('#talk-close').click();
    media.refuse(null);
    // One by the button, and one by itself.
    await hers.page.locator('#retry').click();
    await Promise.all([seesAndHears(hers), seesAndHears(his)]);
    for (const { page } of [his, hers]) expect(await page.locator('#retry').isVisible()).toBe(false);
    await closeAll(hers, his);
  }, 120_000);

  it('is said where the library does not come, and it is asked for again', async () => {
    const place = await makePlace(300);
    const hers = await visit(place.her_link, SMALL, 'en-US');
    const his = await visit(place.his_link);
    await hers.page.route(LIBRARY, (route) => route.abort());
    await enter(his);
    await enter(hers);
    await hers.page.locator('#waiting', { hasText: 'could not be made ready' }).waitFor({ timeout: 20_000 });
    await shot(hers, 'not-loaded-small');
    await hers.page.unroute(LIBRARY);
    await hers.page.locator('#retry').click();
    await Promise.all([seesAndHears(hers), seesAndHears(his)]);
    await closeAll(hers, his);
  }, 90_000);
});
