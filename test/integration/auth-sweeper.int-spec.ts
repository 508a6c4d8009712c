import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AuthSweeper } from '../../src/modules/auth/auth.sweeper.js';
import { Config, readEnvironment } from '../../src/platform/config/index.js';
import { SystemDatabase } from '../../src/platform/database/index.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { sql } from '../support/sql.js';

const TABLES = ['sessions', 'revocations', 'password_resets', 'idempotency_keys'];

let database: TestDatabase;
let system: SystemDatabase;

beforeAll(async () => {
  database = await createDatabase();
  const secret = 's'.repeat(32);
  const env = readEnvironment({ DATABASE_URL: database.url, JWT_SECRET: secret, ENCRYPTION_KEY: secret });
  const config = new Config(env, { url: database.url, migration_url: database.url }, [secret], [secret], 'test');
  system = new SystemDatabase(config, { error: () => undefined });
});

afterAll(async () => {
  await system.close();
  await database.drop();
});

/** In two tenants: 1,200 rows of each table that have expired, and 3 that have not. */
async function fill(): Promise<void> {
  await sql(
    database.url,
    `do $$
     declare v_tenant text; v_user uuid;
     begin
       foreach v_tenant in array array['one', 'two'] loop
         insert into tenants (client_id, name, timezone, phone_region, registration) values (v_tenant, v_tenant, 'Asia/Tokyo', 'JP', 'open');
         insert into users (client_id, id, username, username_key, email, email_key, search_key)
           values (v_tenant, gen_random_uuid(), 'u', 'u', 'u', 'u', 'u') returning id into v_user;
         insert into sessions (client_id, id, user_id, kind, room_id, expires_at)
           select v_tenant, gen_random_uuid(), v_user, 'cookie', 'lobby', now() + (case when n > 1200 then '1 hour' else '-1 hour' end)::interval
           from generate_series(1, 1203) n;
         insert into revocations (client_id, kind, subject_id, reason, expires_at)
           select v_tenant, 'session', gen_random_uuid(), 'logout', now() + (case when n > 1200 then '1 hour' else '-1 hour' end)::interval
           from generate_series(1, 1203) n;
         insert into password_resets (client_id, id, user_id, token_hash, expires_at)
           select v_tenant, gen_random_uuid(), v_user, n, now() + (case when n > 1200 then '1 hour' else '-1 hour' end)::interval
           from generate_series(1, 1203) n;
         insert into idempotency_keys (client_id, actor_id, route, key, request_hash, locked_until, created_at)
           select v_tenant, 'a', 'r', n, 'h', now(), now() - (case when n > 1200 then '23 hours' else '25 hours' end)::interval
           from generate_series(1, 1203) n;
       end loop;
     end $$`,
  );
}

it('takes away what has expired, in every tenant and in more than one batch, and nothing else', async () => {
  await fill();
  const sweeper = new AuthSweeper(system);
  expect(await sweeper.sweep()).toBe(TABLES.length * 2 * 1_200);
  for (const table of TABLES) {
    const rows = await sql(database.url, `select client_id, count(*)::int as left from ${table} group by 1 order by 1`);
    expect([table, ...rows]).toEqual([table, { client_id: 'one', left: 3 }, { client_id: 'two', left: 3 }]);
  }
  expect(await sweeper.sweep()).toBe(0);
});
