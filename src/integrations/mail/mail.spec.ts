import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Logger } from '../../platform/http/index.js';
import { FileOutboxMailer } from './file-outbox.adapter.js';
import { MailQueue } from './mail-queue.js';
import { type Mail, Mailer } from './mailer.port.js';

const mail = (n: number): Mail => ({ to: `u${n}@example.com`, subject: 'パスワード', text: `本文 ${n}` });

describe('FileOutboxMailer', () => {
  let folder: string;

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'kaiwa-mail-')), 'outbox');
  });

  afterEach(async () => {
    await rm(join(folder, '..'), { recursive: true, force: true });
  });

  it('keeps the newest hundred, for its own account alone', async () => {
    const mailer = new FileOutboxMailer(folder, 'Kaiwa <no-reply@localhost>');
    await Promise.all(Array.from({ length: 103 }, (_, n) => mailer.send(mail(n))));
    const names = (await readdir(folder)).sort();
    expect(names).toHaveLength(100);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, names[0] ?? ''))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder, names[0] ?? ''), 'utf8')).toContain('To: u3@example.com');
    expect(await readFile(join(folder, names.at(-1) ?? ''), 'utf8')).toContain('To: u102@example.com');
  });
});

describe('MailQueue', () => {
  class FlakyMailer extends Mailer {
    tries = 0;
    closed = false;

    constructor(private readonly failures: number) {
      super();
    }

    async send(): Promise<void> {
      if (++this.tries <= this.failures) throw new Error('not now');
    }

    close(): void {
      this.closed = true;
    }
  }

  const errors: string[] = [];
  const logger = { error: (_context: object, message: string) => errors.push(message) } as unknown as Logger;

  beforeEach(() => {
    errors.length = 0;
  });

  it('gives up at shutdown what the server refuses, says so, and takes nothing more', async () => {
    const mailer = new FlakyMailer(Infinity);
    const queue = new MailQueue(mailer, logger);
    expect(queue.enqueue(mail(1))).toBe(true);
    await queue.onApplicationShutdown();
    expect(mailer.tries).toBeGreaterThan(0);
    expect(mailer.tries).toBeLessThan(4);
    expect(mailer.closed).toBe(true);
    expect(errors).toEqual(['a mail could not be sent']);
    expect(queue.enqueue(mail(2))).toBe(false);
  });

  it('is bounded', async () => {
    const queue = new MailQueue(new FlakyMailer(0), logger);
    const taken = Array.from({ length: 600 }, (_, n) => queue.enqueue(mail(n))).filter(Boolean);
    expect(taken.length).toBeLessThan(510);
    expect(errors).toContain('a mail was dropped: too many wait');
    await queue.onApplicationShutdown();
  });
});
