import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startFailure } from '../../src/boot.js';
import { Config, readEnvironment } from '../../src/platform/config/index.js';
import { migrate } from '../../src/platform/database/index.js';
import { clusterUrl } from '../support/database.js';
import { sql } from '../support/sql.js';

const SECRET = 'a-secret-for-tests-that-is-long-enough';
const suffix = randomBytes(4).toString('hex');
/** May do all that migrations need; owns the databases. */
const STRONG = `strong_${suffix}`;
/** May make tables, and no roles. */
const WEAK = `weak_${suffix}`;

let database: string;

beforeAll(async () => {
  await sql(
    clusterUrl(),
    `create role ${STRONG} login createrole password 'x'; create role ${WEAK} login password 'x';
     grant kaiwa_app, kaiwa_system to ${STRONG} with admin option`,
  );
});

afterAll(() => sql(clusterUrl(), `drop role ${STRONG}, ${WEAK}`));

beforeEach(async () => {
  database = `test_${randomBytes(6).toString('hex')}`;
  await sql(clusterUrl(), `create database ${database} owner ${STRONG} template template0`);
  await sql(clusterUrl(database), `grant create on schema public to ${WEAK}`);
});

afterEach(() => sql(clusterUrl(), `drop database ${database} with (force)`));

/** Migrates as a login; answers what the start would say where it fails. */
async function migrateAs(login: string): Promise<string[]> {
  const url = new URL(clusterUrl(database));
  [url.username, url.password] = [login, 'x'];
  const env = readEnvironment({ DATABASE_URL: url.href, JWT_SECRET: SECRET, ENCRYPTION_KEY: SECRET });
  return migrate(new Config(env, { url: url.href, migration_url: url.href }, [SECRET], [SECRET], 'test')).then(() => [], startFailure);
}

const tables = (): Promise<unknown[]> =>
  sql(clusterUrl(database), `select relname from pg_class where relnamespace = 'public'::regnamespace`);

describe('a first migration', () => {
  it('by a login that may not do it says so in one line and leaves nothing; the right one goes on', async () => {
    const [line, ...more] = await migrateAs(WEAK);
    expect(line).toMatch(/^DATABASE_URL: its role may not migrate the database \(.+\); name one that may in DATABASE_MIGRATION_URL$/);
    expect(more).toEqual([]);
    expect(await tables()).toEqual([]);
    expect(await migrateAs(STRONG)).toEqual([]);
    expect((await tables()).length).toBeGreaterThan(10);
    expect(await migrateAs(STRONG)).toEqual([]);
  });

  it('by another login stands in the way of this one, which says whose it is and what to do, and that helps', async () => {
    await sql(clusterUrl(database), `set role ${WEAK}; create table migrations (id serial primary key, timestamp bigint, name text)`);
    expect(await migrateAs(STRONG)).toEqual([
      `DATABASE_URL: it was migrated by "${WEAK}", and "${STRONG}" may not go on; name "${WEAK}" in DATABASE_MIGRATION_URL, ` +
        `or let a superuser run in it: reassign owned by "${WEAK}" to "${STRONG}"`,
    ]);
    await sql(clusterUrl(database), `reassign owned by "${WEAK}" to "${STRONG}"`);
    expect(await migrateAs(STRONG)).toEqual([]);
  });
});
