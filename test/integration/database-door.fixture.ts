import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import pg from 'pg';
import { Column, type DataSource, Entity } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { v7 as uuidv7 } from 'uuid';
import { Config, readEnvironment } from '../../src/platform/config/index.js';
import { makeDataSource, makeMigrationDataSource, START_SCOPE } from '../../src/platform/database/data-source.factory.js';
import { Database, type DatabaseLog, IdentifiedEntity, migrate, TenantRepository } from '../../src/platform/database/index.js';
import type { ScopedPool } from '../../src/platform/database/scoped-driver.js';
import { tenantTable } from '../../src/platform/database/tenant-table.js';
import { Scope } from '../../src/platform/scope/index.js';

@Entity('door_notes')
export class Note extends IdentifiedEntity {
  @Column({ type: 'text' })
  body: string;

  @Column({ type: 'bigint', nullable: true })
  size: number | null;
}

export class NoteRepository extends TenantRepository<Note> {
  constructor(database: Database) {
    super(database, Note);
  }
}

const SERVER = process.env.TEST_DATABASE_URL;
const name = `kaiwa_door_${randomBytes(4).toString('hex')}`;
export const errors: Array<[string, unknown]> = [];
export const log: DatabaseLog = { error: (message: string, error: unknown) => errors.push([message, error]) };

let url: string;
/** A superuser's connection, for what the server itself may not do. */
export let admin: pg.Client;

export function configFor(pool_size: number): Config {
  const env = readEnvironment({
    DATABASE_URL: url,
    DATABASE_POOL_SIZE: String(pool_size),
    JWT_SECRET: 'j'.repeat(32),
    ENCRYPTION_KEY: 'e'.repeat(32),
  });
  return new Config(env, { url, migration_url: url }, ['j'.repeat(32)], ['e'.repeat(32)], 'test');
}

export interface Door {
  database: Database;
  pool: ScopedPool;
  dataSource: DataSource;
}

async function open(pool_size: number): Promise<Door> {
  const dataSource = makeDataSource(configFor(pool_size), [Note], { onPoolError: (error) => errors.push(['pool', error]) });
  await Scope.runAs(START_SCOPE, () => dataSource.initialize());
  return { dataSource, database: new Database(dataSource, log), pool: (dataSource.driver as PostgresDriver).master as ScopedPool };
}

export async function withDoor<T>(pool_size: number, work: (door: Door) => Promise<T>): Promise<T> {
  const door = await open(pool_size);
  try {
    return await work(door);
  } finally {
    await door.database.close();
  }
}

/** What the connection is bound to, seen past the driver: the statement goes straight to the wire. */
export async function settingLeft(pool: ScopedPool): Promise<string | null> {
  const client = await pool.connect();
  try {
    const raw = client as unknown as { processID: number };
    const query = pg.Client.prototype.query as unknown as (this: unknown, text: string) => Promise<pg.QueryResult>;
    const { rows } = await query.call(raw, "select current_setting('app.client_id', true) as left");
    return (rows[0] as { left: string | null }).left;
  } finally {
    client.release();
  }
}

export async function bytesWritten(pool: ScopedPool): Promise<number> {
  const client = await pool.connect();
  const { stream } = client.connection as unknown as { stream: { bytesWritten: number } };
  const written = stream.bytesWritten;
  client.release();
  return written;
}

export const count = async (database: Database): Promise<number> =>
  (await database.sql<{ n: number }>('select count(*) as n from door_notes'))[0]!.n;

export const add = (database: Database, body: string, client_id = Scope.clientId()): Promise<unknown[]> =>
  database.sql('insert into door_notes (client_id, id, body) values ($1, $2, $3)', [client_id, uuidv7(), body]);

/** A database of its own for the file that calls this, with the table `door_notes`; empty before each test. */
export function useScratchDatabase(): void {
  beforeAll(async () => {
    if (!SERVER) throw new Error('TEST_DATABASE_URL names no server');
    const server = new pg.Client(SERVER);
    await server.connect();
    await server.query(`create database ${name}`);
    await server.end();
    const target = new URL(SERVER);
    target.pathname = `/${name}`;
    url = target.toString();
    await Promise.all([migrate(configFor(1)), migrate(configFor(1)), migrate(configFor(1))]);
    const migrations = makeMigrationDataSource(url);
    await migrations.initialize();
    const runner = migrations.createQueryRunner();
    await tenantTable(runner, 'door_notes', {
      isTenantItself: true,
      columns: `client_id text not null, id uuid not null, body text not null, size bigint,
              created_at timestamptz(3) not null default now(), primary key (client_id, id)`,
    });
    await runner.release();
    await migrations.destroy();
    admin = new pg.Client(url);
    await admin.connect();
  });

  afterAll(async () => {
    await admin.end();
    const server = new pg.Client(SERVER);
    await server.connect();
    await server.query(`drop database ${name} with (force)`);
    await server.end();
  });

  beforeEach(async () => {
    errors.length = 0;
    await admin.query('delete from door_notes');
  });
}
