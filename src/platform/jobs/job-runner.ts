import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { ParsedCronItem, Runner, TaskList, WorkerEvents, WorkerPool } from 'graphile-worker';
import { Config } from '../config/index.js';
import { JOB_SCHEMA, JobPool } from '../database/index.js';
import { Logger } from '../http/index.js';
import { type JobCounts, JobExecution } from './job-execution.js';
import { Jobs } from './jobs.js';
import { queueLog } from './queue-log.js';
import { RunnerPresence } from './runner-presence.js';

const CONCURRENCY = 4;
const BEAT_MS = 10_000;
/** Every so many beats what was taken and is run by nobody is looked for, and what was given up long ago. */
const BEATS_PER_SWEEP = 3;
const BEATS_PER_CLEANING = 360;
/** Without an answer for so many beats the connections are made anew. */
const MOST_MISSED_BEATS = 3;
/** Idle runners ask every 2 s; one that had no answer for so long is not well. */
const SILENT_MS = 20_000;
/** So many fetches may fail in a row, over some six seconds, before the library is begun anew. */
const MOST_MISSES = 3 * CONCURRENCY;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const RELEASE_WITHIN_MS = 2_000;
const CLOSE_WITHIN_MS = 1_000;
const NOTE_WITHIN_MS = 1_000;
const MISSED_BEAT = 'the job queue missed a beat';

type Library = typeof import('graphile-worker');

/** What is running at the moment. */
interface Session {
  readonly runner: Runner;
  readonly workers: WorkerPool;
}

/**
 * Runs what `Jobs` has enqueued, four at a time: told of a new job by the database, and asking every 2 s besides. Start it once the
 * server listens. It outlives its database: whatever ends the queue begins it anew.
 */
@Injectable()
export class JobRunner implements BeforeApplicationShutdown {
  /** How often an idle runner asks; how long a stop waits for what runs: before its signal is aborted, and in all. */
  protected readonly timing = { poll_ms: 2_000, abort_ms: 8_000, stop_ms: 10_000 };
  private readonly execution: JobExecution;
  private readonly stopping = new AbortController();
  private pool: JobPool | null = null;
  private session: Session | null = null;
  private loops: Promise<unknown> = Promise.resolve();
  private started = false;
  private stopped: Promise<void> | null = null;
  /** When the queue last answered that there is a job, or none; 0 before that. */
  private answered_at = 0;

  constructor(
    private readonly config: Config,
    private readonly jobs: Jobs,
    private readonly logger: Logger,
  ) {
    this.execution = new JobExecution(logger);
  }

  /**
   * Begins to run jobs, where `JOBS` does not say otherwise; it does not wait for the first connection, see {@link healthy}. Throws
   * where a periodic job's times cannot be read.
   */
  async start(): Promise<void> {
    if (this.started || !this.config.env.JOBS) return;
    this.started = true;
    const library = await import('graphile-worker');
    const items = this.cronItems(library);
    const pool = new JobPool(this.config, { error: (message, error) => this.logger.error({ err: error }, message) });
    this.pool = pool;
    this.loops = Promise.all([this.keepRunning(library, pool, items), this.beat(pool)]);
  }

  /**
   * Takes no more jobs. What runs may end within 10 s (its signal is aborted after 8); what has not ended by then is released, to run
   * again on any node. Safe to call twice.
   */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  /** Whether jobs are fetched; true where this node runs none. */
  healthy(): { ok: boolean; reason?: string } {
    if (!this.config.env.JOBS) return { ok: true };
    if (this.stopping.signal.aborted) return { ok: false, reason: 'jobs are stopping' };
    if (!this.session || !this.answered_at) return { ok: false, reason: 'the job queue is starting' };
    if (Date.now() - this.answered_at > SILENT_MS) return { ok: false, reason: 'the job queue does not answer' };
    return { ok: true };
  }

  /** Runs that succeeded on this node since its start. */
  get done(): number {
    return this.sum('done');
  }

  /** Jobs that failed for the last time on this node since its start. */
  get failed(): number {
    return this.sum('failed');
  }

  /** Runs that failed and will be tried again. */
  get retried(): number {
    return this.sum('retried');
  }

  /** Runs under way on this node. */
  get running(): number {
    return this.execution.running.size;
  }

  /** The same by the job's name. */
  get counts(): ReadonlyMap<string, Readonly<JobCounts>> {
    return this.execution.counts;
  }

  private sum(outcome: 'done' | 'retried' | 'failed'): number {
    let total = 0;
    for (const counts of this.execution.counts.values()) total += counts[outcome];
    return total;
  }

  private async keepRunning(library: Library, pool: JobPool, items: ParsedCronItem[]): Promise<void> {
    for (let wait = FIRST_PAUSE_MS; !this.stopping.signal.aborted; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      const began = Date.now();
      try {
        await this.runOnce(library, pool, items);
      } catch (error) {
        if (!this.stopping.signal.aborted) this.logger.error({ err: error }, 'the job queue ended; starting again');
      }
      if (Date.now() - began > LONGEST_PAUSE_MS) wait = FIRST_PAUSE_MS;
      await this.sleep(wait * (0.75 + Math.random() / 2));
    }
  }

  /** Runs jobs until the library gives up, or is told to stop. */
  private async runOnce(library: Library, pool: JobPool, items: ParsedCronItem[]): Promise<void> {
    const events = new EventEmitter() as WorkerEvents;
    // A box, as the workers have a `then` of their own and could not be what a promise answers.
    const made: { workers?: WorkerPool } = {};
    events.once('pool:create', ({ workerPool }) => {
      made.workers = workerPool;
    });
    const ending = this.watch(events);
    const runner = await library.run(
      {
        pgPool: pool.pool,
        schema: JOB_SCHEMA,
        concurrency: CONCURRENCY,
        pollInterval: this.timing.poll_ms,
        noHandleSignals: true,
        gracefulShutdownAbortTimeout: this.timing.abort_ms,
        logger: new library.Logger(queueLog(this.logger, () => this.stopping.signal.aborted)),
        events,
        // Without batches it notes the end of a job with nobody looking at the outcome; a failure there would end the process.
        preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      },
      this.tasks(),
      items,
    );
    const { workers } = made;
    if (!workers) throw new Error('The job queue made no workers');
    const presence = new RunnerPresence(pool, this.config.node_id);
    this.session = { runner, workers };
    try {
      await presence.show(workers.id).catch((error: unknown) => this.logger.warn({ err: error }, MISSED_BEAT));
      // What the life before this one had taken goes on soon after the start.
      void this.releaseGone(presence);
      await Promise.race([runner.promise, ending, aborted(this.stopping.signal)]);
      if (!this.stopping.signal.aborted) this.logger.warn({}, 'the job queue does not go on and is begun anew');
    } finally {
      this.session = null;
      await this.endSession({ runner, workers });
      await presence.leave(workers.id).catch((error: unknown) => {
        this.logger.warn({ err: error }, 'what the job queue still had is released in a minute');
      });
    }
  }

  /**
   * Resolves when the library must be begun anew: where it cannot note the end of a job it ends by itself, or means to and hangs; and
   * where its very first fetch fails it keeps that failure as the answer to all later ones.
   */
  private watch(events: WorkerEvents): Promise<unknown> {
    return new Promise((resolve) => {
      let misses = 0;
      const onAnswer = (): void => {
        misses = 0;
        this.noteAnswer();
      };
      events.on('worker:getJob:empty', onAnswer);
      events.on('job:start', onAnswer);
      events.on('worker:getJob:error', () => {
        if (++misses >= MOST_MISSES) resolve(null);
      });
      events.once('pool:gracefulShutdown', resolve);
    });
  }

  private noteAnswer(): void {
    this.answered_at = Date.now();
  }

  private tasks(): TaskList {
    const tasks: TaskList = {};
    for (const job of this.jobs.defined) {
      tasks[job.name] = (payload, { job: { id, attempts, max_attempts }, abortSignal }) =>
        this.execution.perform(job, { id, payload, attempt: attempts, max_attempts, stopping: abortSignal });
    }
    return tasks;
  }

  /** Each periodic job has a queue and a key, so that its runs follow each other and at most one waits. */
  private cronItems(library: Library): ParsedCronItem[] {
    const most = new Map([...this.jobs.defined].map((job) => [job.name, job.max_attempts]));
    return library.parseCronItems(
      this.jobs.timetable.map(({ name, pattern, backfill_ms }) => ({
        task: name,
        match: pattern,
        identifier: name,
        options: { backfillPeriod: backfill_ms, maxAttempts: most.get(name), queueName: `:${name}`, jobKey: `:${name}:cron` },
      })),
    );
  }

  /** Says that this runner lives, looks after the dead, and finds out when the database no longer answers. */
  private async beat(pool: JobPool): Promise<void> {
    const presence = new RunnerPresence(pool, this.config.node_id);
    let missed = 0;
    for (let count = 1; !this.stopping.signal.aborted; count++) {
      await this.sleep(BEAT_MS * (0.9 + Math.random() / 5));
      const session = this.session;
      if (!session || this.stopping.signal.aborted) continue;
      try {
        await presence.show(session.workers.id);
        // All hands may be at work for a while, and then nobody asks for more.
        if (this.running >= CONCURRENCY) this.noteAnswer();
        if (count % BEATS_PER_SWEEP === 0) await this.release(presence, session.workers.id);
        if (count % BEATS_PER_CLEANING === 0) await presence.forgetGivenUp();
        missed = 0;
      } catch (error) {
        this.logger.warn({ err: error }, MISSED_BEAT);
        if (++missed % MOST_MISSED_BEATS === 0) pool.drop();
      }
    }
  }

  private async releaseGone(presence: RunnerPresence): Promise<void> {
    try {
      const runners = await presence.releaseGone(this.stopping.signal);
      if (runners > 0) this.logger.warn({ runners }, 'jobs of runners whose nodes are gone are released');
    } catch (error) {
      if (!this.stopping.signal.aborted) this.logger.warn({ err: error }, 'jobs of runners whose nodes are gone wait for the next look');
    }
  }

  private async release(presence: RunnerPresence, runner_id: string): Promise<void> {
    await this.releaseGone(presence);
    const runners = await presence.releaseDead();
    const jobs = await presence.releaseLost(runner_id, [...this.execution.running]);
    if (runners + jobs > 0) this.logger.warn({ runners, jobs }, 'jobs of runners that vanished, and of broken connections, are released');
  }

  private async end(): Promise<void> {
    this.stopping.abort();
    const { pool } = this;
    if (!pool) return;
    await within(this.loops, this.timing.stop_ms + RELEASE_WITHIN_MS + CLOSE_WITHIN_MS);
    await pool.end(CLOSE_WITHIN_MS);
  }

  private async endSession({ runner, workers }: Session): Promise<void> {
    const refused = (error: unknown): void => this.logger.debug({ err: error }, 'the job queue had ended already');
    runner.stop().catch(refused);
    const ended = Promise.race([runner.promise.catch(refused), this.idle()]);
    if (await within(ended, this.timing.stop_ms)) return;
    this.logger.warn({ running: this.running }, 'jobs were still running and are released');
    const released = Promise.resolve(workers.forcefulShutdown('The server stopped')).catch((error: unknown) =>
      this.logger.error({ err: error }, 'running jobs could not be released; another node will, in a minute'),
    );
    await within(released, RELEASE_WITHIN_MS);
  }

  /** Resolves when no job runs, and the library has had time to note the end of the last one. */
  private async idle(): Promise<void> {
    do await pause(NOTE_WITHIN_MS, undefined, { ref: false });
    while (this.running > 0);
  }

  private async sleep(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Whether `work` came to its end in time. */
async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  const over = new AbortController();
  try {
    return await Promise.race([work.then(() => true), pause(ms, false, { signal: over.signal, ref: false }).catch(() => false)]);
  } finally {
    over.abort();
  }
}
