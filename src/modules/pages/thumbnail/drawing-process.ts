import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Logger } from '../../../platform/http/index.js';
import type { DrawingAnswer, DrawingTask } from './drawing.process.js';

/** How long one picture may take; an ordinary one takes some 30 ms, the first one some 500 ms. */
const TIME_MS = 10_000;
/** How long the process waits for more to draw before it ends: an idle server keeps neither fonts nor layout engine in memory. */
const IDLE_MS = 20_000;
const HEAP_MB = 160;
const MODULES = `${sep}node_modules${sep}`;

/** No picture comes of this page: it took too long, too much memory, or cannot be laid out. Trying again changes nothing. */
export class UndrawableError extends Error {
  constructor(why: string) {
    super(`The page cannot be drawn: ${why}`);
    this.name = 'UndrawableError';
  }
}

/**
 * Draws untrusted pages in a process of its own, one at a time: it has no network, reads no file but its own program, knows nothing of
 * the server's environment, and what it takes too much of (memory, time) is its own end alone. It is started when the first page is to be
 * drawn and ends when it idles.
 */
@Injectable()
export class DrawingProcess implements OnModuleDestroy {
  private child: ChildProcess | null = null;
  private idle: NodeJS.Timeout | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(private readonly logger: Logger) {}

  /** The page's picture: WebP in Base64. @throws UndrawableError */
  draw(html: string): Promise<string> {
    const drawing = this.last.then(() => this.drawNow(html));
    this.last = drawing.catch(() => undefined);
    return drawing;
  }

  /** The process's id while it lives. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  onModuleDestroy(): void {
    this.stopped = true;
    this.end();
  }

  private async drawNow(html: string): Promise<string> {
    if (this.stopped) throw new Error('The server stops');
    clearTimeout(this.idle);
    const child = (this.child ??= this.start());
    child.ref();
    try {
      const answer = await ask(child, { html });
      if ('fault' in answer) throw new UndrawableError(answer.fault);
      this.idle = setTimeout(() => this.end(), IDLE_MS).unref();
      // It must not keep a server alive that is about to stop.
      child.unref();
      child.channel?.unref();
      return answer.image;
    } catch (error) {
      this.end();
      // Then it was no fault of the page, which another server draws.
      throw this.stopped ? new Error('The server stops', { cause: error }) : error;
    }
  }

  private start(): ChildProcess {
    const program = fileURLToPath(new URL('./drawing.process.js', import.meta.url));
    const child = fork(program, {
      execArgv: [
        '--permission',
        '--allow-addons',
        ...readable().map((path) => `--allow-fs-read=${path}`),
        `--max-old-space-size=${HEAP_MB}`,
      ],
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.once('exit', (code, signal) => {
      if (this.child === child) this.child = null;
      this.logger.debug({ code, signal }, 'the process that draws pages has ended');
    });
    child.on('error', (error) => this.logger.error({ err: error }, 'the process that draws pages could not be started'));
    // Whoever waits for an answer goes first.
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    return child;
  }

  private end(): void {
    clearTimeout(this.idle);
    this.child?.kill('SIGKILL');
    this.child = null;
  }
}

/** The program and its packages: all that the process may read. */
function readable(): string[] {
  const own = fileURLToPath(new URL('.', import.meta.url));
  const packages = new Set(['satori', 'sharp', 'htmlparser2'].map((name) => fileURLToPath(import.meta.resolve(name))));
  return [own, ...new Set([...packages].map((path) => path.slice(0, path.lastIndexOf(MODULES) + MODULES.length)))].map(
    (path) => `${path}*`,
  );
}

/** One answer, within its time. */
function ask(child: ChildProcess, task: DrawingTask): Promise<DrawingAnswer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new UndrawableError(`it took longer than ${TIME_MS} ms`))), TIME_MS);
    const onMessage = (answer: DrawingAnswer): void => settle(() => resolve(answer));
    const onExit = (code: number | null, signal: string | null): void =>
      settle(() => reject(new UndrawableError(`the process ended with ${String(code ?? signal)}`)));
    const onError = (error: Error): void => settle(() => reject(error));
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      how();
    };
    child.once('message', onMessage).once('exit', onExit).once('error', onError);
    child.send(task, (error) => {
      if (error) onError(error);
    });
  });
}
