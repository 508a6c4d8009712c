import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.js';
import { makeTenant, type TestUser, uniqueName } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';

/* The main job, in two real pages: people register, log in by cookie, talk live in a room, leave, miss some, and come back. */

interface Heard {
  seq: number;
  content: string;
  from: { username: string } | null;
}

/** What runs in the page: the window holds its socket and what it has heard. */
declare const window: {
  io(options?: object): Sock;
  sock: Sock;
  heard: Heard[];
};

interface Sock {
  on(event: string, listener: (payload: Heard) => void): void;
  emitWithAck(event: string, payload: object): Promise<Record<string, unknown>>;
  connect(): void;
  disconnect(): void;
  connected: boolean;
}

const PASSWORD = 'correct-horse-battery-7';

let server: TestServer;
let browser: Browser;
let owner: TestUser;
let outsider: TestUser;

beforeAll(async () => {
  server = await startServer({ env: { RATE_LIMIT: 'on' } });
  owner = await makeTenant(server.api);
  outsider = await makeTenant(server.api);
  browser = await launchBrowser();
}, 60_000);

afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** A person at a page of this server, registered and logged in there. */
async function arrive(name: string): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${server.url}/docs`, { waitUntil: 'domcontentloaded' });
  const statuses = await page.evaluate(
    async ({ name, password, client_id }) => {
      const post = async (path: string, body: object): Promise<number> =>
        (
          await fetch(path, {
            method: 'POST',
            headers: { 'content-type': 'application/json', 'x-client-id': client_id },
            body: JSON.stringify(body),
          })
        ).status;
      return [
        await post('/register', { username: name, email: `${name}@example.com`, password }),
        await post('/api/login', { usernameOrEmail: name, password }),
      ];
    },
    { name, password: PASSWORD, client_id: owner.client_id },
  );
  expect(statuses).toEqual([201, 200]);
  await page.addScriptTag({ url: '/socket.io/socket.io.js' });
  await page.evaluate(() => {
    window.heard = [];
    window.sock = window.io({ transports: ['websocket'], reconnection: false });
    window.sock.on('message', (message) => window.heard.push(message));
  });
  await page.waitForFunction(() => window.sock.connected);
  return page;
}

const join = (page: Page, room_id: string, after_seq?: number): Promise<Record<string, unknown>> =>
  page.evaluate(({ room_id, after_seq }) => window.sock.emitWithAck('joinRoom', { room_id, after_seq: after_seq ?? null }), {
    room_id,
    after_seq,
  });

const say = (page: Page, room_id: string, content: string): Promise<Record<string, unknown>> =>
  page.evaluate(({ room_id, content }) => window.sock.emitWithAck('sendMessage', { room_id, content }), { room_id, content });

const heardBy = (page: Page): Promise<string[]> => page.evaluate(() => window.heard.map((message) => `${message.seq} ${message.content}`));

describe('two pages in a room', () => {
  it('talk live, miss and catch up, and nobody else sees it', async () => {
    const room_id = uniqueName('room-');
    const tanaka = await arrive(uniqueName('tanaka'));
    const sato = await arrive(uniqueName('sato'));
    expect((await owner.api('/rooms', { method: 'POST', json: { id: room_id, name: '会議室', visibility: 'open' } })).status).toBe(201);
    expect(await join(tanaka, room_id)).toMatchObject({ ok: true, last_seq: 0, missed: [] });
    expect(await join(sato, room_id)).toMatchObject({ ok: true, last_seq: 0, missed: [] });

    expect(await say(tanaka, room_id, 'おはようございます')).toMatchObject({ ok: true, message: { seq: 1 } });
    expect(await say(sato, room_id, 'Good morning!')).toMatchObject({ ok: true, message: { seq: 2 } });
    const both = ['1 おはようございます', '2 Good morning!'];
    await tanaka.waitForFunction(() => window.heard.length === 2);
    await sato.waitForFunction(() => window.heard.length === 2);
    expect(await heardBy(tanaka)).toEqual(both);
    expect(await heardBy(sato)).toEqual(both);

    await sato.evaluate(() => window.sock.disconnect());
    for (const content of ['いますか？', 'Are you there?', 'またあとで']) await say(tanaka, room_id, content);
    await sato.evaluate(() => window.sock.connect());
    await sato.waitForFunction(() => window.sock.connected);
    const caught = await join(sato, room_id, 2);
    expect((caught['missed'] as Heard[]).map(({ seq, content }) => `${seq} ${content}`)).toEqual([
      '3 いますか？',
      '4 Are you there?',
      '5 またあとで',
    ]);
    expect(caught).toMatchObject({ has_more: false, last_seq: 5, changed: [] });
    await say(tanaka, room_id, 'おかえりなさい');
    await sato.waitForFunction(() => window.heard.length === 3);
    expect(await heardBy(sato)).toEqual([...both, '6 おかえりなさい']);

    const byRest = await owner.api<Heard[]>(`/rooms/${room_id}/messages?after_seq=0`);
    expect(byRest.body.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await outsider.api(`/rooms/${room_id}/messages`)).status).toBe(404);
    expect((await outsider.api<Heard[]>('/rooms/lobby/messages')).body).toEqual([]);
  }, 60_000);
});
