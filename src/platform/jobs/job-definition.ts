/**
 * What each job carries, by name (in the imperative: `recording.transcribe`). Each module declares its own by declaration merging:
 * `declare module '../../platform/jobs/index.js' { interface JobPayloads { 'recording.transcribe': { recording_sid: string } } }`.
 * A payload is JSON; it names what it is about rather than holding it, as it may lie for days.
 */
export interface JobPayloads {}

export type JobName = Extract<keyof JobPayloads, string>;

/** Fields that the queue adds by itself, and that no payload may bring. */
export interface ReservedFields {
  client_id?: never;
  request_id?: never;
  _cron?: never;
}

/** What a handler is told of the run that it is in. */
export interface JobContext {
  /** 1 for the first run. */
  readonly attempt: number;
  readonly max_attempts: number;
  /** The request that enqueued the job, so that both can be found in the log; the queue's own for a periodic job. */
  readonly request_id: string;
  /** Aborted when the job's time is over, and when the server stops: hand it to whatever waits. */
  readonly signal: AbortSignal;
}

/**
 * Does the work. What it throws is logged, and the job runs again later. A job may also run again after it succeeded, or while
 * an earlier run is cut off (the machine goes between its work and the note of it), so a handler leaves the same when it runs twice.
 */
export type JobHandler<P> = (payload: P, context: JobContext) => Promise<void>;

export interface JobOptions {
  /** Runs in all before the job is given up; 10 by default, over some ten hours. With 1 it is never repeated. */
  max_attempts?: number;
  /** How long a run may take before it counts as failed; two minutes by default, an hour at most. */
  timeout_ms?: number;
}

export interface JobDefinition<P> extends JobOptions {
  /** `tenant`: enqueued in a tenant's scope, and run in it. `system`: belongs to no tenant, and crosses by `SystemDatabase`. */
  scope: 'tenant' | 'system';
  handler: JobHandler<P>;
}

export interface CronOptions extends JobOptions {
  /** Runs missed while no server was there are made up for, this far back; none by default. */
  backfill_ms?: number;
}

/** How a known key meets a job that waits under it. */
export type KeyMode = 'replace' | 'preserve_run_at' | 'unsafe_dedupe';

export interface EnqueueOptions {
  /** Not before this; at once by default. */
  run_at?: Date;
  /** At most one job of this tenant and name waits under a key; a second one takes the first one's place. 200 characters at most. */
  key?: string;
  /**
   * What the second one does: `replace` (the default) runs at its own time, `preserve_run_at` at the first one's;
   * `unsafe_dedupe` leaves the first as it is, even where that is running already or was given up.
   */
  key_mode?: KeyMode;
  /** Smaller runs sooner; 0 by default. */
  priority?: number;
  /** Jobs of a tenant in one queue run one after another. Few different names: every fetch looks at all of them. 60 characters at most. */
  queue?: string;
}

/** A definition with its defaults, as the runner has it. */
export interface DefinedJob {
  readonly name: string;
  readonly scope: 'tenant' | 'system';
  readonly handler: JobHandler<never>;
  readonly max_attempts: number;
  readonly timeout_ms: number;
}

/** When a periodic job runs. */
export interface CronEntry {
  readonly name: string;
  /** Minute, hour, day of the month, month, day of the week, in UTC. */
  readonly pattern: string;
  readonly backfill_ms: number;
}
