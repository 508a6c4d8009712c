import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Database, JOB_SCHEMA, SystemDatabase } from '../database/index.js';
import { Scope, ScopeMissingError } from '../scope/index.js';
import type {
  CronEntry,
  CronOptions,
  DefinedJob,
  EnqueueOptions,
  JobContext,
  JobDefinition,
  JobHandler,
  JobName,
  JobOptions,
  JobPayloads,
  ReservedFields,
} from './job-definition.js';

const NAME = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/;
const LONGEST_NAME = 100;
const LONGEST_KEY = 200;
const LONGEST_QUEUE = 60;
const LARGEST_PAYLOAD = 64 * 1024;
const LONGEST_RUN_MS = 3_600_000;
const RESERVED = ['client_id', 'request_id', '_cron'];
const DEFAULTS = { max_attempts: 10, timeout_ms: 120_000 };

const ENQUEUE = 'select enqueue_job($1, $2, $3, $4, $5, $6, $7, $8)';

/** The queue's state over all nodes and tenants. */
export interface QueueDepth {
  /** Waiting, with their time come. */
  ready: number;
  /** Waiting for their time: planned for later, or to be tried again. */
  delayed: number;
  running: number;
  /** Given up; kept for a month. */
  given_up: number;
  /** How long the oldest of the ready ones has waited, in seconds; 0 where none waits. */
  oldest_ready_seconds: number;
}

/** What is done behind the answer: which jobs there are, and how one is enqueued. `JobRunner` runs them. */
@Injectable()
export class Jobs implements OnApplicationBootstrap {
  private readonly jobs = new Map<string, DefinedJob>();
  private readonly crons: CronEntry[] = [];
  private sealed = false;

  constructor(
    private readonly database: Database,
    private readonly system: SystemDatabase,
  ) {}

  /** Says what a job does; called while the application is built (constructors, `onModuleInit`). A second definition throws. */
  define<N extends JobName>(name: N, definition: JobDefinition<JobPayloads[N]>): void {
    const { scope, handler } = definition;
    this.add(name, scope, handler, definition);
  }

  /**
   * Defines a job without payload and has it run by the clock, once over all nodes: `'* * * * *'` is minute, hour, day of the month,
   * month, day of the week, in UTC. Its runs never overlap; one that is due while another still runs follows it, and takes
   * the place of any that waits already. It is in no tenant's scope.
   */
  cron(name: string, pattern: string, handler: (context: JobContext) => Promise<void>, options: CronOptions = {}): void {
    this.add(name, 'system', (_payload: never, context: JobContext) => handler(context), options);
    this.crons.push({ name, pattern, backfill_ms: options.backfill_ms ?? 0 });
  }

  /**
   * Enqueues a job. A tenant's job is part of the open transaction where there is one, so that it exists if and only if what caused it
   * was committed; it throws `ScopeMissingError` outside a tenant's scope. A system job is enqueued at once, in a transaction of
   * its own, so it throws where one is open.
   */
  async enqueue<N extends JobName>(name: N, payload: JobPayloads[N] & ReservedFields, options: EnqueueOptions = {}): Promise<void> {
    const job = this.jobs.get(name);
    if (!job) throw new Error(`Job ${name} has no handler`);
    assertOptions(options);
    const request_id = Scope.find()?.request_id ?? 'internal';
    if (job.scope === 'tenant') {
      const stored = { ...(payload as object), client_id: clientId(name), request_id };
      await this.database.sql(ENQUEUE, enqueueValues(job, stored, options));
      return;
    }
    if (Scope.find()?.transaction) throw new Error(`System job ${name} would not be part of the open transaction; enqueue it outside`);
    await this.system.cross('job', (sql) => sql(ENQUEUE, enqueueValues(job, { ...(payload as object), request_id }, options)));
  }

  /** Asks the database how much waits. It reads the whole queue, so it is for a look now and then. */
  async depth(): Promise<QueueDepth> {
    const [depth] = await this.system.cross('job', (sql) =>
      sql<QueueDepth>(
        `select count(*) filter (where is_available and run_at <= now()) as ready,
                count(*) filter (where is_available and run_at > now()) as delayed,
                count(*) filter (where locked_at is not null) as running,
                count(*) filter (where locked_at is null and not is_available) as given_up,
                coalesce(extract(epoch from now() - min(run_at) filter (where is_available and run_at <= now())), 0)::float8
                  as oldest_ready_seconds
           from ${JOB_SCHEMA}._private_jobs`,
      ),
    );
    return depth!;
  }

  /** Every job, for the runner. */
  get defined(): Iterable<DefinedJob> {
    return this.jobs.values();
  }

  /** Every periodic job's times, for the runner. */
  get timetable(): readonly CronEntry[] {
    return this.crons;
  }

  /** From here on the runner may take up what is defined. */
  onApplicationBootstrap(): void {
    this.sealed = true;
  }

  private add<P>(name: string, scope: 'tenant' | 'system', handler: JobHandler<P>, options: JobOptions): void {
    if (this.sealed) throw new Error(`Job ${name} is defined too late; define it while the application is built`);
    if (!NAME.test(name) || name.length > LONGEST_NAME) throw new Error(`${name} is no job name; one looks like recording.transcribe`);
    if (this.jobs.has(name)) throw new Error(`Job ${name} is defined twice`);
    if (typeof handler !== 'function') throw new Error(`Job ${name} has no handler`);
    const { max_attempts = DEFAULTS.max_attempts, timeout_ms = DEFAULTS.timeout_ms } = options;
    if (!isWhole(max_attempts, 1, 100)) throw new Error(`Job ${name}: max_attempts takes 1 to 100`);
    if (!isWhole(timeout_ms, 1, LONGEST_RUN_MS)) throw new Error(`Job ${name}: timeout_ms takes 1 to ${LONGEST_RUN_MS}`);
    this.jobs.set(name, { name, scope, handler, max_attempts, timeout_ms });
  }
}

function clientId(name: string): string {
  const client_id = Scope.find()?.client_id;
  if (!client_id) throw new ScopeMissingError(`job ${name}`);
  return client_id;
}

function enqueueValues(job: DefinedJob, stored: object, options: EnqueueOptions): unknown[] {
  const text = JSON.stringify(stored);
  if (Buffer.byteLength(text) > LARGEST_PAYLOAD) throw new Error(`The payload of job ${job.name} is beyond ${LARGEST_PAYLOAD} bytes`);
  const { run_at = null, key = null, key_mode = 'replace', priority = 0, queue = null } = options;
  return [job.name, text, run_at, key, key_mode, job.max_attempts, priority, queue];
}

function assertOptions({ key, queue, priority, run_at }: EnqueueOptions): void {
  if (key !== undefined && (key === '' || key.length > LONGEST_KEY)) throw new Error(`A job's key takes 1 to ${LONGEST_KEY} characters`);
  if (queue !== undefined && (queue === '' || queue.length > LONGEST_QUEUE)) {
    throw new Error(`A job's queue takes 1 to ${LONGEST_QUEUE} characters`);
  }
  if (priority !== undefined && !isWhole(priority, -1_000, 1_000)) throw new Error("A job's priority takes -1000 to 1000");
  if (run_at !== undefined && Number.isNaN(run_at.getTime())) throw new Error("A job's run_at is no date");
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** The payload as it was given to `enqueue`. */
export function withoutReserved(stored: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(stored).filter(([field]) => !RESERVED.includes(field)));
}
