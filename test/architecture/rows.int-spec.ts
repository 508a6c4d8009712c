import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { COLUMNS, type Column, GLOBAL_TABLES, rowsOf, type Table, TABLES } from './catalog.js';
import { insertRow, RowMaker } from './rows.js';

/* What the locks do: one row of each of two tenants in every table, and the application's role looking for them. */

const A = 'sweep-a';
const B = 'sweep-b';
const REFUSED = '42501';

let database: TestDatabase;
let client: pg.Client;
let maker: RowMaker;
let tenantTables: string[];
let granted: Map<string, Set<string>>;

beforeAll(async () => {
  database = await createDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const tables = await rowsOf<Table>(client, TABLES);
  tenantTables = tables.filter(({ name, kind }) => 'rp'.includes(kind) && !(name in GLOBAL_TABLES)).map(({ name }) => name);
  maker = await RowMaker.of(client, await rowsOf<Column>(client, COLUMNS));
  const grants = await rowsOf<{ table: string; privileges: string[] }>(
    client,
    `select c.relname as table, array(select p from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as p
                                       where has_table_privilege('kaiwa_app', c.oid, p)) as privileges
       from pg_class c where c.relname = any($1) and c.relnamespace = 'public'::regnamespace`,
    [tenantTables],
  );
  granted = new Map(grants.map(({ table, privileges }) => [table, new Set(privileges)]));
  // Foreign keys and triggers rest meanwhile: each table is looked at by itself.
  await client.query('set session_replication_role = replica');
  for (const table of tenantTables) for (const tenant of [A, B]) await insertRow(client, table, maker.row(table, tenant));
  await client.query('set session_replication_role = origin');
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

describe("the application's role", () => {
  it('sees no row of any table while no tenant is set, nor once one was', async () => {
    for (const tenant of [null, '']) expect(await seen(tenant)).toEqual(new Map());
  });

  it('adds no row to any table while no tenant is set', async () => {
    expect(await adds(null, A)).toEqual([]);
  });

  it('sees the rows of its tenant in every table, and none of another', async () => {
    for (const tenant of [A, B]) {
      const readable = tenantTables.filter((table) => granted.get(table)?.has('SELECT'));
      expect(await seen(tenant)).toEqual(new Map(readable.map((table) => [table, [tenant]])));
    }
    expect(await seen('sweep-nobody')).toEqual(new Map());
  });

  it('adds no row for another tenant', async () => {
    expect(await adds(A, B)).toEqual([]);
  });

  it('changes and deletes no row of another tenant, and gives none of its own away', async () => {
    const changed: string[] = [];
    for (const table of tenantTables) {
      const attempts: Array<[string, string, unknown[]]> = [
        ['UPDATE', `update ${table} set client_id = client_id where client_id = $1`, [B]],
        ['UPDATE', `update ${table} set client_id = $1`, [B]],
        ['DELETE', `delete from ${table} where client_id = $1`, [B]],
      ];
      for (const [privilege, text, values] of attempts) {
        const outcome = await asApp(A, () => attempt(text, values));
        const expected = granted.get(table)?.has(privilege) && !text.includes('set client_id = $1') ? 0 : REFUSED;
        if (outcome !== expected) changed.push(`${text}: ${String(outcome)}`);
      }
    }
    expect(changed).toEqual([]);
  });
});

/** The tenants whose rows are seen, by table; a table that shows none is left out. */
async function seen(tenant: string | null): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const table of tenantTables) {
    if (!granted.get(table)?.has('SELECT')) continue;
    const rows = await asApp(tenant, () => rowsOf<{ client_id: string }>(client, `select client_id from ${table}`));
    if (rows.length > 0) found.set(table, [...new Set(rows.map(({ client_id }) => client_id))]);
  }
  return found;
}

/** The tables that took a row of `owner` while `tenant` was set. */
async function adds(tenant: string | null, owner: string): Promise<string[]> {
  const taken: string[] = [];
  for (const table of tenantTables) {
    const row = maker.row(table, owner);
    const outcome = await asApp(tenant, async () => {
      try {
        await insertRow(client, table, row);
        return 'taken';
      } catch (error) {
        return ((error as Error).cause as { code?: string }).code;
      }
    });
    if (outcome !== REFUSED) taken.push(`${table}: ${String(outcome)}`);
  }
  return taken;
}

/** The rows that a statement touched, or the SQLSTATE that refused it. */
async function attempt(text: string, values: unknown[]): Promise<number | string | null> {
  try {
    return (await client.query(text, values)).rowCount;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

async function asApp<T>(tenant: string | null, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    await client.query('set local role kaiwa_app');
    if (tenant !== null) await client.query("select set_config('app.client_id', $1, true)", [tenant]);
    return await work();
  } finally {
    await client.query('rollback');
  }
}
