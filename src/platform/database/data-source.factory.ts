import { DataSource, type Logger, type MixedList } from 'typeorm';
import type { Config } from '../config/index.js';
import { MIGRATIONS } from '../../../migrations/index.js';
import { connectionOptions, servingOptions } from './connection-options.js';
import { scopedDriver } from './scoped-driver.js';

/** A class with TypeORM's `@Entity()`. */
export type EntityClass = abstract new (...args: never[]) => object;

/** The tenant that TypeORM's own first statements run as (its version, the schema's name); no row can carry it. */
export const START_SCOPE = '~start';

/** Where the migrations that have run are listed. */
export const MIGRATIONS_TABLE = 'migrations';

export interface DataSourceHooks {
  /** Told of an idle connection that broke; the pool has already replaced it. */
  onPoolError?: (error: Error) => void;
}

/**
 * The data source that the server runs on: every statement through the scoped driver, as role `kaiwa_app`. To be
 * initialised in the scope of {@link START_SCOPE}.
 */
export function makeDataSource(config: Config, entities: readonly EntityClass[], hooks: DataSourceHooks = {}): DataSource {
  return new DataSource({
    type: 'postgres',
    driver: scopedDriver,
    entities: entities as unknown as MixedList<string>,
    installExtensions: false,
    uuidExtension: 'pgcrypto',
    synchronize: false,
    logging: false,
    poolErrorHandler: (error: Error) => hooks.onPoolError?.(error),
    extra: {
      ...servingOptions(config.database.url, 'kaiwa_app', 'kaiwa'),
      max: config.env.DATABASE_POOL_SIZE,
      idleTimeoutMillis: 60_000,
    },
  });
}

/** The data source that migrations run by: plain pg, as the login of the migration URL, without timeouts. */
export function makeMigrationDataSource(migration_url: string): DataSource {
  return new DataSource({
    type: 'postgres',
    installExtensions: false,
    uuidExtension: 'pgcrypto',
    synchronize: false,
    logging: false,
    logger: new SilentLogger(),
    migrations: MIGRATIONS,
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsTransactionMode: 'each',
    extra: { ...connectionOptions(migration_url, null, 'kaiwa:migrate'), max: 2 },
  });
}

/** TypeORM writes failed migrations to standard output, whatever `logging` says; what is thrown says it too. */
class SilentLogger implements Logger {
  logQuery(): void {}
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
