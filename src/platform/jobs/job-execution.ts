import { randomUUID } from 'node:crypto';
import type { Logger } from '../http/index.js';
import { Scope } from '../scope/index.js';
import type { DefinedJob, JobContext } from './job-definition.js';
import { withoutReserved } from './jobs.js';

/** What the queue says of the run that it begins. */
export interface JobRun {
  readonly id: string;
  readonly payload: unknown;
  readonly attempt: number;
  readonly max_attempts: number;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
}

/** What has become of one job's runs on this node since its start. */
export interface JobCounts {
  done: number;
  /** Runs that failed and will be tried again. */
  retried: number;
  /** Jobs that failed for the last time. */
  failed: number;
  /** What all runs took together. */
  seconds: number;
}

/** A run that took longer than its job may. */
export class JobTimeoutError extends Error {
  constructor(timeout_ms: number) {
    super(`The job took longer than ${timeout_ms} ms`);
    this.name = 'JobTimeoutError';
  }
}

const LONGEST_NOTE = 500;

/** Runs jobs in the scope that they belong to, within their time, and keeps count. */
export class JobExecution {
  private readonly counted = new Map<string, JobCounts>();
  private readonly active = new Set<string>();

  constructor(private readonly logger: Logger) {}

  /** The jobs whose runs are under way. */
  get running(): ReadonlySet<string> {
    return this.active;
  }

  /** By the job's name. */
  get counts(): ReadonlyMap<string, Readonly<JobCounts>> {
    return this.counted;
  }

  /** Runs `job` once. Rejects where it failed, with what the queue may keep of the reason. */
  async perform(job: DefinedJob, run: JobRun): Promise<void> {
    const counts = this.countsOf(job.name);
    const stored = isRecord(run.payload) ? run.payload : {};
    const client_id = typeof stored.client_id === 'string' ? stored.client_id : null;
    const request_id = typeof stored.request_id === 'string' ? stored.request_id : `job-${randomUUID()}`;
    const about = { job: job.name, client_id, request_id, attempt: run.attempt };
    const started = performance.now();
    this.active.add(run.id);
    try {
      await this.inScope(job, client_id, request_id, () => this.inTime(job, run, stored, request_id));
      counts.done++;
      this.logger.debug({ ...about, duration_ms: Math.round(performance.now() - started) }, 'a job is done');
    } catch (error) {
      const is_last = run.attempt >= run.max_attempts;
      counts[is_last ? 'failed' : 'retried']++;
      const line = { ...about, max_attempts: run.max_attempts, duration_ms: Math.round(performance.now() - started), err: error };
      if (is_last) this.logger.error(line, 'a job failed for the last time and is given up');
      else this.logger.warn(line, 'a job failed and will run again');
      throw new Error(noteOf(error));
    } finally {
      this.active.delete(run.id);
      counts.seconds += (performance.now() - started) / 1_000;
    }
  }

  private inScope(job: DefinedJob, client_id: string | null, request_id: string, work: () => Promise<void>): Promise<void> {
    if (job.scope === 'tenant') {
      if (!client_id) throw new Error('A job of a tenant came without one');
      return Scope.runAs(client_id, work, request_id);
    }
    // What a tenant's scope may enqueue always names the tenant; a system job never does.
    if (client_id) throw new Error('A system job came from a tenant');
    return Scope.run({ client_id: null, actor: null, request_id, address: '', transaction: null }, work);
  }

  /** A handler that does not heed its signal goes on behind its time, but the queue no longer waits for it. */
  private async inTime(job: DefinedJob, run: JobRun, stored: Record<string, unknown>, request_id: string): Promise<void> {
    const over = new AbortController();
    const late = new Promise<never>((_resolve, reject) => {
      over.signal.addEventListener('abort', () => reject(over.signal.reason as Error));
    });
    const timer = setTimeout(() => over.abort(new JobTimeoutError(job.timeout_ms)), job.timeout_ms).unref();
    const context: JobContext = {
      attempt: run.attempt,
      max_attempts: run.max_attempts,
      request_id,
      signal: AbortSignal.any([over.signal, run.stopping]),
    };
    const handler = job.handler as (payload: unknown, context: JobContext) => Promise<void>;
    try {
      await Promise.race([handler(withoutReserved(stored), context), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private countsOf(name: string): JobCounts {
    let counts = this.counted.get(name);
    if (!counts) {
      counts = { done: 0, retried: 0, failed: 0, seconds: 0 };
      this.counted.set(name, counts);
    }
    return counts;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function noteOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, LONGEST_NOTE) : 'What was thrown is no error';
}
