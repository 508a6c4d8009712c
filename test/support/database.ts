import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of a test file's own, migrated and empty. */
export interface TestDatabase {
  /** A superuser's URL. */
  readonly url: string;
  readonly name: string;
  /** Ends the connections that are left and removes it. */
  drop(): Promise<void>;
}

/** The URL of a database of the run's PostgreSQL, as superuser. */
export function clusterUrl(database = 'postgres'): string {
  const value = process.env.TEST_DATABASE_URL;
  if (!value) throw new Error('TEST_DATABASE_URL is not set: run the tests by `npm test`');
  const url = new URL(value);
  url.pathname = `/${database}`;
  return url.href;
}

/** Makes a database by copying the migrated template. */
export async function createDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin((client) => client.query(`create database ${name} template kaiwa strategy file_copy`));
  return {
    name,
    url: clusterUrl(name),
    drop: () => asAdmin((client) => client.query(`drop database if exists ${name} with (force)`)).then(() => undefined),
  };
}

async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: clusterUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
