import pg from 'pg';
import { connectionOptions } from './connection-options.js';

/** Where the job queue's library keeps its tables. */
export const JOB_SCHEMA = 'graphile_worker';

/**
 * The last migration of the installed graphile-worker. Said here because loading the library to ask it would hold up every
 * start; test/integration/jobs.int-spec.ts holds the two together.
 */
export const JOB_SCHEMA_VERSION = 20;

/** The one policy on each of the queue's tables; made last, so that its presence says that all grants are there. */
const POLICY = 'kaiwa_system';

/** Whether the queue's tables are there in the shipped version, or a later one, and open to `kaiwa_system`. */
export async function isJobSchemaCurrent(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [`${JOB_SCHEMA}.migrations`]);
  if (!rows[0]?.exists) return false;
  const state = await client.query<{ version: number | null; closed: number }>(
    `select (select max(id) from ${JOB_SCHEMA}.migrations) as version,
            (select count(*)::int from pg_class c
              where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity
                and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = $2)) as closed`,
    [JOB_SCHEMA, POLICY],
  );
  const { version = null, closed = 0 } = state.rows[0] ?? {};
  return (version ?? 0) >= JOB_SCHEMA_VERSION && closed === 0;
}

/** Makes the queue's tables, or brings them up to date, and opens them to `kaiwa_system` alone. Call it under the migration's lock. */
export async function migrateJobSchema(client: pg.Client, migration_url: string): Promise<void> {
  const { Logger, runMigrations } = await import('graphile-worker');
  const pgPool = new pg.Pool({ ...connectionOptions(migration_url, null, 'kaiwa:migrate'), max: 1 });
  // What breaks it fails the statement that runs; the library asks for both.
  pgPool.on('error', () => undefined);
  pgPool.on('connect', (connection) => connection.on('error', () => undefined));
  try {
    await runMigrations({ pgPool, schema: JOB_SCHEMA, logger: new Logger(() => () => undefined) });
  } finally {
    await pgPool.end();
  }
  await client.query(`
    begin;
    revoke all on schema ${JOB_SCHEMA} from public;
    grant usage on schema ${JOB_SCHEMA} to kaiwa_system;
    grant select, insert, update, delete on all tables in schema ${JOB_SCHEMA} to kaiwa_system;
    grant usage on all sequences in schema ${JOB_SCHEMA} to kaiwa_system;
    revoke execute on all functions in schema ${JOB_SCHEMA} from public;
    grant execute on all functions in schema ${JOB_SCHEMA} to kaiwa_system;
    do $$
    declare
      closed regclass;
    begin
      for closed in
        select c.oid from pg_class c
         where c.relnamespace = '${JOB_SCHEMA}'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity
           and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = '${POLICY}')
      loop
        execute format('create policy ${POLICY} on %s for all to kaiwa_system using (true) with check (true)', closed);
      end loop;
    end
    $$;
    commit;
  `);
}
