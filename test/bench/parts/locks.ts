import { join, resolve } from 'node:path';
import pg from 'pg';
import type { Figure, Settings } from '../run.ts';
import { CLIENT_ID, SECRET, type Stage } from '../stage.ts';
import { median } from './compare.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const CONCURRENCY = 32;

/** The history's read through the one door (tenant binding, row-level security) against the same on a plain pool without either. */
export async function locks(stage: Stage, { rounds, seconds }: Settings): Promise<Figure[]> {
  const load = <T>(file: string): Promise<T> => import(join(ROOT, 'dist', file)) as Promise<T>;
  const { Config, readEnvironment } = await load<typeof import('../../../src/platform/config/index.js')>('src/platform/config/index.js');
  const { makeDataSource, START_SCOPE } = await load<typeof import('../../../src/platform/database/data-source.factory.js')>(
    'src/platform/database/data-source.factory.js',
  );
  const { Database } = await load<typeof import('../../../src/platform/database/index.js')>('src/platform/database/index.js');
  const { Scope } = await load<typeof import('../../../src/platform/scope/index.js')>('src/platform/scope/index.js');
  const { NEWEST_FIRST } = await load<typeof import('../../../src/modules/chat/message.repository.js')>(
    'src/modules/chat/message.repository.js',
  );

  const env = readEnvironment({ DATABASE_URL: stage.database_url, JWT_SECRET: SECRET, ENCRYPTION_KEY: SECRET });
  const config = new Config(env, { url: stage.database_url, migration_url: stage.database_url }, [SECRET], [SECRET], 'bench');
  const dataSource = makeDataSource(config, []);
  await Scope.runAs(START_SCOPE, () => dataSource.initialize());
  const database = new Database(dataSource, { error: () => undefined });
  const plain = new pg.Pool({
    connectionString: stage.database_url,
    max: 10,
    options: '-c plan_cache_mode=force_generic_plan -c max_parallel_workers_per_gather=0 -c jit=off',
  });
  // The database is stopped right after the pool has ended.
  plain.on('error', () => undefined);
  const values = [CLIENT_ID, 'bench', null, Number.MAX_SAFE_INTEGER, 50];

  const measure = async (query: () => Promise<unknown>): Promise<number> => {
    let done = 0;
    let running = true;
    const worker = async (): Promise<void> => {
      while (running) {
        await query();
        done++;
      }
    };
    const started = performance.now();
    const workers = Array.from({ length: CONCURRENCY }, worker);
    await new Promise((fulfil) => setTimeout(fulfil, (seconds * 1000) / 2));
    running = false;
    await Promise.all(workers);
    return done / ((performance.now() - started) / 1000);
  };

  const ours: number[] = [];
  const limit: number[] = [];
  const ratio: number[] = [];
  try {
    for (let round = 0; round <= rounds; round++) {
      const without = await measure(() => plain.query({ name: 'read', text: NEWEST_FIRST, values }));
      const withLocks = await measure(() => Scope.runAs(CLIENT_ID, () => database.sql(NEWEST_FIRST, values)));
      if (round === 0) continue;
      ours.push(withLocks);
      limit.push(without);
      ratio.push(withLocks / without);
    }
  } finally {
    await database.close();
    await plain.end();
  }
  return [
    {
      part: 'locks',
      ours: median(ours),
      limit: median(limit),
      ratio: median(ratio),
      unit: 'reads/s',
      rounds,
      server_us: null,
      pg_us: null,
      limit_us: null,
    },
  ];
}
