import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { FAKE_DEVICES, launchBrowser } from '../support/browser.js';
import { type FakeChime, startChime } from '../support/chime.js';
import { makePerson, makeTown, type Town } from '../support/matching.js';
import { sql } from '../support/sql.js';
import { startServer, type TestServer } from '../support/server.js';
import type { TestUser } from '../support/client.js';

/* What the page of a meeting says and does, whatever happens to the talk and in whatever order the network brings things. */

interface Place {
  readonly student: TestUser;
  readonly speaker: TestUser;
  readonly matching_id: string;
  readonly her_link: string;
  readonly his_link: string;
}

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** Less than the page waits until it tries anew what has not come about. */
const AT_ONCE_MS = 9_000;

let chime: FakeChime;
let server: TestServer;
let browser: Browser;
let town: Town;

beforeAll(async () => {
  chime = await startChime();
  server = await startServer({
    env: { CHIME_ENDPOINT: chime.url, AWS_ACCESS_KEY_ID: 'AKIATESTS', AWS_SECRET_ACCESS_KEY: 'secret-of-the-tests' },
  });
  town = await makeTown(server.api);
  browser = await launchBrowser(FAKE_DEVICES);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await chime?.close();
});

async function makePlace(seconds_ahead: number, where = town): Promise<Place> {
  const [student, speaker] = await Promise.all([makePerson(server.api, where, 'student'), makePerson(server.api, where, 'company')]);
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

/** A page of a browser of one's own; `prepare` comes before it loads. */
async function visit(url: string, size = DESKTOP, prepare?: (page: Page) => Promise<void>): Promise<Page> {
  const context = await browser.newContext({ viewport: size, locale: 'ja-JP' });
  const page = await context.newPage();
  await prepare?.(page);
  await page.goto(url);
  return page;
}

/** Comes in once camera and microphone are there. */
async function enter(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const { document } = globalThis as unknown as { document: { getElementById(id: string): { srcObject: { active: boolean } | null } } };
    return document.getElementById('preview').srcObject?.active === true;
  });
  await page.locator('#join').click();
  await page.locator('#stage').waitFor({ state: 'visible' });
}

/** The other's picture is there and moves. */
const sees = (page: Page): Promise<unknown> =>
  page.waitForFunction(
    () => {
      const { document } = globalThis as unknown as {
        document: { getElementById(id: string): { videoWidth: number; currentTime: number } };
      };
      const remote = document.getElementById('remote');
      return remote.videoWidth > 0 && remote.currentTime > 0.2;
    },
    undefined,
    { timeout: AT_ONCE_MS },
  );

/** Keeps a picture of the page where somebody wants to look at them. */
async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS'];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

describe('the way to the other', () => {
  it.each(['listener', 'speaker'] as const)(
    'comes about at once where the %s learns late that they are in',
    async (late) => {
      const place = await makePlace(60);
      const offers: string[] = [];
      const warnings: string[] = [];
      // The answer to `meeting:enter` comes after what the other's browser has to tell; it is the only large one.
      const slow = (page: Page): Promise<void> =>
        page.routeWebSocket(/socket\.io/, (route) => {
          const there = route.connectToServer();
          there.onMessage((message) => {
            const is_entry = typeof message === 'string' && /^43\d/.test(message) && message.includes('ice_servers');
            setTimeout(() => route.send(message), is_entry ? 1_500 : 0);
          });
        });
      const watched = (page: Page): Promise<void> => {
        page.on('websocket', (socket) =>
          socket.on('framesent', ({ payload }) => {
            if (typeof payload === 'string' && payload.includes('"type":"offer"')) offers.push(payload);
          }),
        );
        return Promise.resolve();
      };
      const hers = await visit(place.her_link, DESKTOP, late === 'listener' ? slow : undefined);
      const his = await visit(place.his_link, DESKTOP, late === 'speaker' ? slow : watched);
      for (const page of [hers, his]) page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
      const [first, second] = late === 'listener' ? [his, hers] : [hers, his];
      for (const page of [hers, his]) await page.locator('#lobby-camera.toggle:not(:empty)').waitFor();
      await enter(first);
      await enter(second);
      await Promise.all([sees(hers), sees(his)]);
      expect(warnings).toEqual([]);
      if (late === 'listener') expect(offers).toHaveLength(1);
      await Promise.all([hers, his].map((page) => page.context().close()));
    },
    60_000,
  );

  it('comes about at once where candidates come before what they belong to', async () => {
    const place = await makePlace(60);
    const warnings: string[] = [];
    const hers = await visit(place.her_link, DESKTOP, (page) =>
      page.routeWebSocket(/socket\.io/, (route) => {
        const there = route.connectToServer();
        there.onMessage((message) => {
          setTimeout(() => route.send(message), typeof message === 'string' && message.includes('"type":"offer"') ? 1_500 : 0);
        });
      }),
    );
    hers.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
    const his = await visit(place.his_link);
    await enter(hers);
    await enter(his);
    await Promise.all([sees(hers), sees(his)]);
    expect(warnings).toEqual([]);
    await Promise.all([hers, his].map((page) => page.context().close()));
  }, 60_000);
});

/** Nobody looks at a page that does not know: what it asks by itself, every ten seconds, is stopped. */
const told = async (page: Page): Promise<void> => {
  await page.addInitScript(() => {
    const every = globalThis.setInterval;
    globalThis.setInterval = ((work: () => void, ms: number) => every(work, ms === 10_000 ? 3_600_000 : ms)) as typeof setInterval;
  });
};

const change = async ({ student, matching_id }: Place, json: object): Promise<void> => {
  expect((await student.api(`/matching/${matching_id}`, { method: 'PATCH', json })).status).toBe(200);
};

const minutes = (count: number): string => new Date(Date.now() + count * 60_000).toISOString();

describe('camera and microphone', () => {
  it('the other’s being off is said, also to whoever comes in later, and the buttons keep their words whole', async () => {
    const place = await makePlace(60);
    const [hers, his] = [await visit(place.her_link, { width: 320, height: 640 }), await visit(place.his_link)];
    await enter(hers);
    await hers.locator('#camera').click();
    await enter(his);
    await his.locator('#remote-off', { hasText: 'カメラはオフです' }).waitFor({ state: 'visible' });
    expect(await his.locator('#remote-mic').isVisible()).toBe(false);
    await hers.locator('#mic').click();
    await his.locator('#remote-mic', { hasText: 'マイクはオフです' }).waitFor({ state: 'visible' });
    await shot(his, 'other-off-desktop');
    await his.locator('#camera').click();
    await his.locator('#mic').click();
    await hers.locator('#remote-off').waitFor({ state: 'visible' });
    await hers.locator('#remote-mic').waitFor({ state: 'visible' });
    await shot(hers, 'other-off-small');
    await hers.setViewportSize(PHONE);
    await shot(hers, 'other-off-phone');
    await hers.setViewportSize({ width: 320, height: 640 });
    // The first message of all is one that is not read yet.
    await place.speaker.api('/messages', { method: 'POST', json: { matching_id: place.matching_id, text: 'はじめまして' } });
    await hers.locator('#unread', { hasText: '1' }).waitFor({ state: 'visible' });
    await shot(hers, 'unread-small');
    // One line for each word of a label, and nothing beside the page.
    const lines = await hers.locator('nav button').evaluateAll((buttons) =>
      (buttons as unknown as Array<{ innerText: string; firstChild: object }>).map((button) => {
        const { document } = globalThis as unknown as {
          document: { createRange(): { selectNodeContents(node: object): void; getClientRects(): ArrayLike<{ top: number }> } };
        };
        const range = document.createRange();
        range.selectNodeContents(button.firstChild);
        const tops = new Set(Array.from(range.getClientRects(), ({ top }) => Math.round(top)));
        return tops.size <= button.innerText.trim().split(/\s+/).length;
      }),
    );
    expect(lines).toEqual([true, true, true, true]);
    const width = await hers.evaluate(
      () => (globalThis as unknown as { document: { documentElement: { scrollWidth: number } } }).document.documentElement.scrollWidth,
    );
    expect(width).toBeLessThanOrEqual(320);
    for (const id of ['#camera', '#mic']) await his.locator(id).click();
    await hers.locator('#remote-off').waitFor({ state: 'hidden' });
    await hers.locator('#remote-mic').waitFor({ state: 'hidden' });
    await sees(hers);
    await shot(hers, 'both-small');
    await Promise.all([hers, his].map((page) => page.context().close()));
  }, 60_000);
});

describe('a talk that changes while its pages are open', () => {
  it('is called off: both pages say so, and offer nothing more', async () => {
    const place = await makePlace(300);
    const [hers, his] = [await visit(place.her_link, PHONE, told), await visit(place.his_link, DESKTOP, told)];
    await hers.locator('#join').waitFor({ state: 'visible' });
    await enter(his);
    await change(place, { status: 'cancelled' });
    for (const page of [hers, his]) {
      await page.locator('#message-title', { hasText: '面談は取り消されました' }).waitFor({ state: 'visible' });
      expect(await page.locator('button:visible').count()).toBe(0);
    }
    await shot(hers, 'cancelled-phone');
    await shot(his, 'cancelled-desktop');
    await Promise.all([hers, his].map((page) => page.context().close()));
  }, 60_000);

  it('is moved: both show the new time, and whoever is in too early is back in the lobby until it opens', async () => {
    const place = await makePlace(300);
    const [hers, his] = [await visit(place.her_link, PHONE, told), await visit(place.his_link, DESKTOP, told)];
    await hers.locator('#join').waitFor({ state: 'visible' });
    await enter(his);
    // A little later it is still open: who is in stays in.
    await change(place, { date: minutes(8) });
    await hers.locator('#lobby-when', { hasText: '日時が変わりました' }).waitFor({ state: 'visible' });
    await his.locator('#toast', { hasText: '日時が変わりました' }).waitFor({ state: 'visible' });
    await shot(hers, 'moved-lobby-phone');
    await shot(his, 'moved-stage-desktop');
    const tomorrow = minutes(24 * 60);
    await change(place, { date: tomorrow });
    const day = `${new Date(tomorrow).getMonth() + 1}月${new Date(tomorrow).getDate()}日`;
    for (const page of [hers, his]) {
      await page.locator('#message-title', { hasText: '面談の日時が変わりました' }).waitFor({ state: 'visible' });
      expect(await page.locator('#message-text').textContent()).toContain(day);
      expect(await page.locator('button:visible').count()).toBe(0);
    }
    await shot(hers, 'moved-early-phone');
    await change(place, { date: minutes(5) });
    await Promise.all([hers, his].map((page) => page.locator('#join').waitFor({ state: 'visible' })));
    for (const page of [hers, his]) await enter(page);
    await Promise.all([sees(hers), sees(his)]);
    await Promise.all([hers, his].map((page) => page.context().close()));
  }, 60_000);
});

/** As if the talk's time had passed. */
async function pastEnd({ matching_id }: Place): Promise<void> {
  await sql(
    server.database_url,
    "update matchings set date = now() - interval '6 minutes', ends_at = now() - interval '1 minute' where id = $1",
    [matching_id],
  );
  await sql(server.database_url, "update graphile_worker._private_jobs set run_at = now() where key like '%:matching.settle:' || $1", [
    matching_id,
  ]);
}

describe('the end', () => {
  it('is told to whoever has left, once the other has left too', async () => {
    const place = await makePlace(2);
    const [hers, his] = [await visit(place.her_link, PHONE, told), await visit(place.his_link, DESKTOP, told)];
    await enter(his);
    await enter(hers);
    await hers.locator('#recording').waitFor({ state: 'visible', timeout: 20_000 });
    await hers.locator('#left-label', { hasText: '残り' }).waitFor({ timeout: 20_000 });
    await hers.locator('#leave').click();
    await hers.locator('#message-title', { hasText: '退出しました' }).waitFor({ state: 'visible' });
    await hers.locator('#again').waitFor({ state: 'visible' });
    await shot(hers, 'left-phone');
    await his.locator('#leave').click();
    for (const page of [hers, his]) {
      await page.locator('#message-title', { hasText: '面談は終了しました' }).waitFor({ state: 'visible', timeout: 20_000 });
      await page.locator('#message-text', { hasText: '録音はまもなく' }).waitFor();
      expect(await page.locator('button:visible').count()).toBe(0);
    }
    await shot(hers, 'over-phone');
    await shot(his, 'over-desktop');
    await Promise.all([hers, his].map((page) => page.context().close()));
  }, 60_000);

  it('promises a recording only where there is one: not to whoever was alone', async () => {
    const place = await makePlace(2);
    const [hers, his] = [await visit(place.her_link, PHONE, told), await visit(place.his_link, DESKTOP, told)];
    await hers.locator('#join').waitFor({ state: 'visible' });
    await enter(his);
    await pastEnd(place);
    for (const page of [hers, his]) {
      await page.locator('#message-title', { hasText: '面談は終了しました' }).waitFor({ state: 'visible', timeout: 20_000 });
      await page.locator('#message-text', { hasText: 'この面談の録音はありません' }).waitFor();
    }
    await shot(his, 'missed-desktop');
    // Opened again, the link says the same.
    await hers.reload();
    await hers.locator('#message-text', { hasText: 'この面談の録音はありません' }).waitFor();
    await Promise.all([hers, his].map((page) => page.context().close()));
  }, 60_000);
});

describe('a talk that was moved while it was recorded', () => {
  it('promises no recording where nobody has come to it then', async () => {
    const place = await makePlace(300);
    const [hers, his] = [await visit(place.her_link, PHONE), await visit(place.his_link)];
    for (const page of [his, hers]) await enter(page);
    await hers.locator('#recording').waitFor({ state: 'visible', timeout: 20_000 });
    await change(place, { date: minutes(24 * 60) });
    for (const page of [hers, his])
      await page.locator('#message-title', { hasText: '面談の日時が変わりました' }).waitFor({ state: 'visible' });
    // Its time passes, and the word of its end is lost: the pages see it when they look.
    await sql(
      server.database_url,
      "update matchings set date = now() - interval '6 minutes', ends_at = now() - interval '1 minute' where id = $1",
      [place.matching_id],
    );
    for (const page of [hers, his]) {
      await page.locator('#message-title', { hasText: '面談は終了しました' }).waitFor({ state: 'visible', timeout: 20_000 });
      await page.locator('#message-text', { hasText: 'この面談の録音はありません' }).waitFor();
    }
    await Promise.all([hers, his].map((page) => page.context().close()));
  }, 60_000);
});

describe('a talk that Amazon carries', () => {
  const atChime = async (): Promise<Place> => {
    const where = await makeTown(server.api);
    await where.owner.api('/tenant', { method: 'PATCH', json: { matching: { meeting_provider: 'chime' } } });
    return makePlace(300, where);
  };

  it('says before one joins, and beside the messages, that there are only messages here', async () => {
    const { her_link } = await atChime();
    for (const [size, name] of [
      [PHONE, 'phone'],
      [{ width: 320, height: 640 }, 'small'],
    ] as const) {
      const page = await visit(her_link, size);
      await page.locator('#lobby-notice', { hasText: 'メッセージだけです' }).waitFor({ state: 'visible' });
      await shot(page, `chime-lobby-${name}`);
      await page.locator('#join').click();
      await page.locator('#text').waitFor({ state: 'visible' });
      await shot(page, `chime-in-${name}`);
      const [words, panel] = [await page.locator('#waiting').boundingBox(), await page.locator('#talk').boundingBox()];
      expect(await page.locator('#waiting').textContent()).toContain('メッセージだけです');
      expect((words?.y ?? 0) + (words?.height ?? 0)).toBeLessThanOrEqual(panel?.y ?? 0);
      expect(panel?.height).toBeGreaterThan(200);
      await page.context().close();
    }
  }, 60_000);

  it.each([
    [403, '運営にお問い合わせください'],
    [500, '少し待ってから'],
  ])(
    'says in the page’s own words that Amazon answers %d',
    async (status, words) => {
      const { her_link } = await atChime();
      const page = await visit(her_link, PHONE);
      chime.fail(status);
      await page.locator('#join').click();
      await page.locator('#device-problem').waitFor({ state: 'visible', timeout: 20_000 });
      chime.fail(null);
      const text = (await page.locator('#device-problem').textContent()) ?? '';
      expect(text).toContain(words);
      expect(text).not.toMatch(/[A-Za-z]{2}/);
      await shot(page, `chime-fails-${status}`);
      await page.locator('#join').click();
      await page.locator('#stage').waitFor({ state: 'visible' });
      await page.context().close();
    },
    60_000,
  );
});
