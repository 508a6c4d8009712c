import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { readSurface, type Surface } from '../support/surface.js';

/** Jobs that belong to no tenant, and what each crosses for. A new one is added here by somebody who has thought about it. */
const ACROSS_TENANTS: Record<string, string> = {
  'messages.sweep': 'takes expired messages away',
  'calls.close_idle': 'ends calls in which nobody has said anything for long',
  'storage.sweep': 'deletes bytes that no row speaks for, and clears away writers that died',
  'storage.collect': 'deletes the bytes of files that were just deleted, whose tenant may be gone',
  'notifications.sweep': 'takes away what people were told long ago',
  'certificates.sweep': 'takes the images of decided certificates away',
  'payments.sweep': 'forgets events of payments that cannot come again',
  'credentials.sweep': 'takes ended sessions, revocations, resets and Idempotency-Keys away',
  'faqs.find_outdated': "finds the tenants whose FAQs an earlier release has indexed; renewing them is the tenant's job",
  'calls.check': "asks again for the end of calls that nobody answered or that are deserted; the end itself is the tenant's job",
};

let database: TestDatabase;
let surface: Surface;
let sources: string;

beforeAll(async () => {
  database = await createDatabase();
  surface = await readSurface(database);
  const files = (await readdir(resolve('src'), { recursive: true })).filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  sources = (await Promise.all(files.map((file) => readFile(resolve('src', file), 'utf8')))).join('\n');
}, 60_000);

afterAll(() => database.drop());

describe('every job', () => {
  it('declares its scope, and only those of the list cross tenants', () => {
    expect(surface.jobs.filter(({ scope }) => scope !== 'tenant' && scope !== 'system')).toEqual([]);
    const across = surface.jobs.filter(({ scope }) => scope === 'system').map(({ name }) => name);
    expect(across.sort()).toEqual(Object.keys(ACROSS_TENANTS).sort());
  });

  it('runs by the clock in no tenant: a periodic job is a system job', () => {
    expect(surface.jobs.filter(({ is_periodic, scope }) => is_periodic && scope !== 'system')).toEqual([]);
  });

  it('that the sources name is defined once the application is built', () => {
    const payloads = [...sources.matchAll(/interface JobPayloads \{([^}]*\S[^}]*?)\n\s*\}/g)].flatMap(([, body = '']) =>
      namesIn(body, /^\s*'([^']+)':/gm),
    );
    const calls = namesIn(sources, /\b(?:define|cron|enqueue)\(\s*'([a-z][a-z0-9_.]*)'/g);
    const known = new Set(surface.jobs.map(({ name }) => name));
    expect([...new Set([...payloads, ...calls])].filter((name) => !known.has(name))).toEqual([]);
    expect(calls).toEqual(expect.arrayContaining([...known]));
  });
});

function namesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name);
}
