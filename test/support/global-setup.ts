import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

type ConfigFloor = typeof import('../../src/platform/config/index.js');
type DatabaseFloor = typeof import('../../src/platform/database/index.js');

/** What the teardown needs of the set-up; both run in the same process. */
export interface TestCluster {
  stop(): Promise<void>;
}

export const CLUSTER = Symbol.for('kaiwa.test.cluster');

const silent = { debug() {}, info() {}, warn() {}, error: (message: string) => process.stderr.write(`${message}\n`) };

/**
 * One PostgreSQL for the whole run, in a folder of its own. `TEST_DATABASE_URL` leads the test files to its database `postgres`; its
 * database `kaiwa` is migrated, takes no connections, and is the template that `createDatabase()` copies.
 */
export default async function setUp(): Promise<void> {
  // What is built is what is tested; it is loaded here by Node itself, so that nothing of Jest's is in between.
  const { Config, readEnvironment } = await built<ConfigFloor>('platform/config/index.js');
  const { migrate, startEmbeddedServer } = await built<DatabaseFloor>('platform/database/index.js');
  const folder = await mkdtemp(join(tmpdir(), 'kaiwa-test-'));
  const server = await startEmbeddedServer({
    data_dir: folder,
    log: silent,
    // A test run is not kept, so nothing waits for the disk.
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '400', shared_buffers: '128MB' },
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  Object.assign(globalThis, { [CLUSTER]: { stop } satisfies TestCluster });
  try {
    const secret = 'only-for-tests-'.repeat(3);
    const env = readEnvironment({ DATABASE_URL: server.url, JWT_SECRET: secret, ENCRYPTION_KEY: secret });
    await migrate(new Config(env, { url: server.url, migration_url: server.url }, [secret], [secret], 'test'));
    const url = new URL('/postgres', server.url).href;
    await closeTemplate(url);
    process.env.TEST_DATABASE_URL = url;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function closeTemplate(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('alter database kaiwa with allow_connections false is_template true');
  } finally {
    await client.end();
  }
}

async function built<T>(path: string): Promise<T> {
  return (await import(new URL(`../../dist/src/${path}`, import.meta.url).href)) as T;
}
