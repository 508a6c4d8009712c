import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, ConsoleMessage, Locator, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.js';
import { eventually, makeTenant, makeUser, type TestUser } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';

/* The reference page in a real browser that reaches nothing but this server. */

/** The folder in which pictures of the page are put, for whoever wants to look at it. */
const PICTURES = process.env.DOCS_SCREENSHOTS;

interface Document {
  tags: Array<{ name: string }>;
  paths: Record<string, Record<string, { operationId: string; tags: [string] }>>;
}

let server: TestServer;
let browser: Browser;
let page: Page;
let user: TestUser;
const foreign: string[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  server = await startServer();
  const owner = await makeTenant(server.api);
  user = await makeUser(server.api, { client_id: owner.client_id });
  page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  page.on('console', (message: ConsoleMessage) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error: Error) => complaints.push(error.message));
  await page.goto(`${server.url}/docs`, { waitUntil: 'networkidle' });
}, 60_000);

afterAll(async () => {
  await browser.close();
  await server?.stop();
});

async function picture(name: string, part?: Locator): Promise<void> {
  if (!PICTURES) return;
  const path = join(PICTURES, `${name}.png`);
  await (part ? part.screenshot({ path }) : page.screenshot({ path, fullPage: true }));
}

describe('/docs', () => {
  it('shows every group and every operation, in their order', async () => {
    await page.waitForSelector('.opblock-tag', { timeout: 20_000 });
    const document = (await server.api<Document>('/openapi.json')).body;
    const tags = await page.$$eval('.opblock-tag', (elements) => elements.map((element) => element.getAttribute('data-tag')));
    expect(tags).toEqual(document.tags.map(({ name }) => name));
    // One after the other, as a reader would, and all stay: what is on the page is what the browser's own search finds.
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    const shown: string[] = [];
    for (const { name } of document.tags) {
      const group = page.locator(`.opblock-tag[data-tag="${name}"]`);
      await group.click();
      await page.locator(`.opblock-tag[data-tag="${name}"][data-is-open="true"]`).waitFor({ timeout: 10_000 });
      shown.push(
        ...operations
          .filter(({ tags: [tag] }) => tag === name)
          .map(({ operationId }) => `operations-${name.replaceAll(' ', '_')}-${operationId}`),
      );
      const ids = await eventually(
        () => page.$$eval('.opblock', (elements) => elements.map(({ id }) => id)),
        (found) => found.length >= shown.length,
        10_000,
      );
      expect(ids).toEqual(shown);
    }
    expect(shown).toHaveLength(operations.length);
    await picture('all');
    for (const { name } of document.tags.filter(({ name }) => !['Messages', 'Identity', 'Users'].includes(name)))
      await page.locator(`.opblock-tag[data-tag="${name}"]`).click();
  }, 120_000);

  it('opens an operation with its parameters, its body and its answers', async () => {
    await page.click('#operations-Messages-postMessage .opblock-summary-control');
    const block = page.locator('#operations-Messages-postMessage');
    await block.locator('.responses-wrapper').waitFor();
    const text = await block.innerText();
    expect(text).toContain('Idempotency-Key');
    expect(text).toContain('x-client-id');
    expect(text).toContain('ROOM_NOT_FOUND');
    await picture('operation', block);
  });

  it('sends requests: somebody signs in from it, and asks who they are', async () => {
    const login = page.locator('#operations-Identity-login');
    await login.locator('.opblock-summary-control').click();
    await login.locator('tr[data-param-name="x-client-id"] input').fill(user.client_id);
    await login.locator('textarea.body-param__text').fill(JSON.stringify({ usernameOrEmail: user.username, password: user.password }));
    const answering = page.waitForResponse((response) => new URL(response.url()).pathname.endsWith('/login'));
    await login.locator('button.execute').click();
    expect((await answering).status()).toBe(200);
    await login.locator('.live-responses-table').waitFor();
    expect(await login.locator('.live-responses-table').innerText()).toContain('Logged in');
    await picture('login', login);

    const who = page.locator('#operations-Users-getUserInfo');
    await who.locator('.opblock-summary-control').click();
    await who.locator('button.execute').click();
    await who.locator('.live-responses-table').waitFor();
    expect(await who.locator('.live-responses-table').innerText()).toContain(user.email);
  });

  it('fits a telephone: nothing is wider than the screen', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator('.info summary').click();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await picture('phone');
  });

  it('loads from this server alone, and nothing of it is refused by its own policy', () => {
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('is served under the prefix too', async () => {
    await page.goto(`${server.url}/api/docs`, { waitUntil: 'networkidle' });
    await page.waitForSelector('.opblock-tag', { timeout: 20_000 });
    expect([...foreign, ...complaints]).toEqual([]);
  });
});
