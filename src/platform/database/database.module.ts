import { type DynamicModule, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Config } from '../config/index.js';
import { Scope } from '../scope/index.js';
import { type EntityClass, makeDataSource, START_SCOPE } from './data-source.factory.js';
import { Database, type DatabaseLog } from './database.js';
import { Listener } from './listen.js';
import { NodeLives } from './node-lives.js';
import { assertRuntimeRole } from './runtime-role.js';
import { SystemDatabase } from './system-database.js';

function databaseLog(): DatabaseLog {
  const logger = new Logger('Database');
  return {
    error: (message, error) => logger.error(`${message}: ${error instanceof Error ? error.message : String(error)}`),
  };
}

/** Opens the data source that requests run on, once the roles are found fit. */
async function openDataSource(config: Config, entities: readonly EntityClass[], log: DatabaseLog): Promise<DataSource> {
  await assertRuntimeRole(config);
  const dataSource = makeDataSource(config, entities, { onPoolError: (error) => log.error('An idle connection broke', error) });
  return Scope.runAs(START_SCOPE, () => dataSource.initialize());
}

/** The database floor for the whole application; expects a global provider of `Config`. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    private readonly database: Database,
    private readonly system: SystemDatabase,
    private readonly listener: Listener,
  ) {}

  /** `entities`: every entity class of the modules above. */
  static forRoot(entities: readonly EntityClass[]): DynamicModule {
    const log = databaseLog();
    return {
      module: DatabaseModule,
      global: true,
      providers: [
        { provide: DataSource, inject: [Config], useFactory: (config: Config) => openDataSource(config, entities, log) },
        { provide: Database, inject: [DataSource], useFactory: (dataSource: DataSource) => new Database(dataSource, log) },
        { provide: SystemDatabase, inject: [Config], useFactory: (config: Config) => new SystemDatabase(config, log) },
        { provide: Listener, inject: [Config], useFactory: (config: Config) => new Listener(config, log) },
        {
          provide: NodeLives,
          inject: [SystemDatabase, Config],
          useFactory: (system: SystemDatabase, config: Config) => new NodeLives(system, config.node_id),
        },
      ],
      exports: [Database, SystemDatabase, Listener, NodeLives],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.listener.close();
    await Promise.all([this.database.close(), this.system.close()]);
  }
}
