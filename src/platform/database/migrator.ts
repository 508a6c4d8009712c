import pg from 'pg';
import type { Config } from '../config/index.js';
import { MIGRATIONS } from '../../../migrations/index.js';
import { connectionOptions } from './connection-options.js';
import { makeMigrationDataSource, MIGRATIONS_TABLE } from './data-source.factory.js';
import { isJobSchemaCurrent, migrateJobSchema } from './job-schema.js';
import { DatabaseUnfitError } from './runtime-role.js';

/** Any number that nothing else locks: one migration at a time in a database. */
const LOCK = 7_261_830_415;
const LOCK_TIMEOUT_MS = 300_000;
const OLDEST_VERSION = 15;
const ROLES = ['kaiwa_app', 'kaiwa_system'] as const;

/**
 * Brings the database up to date. Several nodes may call it at once: one migrates, the others wait for it, five minutes at
 * most. Where nothing is to be done it takes one connection and a few statements. Throws `DatabaseUnfitError` on PostgreSQL
 * before 15, where the login of `DATABASE_URL` cannot be given the runtime roles, and where another login has migrated before. A first
 * migration that fails leaves nothing, so that another login may begin.
 */
export async function migrate(config: Config): Promise<void> {
  const { url, migration_url } = config.database;
  const client = new pg.Client(connectionOptions(migration_url, null, 'kaiwa:migrate'));
  // What breaks it fails the statement that runs; there is nothing to add.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await assertVersion(client);
    if ((await isCurrent(client, loginOf(url))) && (await isJobSchemaCurrent(client))) return;
    await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await runPending(client, migration_url);
    if (!(await isJobSchemaCurrent(client))) await migrateJobSchema(client, migration_url);
    await grantRoles(client, loginOf(url));
  } finally {
    // Ending the session gives the lock back.
    await client.end();
  }
}

async function assertVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: string }>("select current_setting('server_version_num') as version");
  const major = Math.floor(Number(rows[0]?.version) / 10_000);
  if (!(major >= OLDEST_VERSION)) throw new DatabaseUnfitError(`PostgreSQL ${major} is too old; ${OLDEST_VERSION} or later is needed`);
}

async function isCurrent(client: pg.Client, login: string | null): Promise<boolean> {
  if (!(await hasMigrationsTable(client))) return false;
  const names = MIGRATIONS.map((migration) => new migration().name ?? migration.name);
  const listed = await client.query<{ missing: number }>(
    `select count(*)::int as missing from unnest($1::text[]) as wanted (name)
      where not exists (select from ${MIGRATIONS_TABLE} m where m.name = wanted.name)`,
    [names],
  );
  return listed.rows[0]?.missing === 0 && (await rolesWithout(client, login)).length === 0;
}

/** Whether something was migrated before. @throws DatabaseUnfitError where another login did, which alone may go on */
async function hasMigrationsTable(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ owner: string; login: string; is_mine: boolean }>(
    `select pg_get_userbyid(relowner) as owner, current_user as login, pg_has_role(relowner, 'USAGE') as is_mine
       from pg_class where oid = to_regclass($1)`,
    [MIGRATIONS_TABLE],
  );
  const [table] = rows;
  if (!table) return false;
  if (table.is_mine) return true;
  const [owner, login] = [client.escapeIdentifier(table.owner), client.escapeIdentifier(table.login)];
  throw new DatabaseUnfitError(
    `it was migrated by ${owner}, and ${login} may not go on; name ${owner} in DATABASE_MIGRATION_URL, ` +
      `or let a superuser run in it: reassign owned by ${owner} to ${login}`,
  );
}

async function runPending(client: pg.Client, migration_url: string): Promise<void> {
  const isFirst = !(await hasMigrationsTable(client));
  const dataSource = makeMigrationDataSource(migration_url);
  await dataSource.initialize();
  try {
    await dataSource.runMigrations();
  } catch (error) {
    if (isFirst) await dropEmptyList(client);
    throw error;
  } finally {
    await dataSource.destroy();
  }
}

/** TypeORM makes its list before the first migration's transaction; a login that got no further must not own it. */
async function dropEmptyList(client: pg.Client): Promise<void> {
  if (!(await hasMigrationsTable(client))) return;
  const { rows } = await client.query(`select from ${MIGRATIONS_TABLE} limit 1`);
  if (rows.length === 0) await client.query(`drop table ${MIGRATIONS_TABLE}`);
}

/** The login that the URL names, else PostgreSQL's own choice, which is the migration's login too. */
function loginOf(url: string): string | null {
  const user = new pg.Client({ connectionString: url }).user;
  return user || null;
}

/** The runtime roles that the login cannot take on as yet. */
async function rolesWithout(client: pg.Client, login: string | null): Promise<string[]> {
  const { rows } = await client.query<{ role: string }>(
    `select r.rolname as role from pg_roles r, pg_roles l
      where r.rolname = any ($1) and l.rolname = coalesce($2, current_user)
        and not pg_has_role(l.oid, r.oid, case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end)`,
    [ROLES, login],
  );
  return rows.map((row) => row.role);
}

async function grantRoles(client: pg.Client, login: string | null): Promise<void> {
  const missing = await rolesWithout(client, login);
  if (missing.length === 0) return;
  const { rows } = await client.query<{ version: number; login: string }>(
    "select current_setting('server_version_num')::int as version, coalesce($1, current_user) as login",
    [login],
  );
  const grantee = client.escapeIdentifier(rows[0]!.login);
  // From PostgreSQL 16 on, what the login inherits can be told apart from what it may become; it is to inherit nothing.
  const how = rows[0]!.version >= 160_000 ? ' with inherit false, set true' : '';
  try {
    for (const role of missing) await client.query(`grant ${role} to ${grantee}${how}`);
  } catch (error) {
    throw new DatabaseUnfitError(
      `${grantee} cannot become ${missing.join(' and ')}, and the migration's login may not grant it (${(error as Error).message})`,
    );
  }
}
