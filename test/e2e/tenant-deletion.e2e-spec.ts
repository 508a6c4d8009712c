import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually, makeTenant, operatorOf } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
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

it('deletions that take long hold up nobody else, and one of them runs at a time', async () => {
  const [keeper, first, second] = [await makeTenant(server.api), await makeTenant(server.api), await makeTenant(server.api)];
  const page = await keeper.api<{ id: string }>('/pages', { method: 'POST', json: { title: 'x', content: '<p>x</p>', access_type: 0 } });
  expect(page.status).toBe(200);
  const remove = ({ client_id }: { client_id: string }): Promise<Answer> =>
    operatorOf(server.api)(`/tenants/${client_id}`, { method: 'DELETE' });
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  try {
    await holder.query('begin');
    await holder.query('select from tenants where client_id = any($1) for update', [[first.client_id, second.client_id]]);
    const long = remove(first);
    await eventually(
      () => sql(database.url, `select from pg_stat_activity where wait_event_type = 'Lock' and datname = $1`, [database.name]),
      ({ length }) => length === 1,
    );
    expect(await remove(second)).toMatchObject({ status: 503, body: { code: 'OVERLOADED' } });
    // Whose a page is that is asked for by its id alone is found past the tenants, too.
    expect(await server.api(`/page/${page.body.id}`)).toMatchObject({ status: 200, body: { content: '<p>x</p>' } });
    await holder.query('commit');
    expect((await long).status).toBe(204);
  } finally {
    await holder.end();
  }
  expect((await remove(second)).status).toBe(204);
});
