import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createDatabase, type TestDatabase } from '../support/database.js';
import * as catalog from './catalog.js';
import { GLOBAL_TABLES, KEYS_ABOVE_TENANTS, RUNTIME_ROLES, rowsOf, TENANT_CONDITION } from './catalog.js';

/* The locks of every table, as PostgreSQL itself tells of them: what a migration adds is held to them without being named here. */

let database: TestDatabase;
let client: pg.Client;
let tables: catalog.Table[];
let tenantTables: string[];
let keys: catalog.Key[];
let foreignKeys: catalog.ForeignKey[];
let policies: catalog.Policy[];
let columns: catalog.Column[];
let privileges: Array<{ role: string; schema: string; table: string; privilege: string }>;

beforeAll(async () => {
  database = await createDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  tables = await rowsOf(client, catalog.TABLES);
  keys = await rowsOf(client, catalog.KEYS);
  foreignKeys = await rowsOf(client, catalog.FOREIGN_KEYS);
  policies = await rowsOf(client, catalog.POLICIES);
  columns = await rowsOf(client, catalog.COLUMNS);
  privileges = await rowsOf(client, catalog.PRIVILEGES, [RUNTIME_ROLES]);
  tenantTables = tables.filter(({ name, kind }) => 'rp'.includes(kind) && !(name in GLOBAL_TABLES)).map(({ name }) => name);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

describe('every table of a tenant', () => {
  it('is found: the list is not empty, and names what is there', () => {
    expect(tenantTables).toEqual(expect.arrayContaining(['tenants', 'users', 'rooms', 'messages', 'audit_log']));
    expect(Object.keys(GLOBAL_TABLES).filter((name) => !tables.some((table) => table.name === name))).toEqual([]);
  });

  it('has row-level security, enabled and forced', () => {
    expect(tables.filter(({ name, has_rls, forces_rls }) => tenantTables.includes(name) && !(has_rls && forces_rls))).toEqual([]);
  });

  it('names its tenant in client_id, which is never null', () => {
    const named = columns
      .filter(({ name, type, is_required }) => name === 'client_id' && type === 'text' && is_required)
      .map(({ table }) => table);
    expect(tenantTables.filter((table) => !named.includes(table))).toEqual([]);
  });

  it("has one policy for the application's role: its own tenant's rows, read and written", () => {
    const wrong = tenantTables.filter((table) => {
      const ours = policies.filter(
        (policy) => policy.table === table && (policy.roles.includes('kaiwa_app') || policy.roles.includes('public')),
      );
      const [only] = ours;
      if (ours.length !== 1 || !only) return true;
      const { is_permissive, command, roles, condition, check } = only;
      return !(is_permissive && command === '*' && roles.length === 1 && condition === TENANT_CONDITION && check === TENANT_CONDITION);
    });
    expect(wrong).toEqual([]);
  });

  it('has client_id in its primary key, and in every other unique index', () => {
    const primary = keys.filter(({ is_primary }) => is_primary).map(({ table }) => table);
    expect(tenantTables.filter((table) => !primary.includes(table))).toEqual([]);
    const outside = keys.filter(({ table, columns: of }) => tenantTables.includes(table) && !of.includes('client_id'));
    expect(outside.map(({ name }) => name)).toEqual(KEYS_ABOVE_TENANTS);
  });

  it('excludes rows of its own tenant alone', async () => {
    const exclusions = await rowsOf<{ name: string; columns: string[] }>(client, catalog.EXCLUSIONS);
    expect(exclusions.filter(({ columns: of }) => !of.includes('client_id'))).toEqual([]);
    expect(exclusions.map(({ name }) => name)).toEqual(['matchings_listener_free', 'matchings_speaker_free']);
  });

  it('refers to other tables within its tenant alone', () => {
    const wrong = foreignKeys.filter(({ table, target, columns: from, target_columns: to }) => {
      if (!tenantTables.includes(table)) return tenantTables.includes(target);
      const place = from.indexOf('client_id');
      return place === -1 || to[place] !== 'client_id';
    });
    expect(wrong).toEqual([]);
  });
});

describe('every view', () => {
  it('reads with the rights of who asks, and none is materialised', () => {
    const views = tables.filter(({ kind }) => kind === 'v');
    expect(views.filter(({ options }) => !options.some((option) => /^security_invoker=(true|on|1)$/.test(option)))).toEqual([]);
    expect(tables.filter(({ kind }) => kind === 'm' || kind === 'f')).toEqual([]);
  });
});

describe('the roles that statements run as', () => {
  it('are nothing special and belong to nothing', async () => {
    const roles = await rowsOf(
      client,
      `select rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication, rolcanlogin, rolinherit,
              array(select roleid::regrole::text from pg_auth_members m where m.member = r.oid) as groups
         from pg_roles r where rolname = any($1) order by 1`,
      [RUNTIME_ROLES],
    );
    const nothing = {
      rolsuper: false,
      rolbypassrls: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolreplication: false,
      rolcanlogin: false,
    };
    expect(roles).toEqual(RUNTIME_ROLES.map((rolname) => ({ rolname, ...nothing, rolinherit: false, groups: [] })));
  });

  it('own nothing but the functions that read across for them', async () => {
    const owned = await rowsOf<{ role: string; kind: string; object: string }>(client, catalog.OWNED, [RUNTIME_ROLES]);
    const allowed = Object.entries(catalog.DEFINER_FUNCTIONS).flatMap(([name, { owner }]) => (owner === 'system' ? [name] : []));
    const functions = owned.filter(({ role, kind }) => role === 'kaiwa_system' && kind === 'pg_proc');
    expect(owned.filter((one) => !functions.includes(one))).toEqual([]);
    expect(functions.map(({ object }) => /^function (\w+)\(/.exec(object)?.[1]).sort()).toEqual(allowed.sort());
  });

  it('may neither empty, refer to nor put triggers on anything, nor make anything', async () => {
    expect(privileges.filter(({ privilege }) => ['TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'].includes(privilege))).toEqual([]);
    const create = await rowsOf(
      client,
      `select r.role, n.nspname from unnest($1::text[]) as r(role) cross join pg_namespace n
        where has_schema_privilege(r.role, n.oid, 'CREATE') and n.nspname !~ '^pg_(toast_)?temp'
       union all select r.role, current_database() from unnest($1::text[]) as r(role) where has_database_privilege(r.role, current_database(), 'CREATE')`,
      [RUNTIME_ROLES],
    );
    expect(create).toEqual([]);
  });

  it("enter no schema that is not ours, and the application's role public alone", async () => {
    const schemas = await rowsOf<{ name: string; app: boolean }>(
      client,
      `select nspname as name, has_schema_privilege('kaiwa_app', oid, 'USAGE') as app from pg_namespace
        where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1`,
    );
    expect(schemas.map(({ name }) => name)).toEqual(catalog.SCHEMAS);
    expect(schemas.filter(({ app }) => app).map(({ name }) => name)).toEqual(['public']);
  });

  it('read and write no global table but those of the list', () => {
    const found = Object.fromEntries(Object.keys(GLOBAL_TABLES).map((name) => [name, granted('kaiwa_app', name)]));
    expect(found).toEqual(Object.fromEntries(Object.entries(GLOBAL_TABLES).map(([name, { app }]) => [name, app])));
    expect(granted('kaiwa_system', 'migrations')).toEqual([]);
  });

  it('add to the logs, and never change them', () => {
    for (const table of catalog.APPEND_ONLY) {
      expect(granted('kaiwa_app', table)).not.toEqual(expect.arrayContaining(['UPDATE']));
      expect(granted('kaiwa_app', table)).not.toEqual(expect.arrayContaining(['DELETE']));
      expect(granted('kaiwa_system', table)).not.toContain('UPDATE');
      expect(granted('kaiwa_app', table)).toContain('INSERT');
    }
    expect(granted('kaiwa_system', 'operator_log')).not.toContain('DELETE');
  });

  it('change no sequence at will', async () => {
    const set = await rowsOf(
      client,
      `select r.role, c.relname from pg_class c cross join unnest($1::text[]) as r(role)
        where c.relkind = 'S' and c.relnamespace = 'public'::regnamespace and has_sequence_privilege(r.role, c.oid, 'UPDATE')`,
      [RUNTIME_ROLES],
    );
    expect(set).toEqual([]);
  });
});

describe('every function', () => {
  interface Function {
    name: string;
    is_definer: boolean;
    owner: string;
    settings: string[];
    is_public: boolean;
    callers: string[];
  }
  let functions: Function[];

  beforeAll(async () => {
    functions = await rowsOf(client, catalog.FUNCTIONS, [RUNTIME_ROLES]);
  });

  it("is nobody's to call but whose it is meant for, and finds its tables by a fixed path", () => {
    expect(functions.filter(({ is_public }) => is_public).map(({ name }) => name)).toEqual([]);
    expect(
      functions.filter(({ settings }) => !settings.some((one) => /^search_path=.*, ?pg_temp$/.test(one))).map(({ name }) => name),
    ).toEqual([]);
  });

  it('runs as its owner only where the list says so, and for those that it names', () => {
    const definers = functions.filter(({ is_definer }) => is_definer);
    const found = Object.fromEntries(
      definers.map(({ name, owner, callers }) => [
        name,
        { owner: owner === 'kaiwa_system' ? 'system' : 'migrator', callers: callers.filter((role) => role !== owner).sort() },
      ]),
    );
    expect(found).toEqual(catalog.DEFINER_FUNCTIONS);
  });
});

function granted(role: string, table: string): string[] {
  return privileges.filter((one) => one.role === role && one.schema === 'public' && one.table === table).map(({ privilege }) => privilege);
}
