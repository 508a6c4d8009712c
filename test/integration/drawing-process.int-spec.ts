import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';

interface Outcome {
  before: number | null;
  pictures: number;
  first: number;
  outcome: string;
  after: boolean;
  second: number;
  ended: boolean;
  environment: string | null;
}

describe('the process that draws pages', () => {
  let told: Outcome;

  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', resolve('test/support/drawing.program.ts')],
      { env: { PATH: process.env.PATH, DATABASE_URL: 'postgresql://a-secret-of-the-server' }, timeout: 25_000 },
    );
    told = JSON.parse(stdout) as Outcome;
  });

  it('is there only once something is to be drawn, and is one for all', () => {
    expect(told.before).toBeNull();
    expect(told.first).toBeGreaterThan(0);
    expect(told.pictures).toBe(3);
  });

  it("knows nothing of the server's environment", () => {
    expect(told.environment ?? '').not.toContain('secret');
  });

  it('that is killed costs one picture; the next page gets a new one', () => {
    expect(told.outcome).toBe('undrawable');
    expect(told.after).toBe(true);
    expect(told.second).not.toBe(told.first);
  });

  it('ends with the server, and keeps nobody from ending', () => {
    expect(told.ended).toBe(true);
  });
});
