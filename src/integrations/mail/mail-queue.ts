import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Logger } from '../../platform/http/index.js';
import { type Mail, Mailer } from './mailer.port.js';

const MAX_WAITING = 500;
const MAX_RUNNING = 2;
/** Waits before the second and the third try. */
const RETRY_AFTER_MS = [1_000, 10_000];
const SHUTDOWN_PATIENCE_MS = 5_000;

/** Sends mails behind the answer that caused them: bounded, tried three times, then logged and given up. */
@Injectable()
export class MailQueue implements OnApplicationShutdown {
  private readonly waiting: Mail[] = [];
  private running = 0;
  private readonly closing = new AbortController();
  private idle: (() => void) | null = null;

  constructor(
    private readonly mailer: Mailer,
    private readonly logger: Logger,
  ) {}

  /** Takes a mail; false, and a line in the log, where too many wait. Call it after commit. */
  enqueue(mail: Mail): boolean {
    if (this.waiting.length >= MAX_WAITING || this.closing.signal.aborted) {
      this.logger.error({ waiting: this.waiting.length }, 'a mail was dropped: too many wait');
      return false;
    }
    this.waiting.push(mail);
    this.next();
    return true;
  }

  /** Sends what waits, without further retries, for 5 s at most. */
  async onApplicationShutdown(): Promise<void> {
    this.closing.abort();
    if (this.running > 0 || this.waiting.length > 0) {
      await Promise.race([new Promise<void>((resolve) => (this.idle = resolve)), pause(SHUTDOWN_PATIENCE_MS, undefined, { ref: false })]);
    }
    this.mailer.close();
  }

  private next(): void {
    while (this.running < MAX_RUNNING) {
      const mail = this.waiting.shift();
      if (!mail) break;
      this.running++;
      void this.deliver(mail).finally(() => {
        this.running--;
        this.next();
      });
    }
    if (this.running === 0) this.idle?.();
  }

  private async deliver(mail: Mail): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.mailer.send(mail);
        return;
      } catch (error) {
        const wait_ms = RETRY_AFTER_MS[attempt];
        if (wait_ms === undefined || this.closing.signal.aborted) {
          this.logger.error({ err: error }, 'a mail could not be sent');
          return;
        }
        // Cut short where the server closes: then it is tried this once more.
        await pause(wait_ms, undefined, { signal: this.closing.signal, ref: false }).catch(() => undefined);
      }
    }
  }
}
