import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from '../support/server.js';

/* The surface that callers see, kept here so that a review sees it change. */

const UPDATE = 'npm run snapshots';
const is_update = process.env.UPDATE_SNAPSHOTS === '1';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
}, 30_000);

afterAll(async () => {
  await server.stop();
});

describe.each(['openapi.json', 'asyncapi.json'])('%s', (name) => {
  it('is what the snapshot says', async () => {
    const file = resolve('test/snapshots', name);
    const { status, body } = await server.api(`/${name}`);
    expect(status).toBe(200);
    const now = `${JSON.stringify(sorted(body), null, 2)}\n`;
    if (is_update) await writeFile(file, now);
    const kept = await readFile(file, 'utf8').catch(() => '');
    if (kept !== now) throw new Error(`${name} is not what test/snapshots/${name} says.\n${difference(kept, now)}\nWhere that is meant, run: ${UPDATE}`);
  });
});

/** The same with the keys of every object in order: the order in which classes are loaded says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

/** The first lines that differ. */
function difference(kept: string, now: string): string {
  const [before, after] = [kept.split('\n'), now.split('\n')];
  const at = after.findIndex((line, index) => line !== before[index]);
  const first = at === -1 ? after.length : at;
  const show = (lines: string[], sign: string): string[] => lines.slice(first, first + 5).map((line) => `${sign} ${line}`);
  return [`line ${first + 1}:`, ...show(before, '-'), ...show(after, '+')].join('\n');
}
