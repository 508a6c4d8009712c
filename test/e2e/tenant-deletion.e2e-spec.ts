import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually, makeTenant, operatorOf } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await createDatabase();
  // Who has waited for so long looks whether it waits for itself; long enough for this test to make it so.
  await sql(database.url, `alter database ${database.name} set deadlock_timeout = '2s'`);
  server = await startServer({ database });
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  await database.drop();
});

it('a deletion that PostgreSQL ends, since it and a writer of the tenant wait for each other, is tried again', async () => {
  const { client_id } = await makeTenant(server.api);
  // As the search indexer and others write: first a room's row, then rows that refer to the tenant.
  const writer = new pg.Client({ connectionString: database.url });
  await writer.connect();
  try {
    await writer.query(`begin; set local deadlock_timeout = '60s'`);
    await writer.query(`select from rooms where client_id = $1 and id = 'lobby' for update`, [client_id]);
    const deletion = operatorOf(server.api)(`/tenants/${client_id}`, { method: 'DELETE' });
    await eventually(
      () => sql(database.url, `select from pg_stat_activity where wait_event_type = 'Lock' and datname = $1`, [database.name]),
      ({ length }) => length === 1,
    );
    await writer.query(`insert into rooms (client_id, id, name, visibility) values ($1, 'late', 'late', 'open')`, [client_id]);
    await writer.query('commit');
    expect((await deletion).status).toBe(204);
  } finally {
    await writer.end();
  }
  const [{ deadlocks } = { deadlocks: 0 }] = await eventually(
    () => sql<{ deadlocks: number }>(database.url, 'select deadlocks::int from pg_stat_database where datname = $1', [database.name]),
    ([row]) => (row?.deadlocks ?? 0) > 0,
  );
  expect(deadlocks).toBe(1);
  expect(await sql(database.url, 'select from rooms where client_id = $1', [client_id])).toEqual([]);
  const log = await sql(database.url, `select from operator_log where client_id = $1 and action = 'tenant.deleted'`, [client_id]);
  expect(log).toHaveLength(1);
});
