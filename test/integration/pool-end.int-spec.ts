import { expect, it } from '@jest/globals';
import pg from 'pg';
import { endPool } from '../../src/platform/database/pool-end.js';
import { clusterUrl } from '../support/database.js';
import { uniqueName } from '../support/client.js';
import { sql } from '../support/sql.js';

/* A database that is stopped right after its pools have ended finds nobody there. */

it('once a pool has ended PostgreSQL has none of its connections left', async () => {
  const left: number[] = [];
  for (let round = 0; round < 20; round++) {
    const application_name = uniqueName('pool');
    const pool = new pg.Pool({ connectionString: clusterUrl(), application_name, max: 4 });
    await Promise.all([...Array(4).keys()].map(() => pool.query('select pg_sleep(0.01)')));
    const open: pg.PoolClient[] = [];
    pool.on('remove', (client) => open.splice(open.indexOf(client), 1));
    for (let count = 0; count < 4; count++) open.push(await pool.connect());
    for (const client of [...open]) client.release();
    await endPool(pool);
    left.push(open.length);
    expect(await sql(clusterUrl(), 'select 1 from pg_stat_activity where application_name = $1', [application_name])).toEqual([]);
  }
  expect(left).toEqual(Array<number>(20).fill(0));
});

it('a pool that was never used ends at once', async () => {
  await endPool(new pg.Pool({ connectionString: clusterUrl() }));
});
