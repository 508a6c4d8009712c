import { setTimeout as pause } from 'node:timers/promises';
import { COME_BACK_S, isGoneSql, JOB_SCHEMA, type JobPool, LOOK_AGAIN_MS } from '../database/index.js';

/** A runner that has not been seen for so long is dead. */
const DEAD_AFTER_S = 60;
const GIVEN_UP_KEPT_DAYS = 30;
const MOST_DELETED = 5_000;
const PATIENCE_MS = 8_000;
const LEAVE_TRIES = 3;
const LEAVE_PAUSE_MS = 300;

/**
 * Which runners live. The library gives back the jobs of a runner that vanished after four hours; a runner that says every few
 * seconds that it lives lets the others do so after a minute, and one whose node is known to be gone at once.
 */
export class RunnerPresence {
  constructor(
    private readonly pool: JobPool,
    private readonly node_id: string,
  ) {}

  /** Says that the runner lives. */
  async show(runner_id: string): Promise<void> {
    await this.pool.sql(
      'insert into job_runners (id, node_id) values ($1, $2) on conflict (id) do update set seen_at = now()',
      [runner_id, this.node_id],
      PATIENCE_MS,
    );
  }

  /** Says that the runner is gone, and gives back what it still had: jobs whose end could not be noted. */
  async leave(runner_id: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.pool.sql(
          `with gone as (delete from job_runners where id = $1) select ${JOB_SCHEMA}.force_unlock_workers(array[$1])`,
          [runner_id],
          PATIENCE_MS,
        );
        return;
      } catch (error) {
        // What ended the runner may well have broken this too.
        if (attempt >= LEAVE_TRIES) throw error;
        await pause(LEAVE_PAUSE_MS, undefined, { ref: false });
      }
    }
  }

  /**
   * Gives back what stands as taken by this runner and is not among the jobs that it runs: the connection broke between the
   * taking and the answer. Answers how many jobs that were.
   */
  async releaseLost(runner_id: string, running: readonly string[]): Promise<number> {
    const rows = await this.pool.sql<{ lost: number }>(
      `with lost as (
         update ${JOB_SCHEMA}._private_jobs set locked_at = null, locked_by = null
          where locked_by = $1 and locked_at < now() - make_interval(secs => $2) and id <> all ($3::bigint[])
         returning id),
       queues as (
         update ${JOB_SCHEMA}._private_job_queues q set locked_at = null, locked_by = null
          where locked_by = $1 and locked_at < now() - make_interval(secs => $2)
            and not exists (select from ${JOB_SCHEMA}._private_jobs j where j.job_queue_id = q.id and j.id = any ($3::bigint[])))
       select count(*)::int as lost from lost`,
      [runner_id, DEAD_AFTER_S, running],
      PATIENCE_MS,
    );
    return rows[0]?.lost ?? 0;
  }

  /**
   * Gives back what runners had taken whose nodes are gone: those that neither have a connection nor come back, nor say that they live, in the
   * meantime, which `signal` may cut short. Answers how many runners that were.
   */
  async releaseGone(signal: AbortSignal): Promise<number> {
    const [seen] = await this.pool.sql<{ runners: Array<{ id: string; seen_at: string }>; up_s: number }>(
      `select coalesce(json_agg(json_build_object('id', r.id, 'seen_at', r.seen_at::text)) filter (where r.id is not null), '[]') as runners,
              extract(epoch from now() - pg_postmaster_start_time())::float8 as up_s
         from (select 1) as one left join job_runners r on r.node_id <> $1 and ${isGoneSql('r.node_id')}`,
      [this.node_id],
      PATIENCE_MS,
    );
    if (!seen || seen.runners.length === 0) return 0;
    await pause(Math.max(LOOK_AGAIN_MS, (COME_BACK_S - seen.up_s) * 1_000), undefined, { signal, ref: false });
    const rows = await this.pool.sql<{ gone: number }>(
      `with gone as (
         delete from job_runners r using json_to_recordset($1::json) as was (id text, seen_at timestamptz)
          where r.id = was.id and r.seen_at = was.seen_at and ${isGoneSql('r.node_id')} returning r.id)
       select count(*)::int as gone, ${JOB_SCHEMA}.force_unlock_workers(coalesce(array_agg(id), '{}')) from gone`,
      [JSON.stringify(seen.runners)],
      PATIENCE_MS,
    );
    return rows[0]?.gone ?? 0;
  }

  /** Gives back what dead runners had taken, for anybody to run; answers how many runners that were. */
  async releaseDead(): Promise<number> {
    const rows = await this.pool.sql<{ dead: number }>(
      `with taken as (
         select locked_by as id from ${JOB_SCHEMA}._private_jobs where locked_at < now() - make_interval(secs => $1)
         union
         select locked_by from ${JOB_SCHEMA}._private_job_queues where locked_at < now() - make_interval(secs => $1)),
       dead as (
         select id from taken t
          where not exists (select from job_runners r where r.id = t.id and r.seen_at > now() - make_interval(secs => $1))),
       forgotten as (
         delete from job_runners where seen_at < now() - make_interval(secs => $1 * 10))
       select count(*)::int as dead, ${JOB_SCHEMA}.force_unlock_workers(coalesce(array_agg(id), '{}')) from dead`,
      [DEAD_AFTER_S],
      PATIENCE_MS,
    );
    return rows[0]?.dead ?? 0;
  }

  /** Deletes jobs that were given up a month ago. */
  async forgetGivenUp(): Promise<void> {
    await this.pool.sql(
      `delete from ${JOB_SCHEMA}._private_jobs where id in (
         select id from ${JOB_SCHEMA}._private_jobs
          where locked_at is null and not is_available and run_at < now() - make_interval(days => $1)
          limit $2)`,
      [GIVEN_UP_KEPT_DAYS, MOST_DELETED],
      PATIENCE_MS,
    );
  }
}
