import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Config, readEnvironment } from '../../src/platform/config/index.js';
import { DatabaseUnfitError, migrate } from '../../src/platform/database/index.js';
import { clusterUrl } from '../support/database.js';
import { sql } from '../support/sql.js';

/* An outside PostgreSQL whose migrating login owns the schema, but may not make extensions: it owns no database. */

const name = `narrow_${randomBytes(4).toString('hex')}`;
const password = 'only-for-tests';

beforeAll(async () => {
  const admin = clusterUrl();
  await sql(admin, `create role ${name} login createrole password '${password}'`);
  await sql(admin, `grant kaiwa_app, kaiwa_system to ${name} with admin option`);
  await sql(admin, `create database ${name}`);
  await sql(clusterUrl(name), `alter schema public owner to ${name}`);
});

afterAll(async () => {
  const admin = clusterUrl();
  await sql(admin, `drop database if exists ${name} with (force)`);
  await sql(admin, `revoke kaiwa_app, kaiwa_system from ${name}`);
  await sql(admin, `drop role ${name}`);
});

function migrating(): Promise<void> {
  const url = new URL(clusterUrl(name));
  url.username = name;
  url.password = password;
  const secret = 's'.repeat(32);
  const env = readEnvironment({ DATABASE_URL: url.href, JWT_SECRET: secret, ENCRYPTION_KEY: secret });
  return migrate(new Config(env, { url: url.href, migration_url: url.href }, [secret], [secret], 'test'));
}

it('names the extension that is missing and the statement that makes it', async () => {
  const failure = await migrating().then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(DatabaseUnfitError);
  expect((failure as Error).message).toMatch(/extension btree_gist is needed.*permission denied.*create extension btree_gist$/);
});

it('goes on once an administrator has made it', async () => {
  await sql(clusterUrl(name), 'create extension btree_gist');
  await sql(clusterUrl(), `grant create on database ${name} to ${name}`);
  await migrating();
  const made = await sql<{ count: number }>(clusterUrl(name), `select count(*)::int as count from pg_constraint where contype = 'x'`);
  expect(made).toEqual([{ count: 2 }]);
}, 60_000);
