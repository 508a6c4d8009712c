import type { Client } from 'pg';

/** Tables whose rows are no tenant's, and what the application's own role may do with each. A new table is a tenant's unless it stands here. */
export const GLOBAL_TABLES: Record<string, { reason: string; app: string[] }> = {
  operator_log: { reason: 'what the operator did, also to tenants that are gone', app: ['INSERT'] },
  nodes: { reason: 'which servers live', app: ['SELECT'] },
  job_runners: { reason: 'which job runners live', app: [] },
  socket_io_attachments: { reason: 'what nodes tell each other in more words than a notification holds', app: [] },
  migrations: { reason: "TypeORM's own", app: [] },
};

/** Keys that stand above the tenants on purpose: one tenant at most has the domain or the number, whoever asks. */
export const KEYS_ABOVE_TENANTS = ['tenant_domains_pkey', 'tenant_phone_numbers_pkey'];

/** Functions that run as their owner: each filters by the tenant itself, or is called by triggers alone. */
export const DEFINER_FUNCTIONS: Record<string, { owner: 'system' | 'migrator'; callers: string[] }> = {
  enqueue_job: { owner: 'migrator', callers: ['kaiwa_app', 'kaiwa_system'] },
  forget_tenant_jobs: { owner: 'migrator', callers: [] },
  trash_files: { owner: 'system', callers: [] },
  trash_uploads: { owner: 'system', callers: [] },
  delete_messages_with_room: { owner: 'system', callers: [] },
  search_messages: { owner: 'system', callers: ['kaiwa_app'] },
};

/** Nothing is taken out of these, whoever asks. */
export const APPEND_ONLY = ['audit_log', 'operator_log'];

/** The two roles that statements run as. */
export const RUNTIME_ROLES = ['kaiwa_app', 'kaiwa_system'];

/** Where relations of ours may stand. */
export const SCHEMAS = ['graphile_worker', 'public'];

/** The condition that every tenant policy has, as PostgreSQL prints it. */
export const TENANT_CONDITION = "(client_id = ( SELECT NULLIF(current_setting('app.client_id'::text, true), ''::text) AS \"nullif\"))";

export interface Table {
  name: string;
  /** `pg_class.relkind`: r, p, v, m, f. */
  kind: string;
  has_rls: boolean;
  forces_rls: boolean;
  options: string[];
}

export interface Key {
  table: string;
  name: string;
  is_primary: boolean;
  columns: string[];
}

export interface ForeignKey {
  table: string;
  name: string;
  target: string;
  columns: string[];
  target_columns: string[];
}

export interface Policy {
  table: string;
  name: string;
  is_permissive: boolean;
  command: string;
  /** `public` for everybody. */
  roles: string[];
  condition: string | null;
  check: string | null;
}

export interface Column {
  table: string;
  name: string;
  type: string;
  is_array: boolean;
  is_required: boolean;
  has_default: boolean;
}

/** Everything in schema public that holds rows, or shows them. */
export const TABLES = `
  select c.relname as name, c.relkind as kind, c.relrowsecurity as has_rls, c.relforcerowsecurity as forces_rls,
         coalesce(c.reloptions, '{}') as options
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1`;

/** Every unique index, whether or not a constraint made it. */
export const KEYS = `
  select t.relname as table, i.relname as name, x.indisprimary as is_primary,
         array(select coalesce(a.attname::text, '(expression)') from unnest(x.indkey::int[]) with ordinality as k(number, place)
                 left join pg_attribute a on a.attrelid = t.oid and a.attnum = k.number where k.place <= x.indnkeyatts order by k.place) as columns
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
   where t.relnamespace = 'public'::regnamespace and x.indisunique order by 1, 2`;

export const FOREIGN_KEYS = `
  select t.relname as table, k.conname as name, r.relname as target,
         array(select a.attname::text from unnest(k.conkey) with ordinality as c(number, place)
                 join pg_attribute a on a.attrelid = k.conrelid and a.attnum = c.number order by c.place) as columns,
         array(select a.attname::text from unnest(k.confkey) with ordinality as c(number, place)
                 join pg_attribute a on a.attrelid = k.confrelid and a.attnum = c.number order by c.place) as target_columns
    from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_class r on r.oid = k.confrelid
   where k.contype = 'f' and t.relnamespace = 'public'::regnamespace order by 1, 2`;

export const POLICIES = `
  select c.relname as table, p.polname as name, p.polpermissive as is_permissive, p.polcmd::text as command,
         array(select case o when 0 then 'public' else o::regrole::text end from unnest(p.polroles) as o) as roles,
         pg_get_expr(p.polqual, p.polrelid) as condition, pg_get_expr(p.polwithcheck, p.polrelid) as check
    from pg_policy p join pg_class c on c.oid = p.polrelid where c.relnamespace = 'public'::regnamespace order by 1, 2`;

export const COLUMNS = `
  select c.relname as table, a.attname as name, coalesce(e.typname, t.typname) as type, t.typcategory = 'A' as is_array,
         a.attnotnull as is_required, a.atthasdef or a.attidentity <> '' or a.attgenerated <> '' as has_default
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid left join pg_type e on e.oid = nullif(t.typelem, 0) and t.typcategory = 'A'
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped order by c.relname, a.attnum`;

/** Functions and procedures of ours: what an extension brought is its own. */
export const FUNCTIONS = `
  select p.proname as name, p.prosecdef as is_definer, p.proowner::regrole::text as owner, coalesce(p.proconfig, '{}') as settings,
         has_function_privilege('public', p.oid, 'EXECUTE') as is_public,
         array(select r from unnest($1::text[]) as r where has_function_privilege(r, p.oid, 'EXECUTE')) as callers
    from pg_proc p
   where p.pronamespace = 'public'::regnamespace
     and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e') order by 1`;

/** What each runtime role may do with each relation of any schema but PostgreSQL's own; also what it may do with one column alone. */
export const PRIVILEGES = `
  select r.role, n.nspname as schema, c.relname as table, v.privilege
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   cross join unnest($1::text[]) as r(role)
   cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) as v(privilege)
   where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     and (has_table_privilege(r.role, c.oid, v.privilege)
          or (v.privilege in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') and has_any_column_privilege(r.role, c.oid, v.privilege)))
  union
  select r.role, n.nspname, c.relname, a.privilege_type
    from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join unnest($1::text[]) as r(role) cross join aclexplode(c.relacl) a
   where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and a.grantee in (0, r.role::regrole)`;

/** What the runtime roles own, of any kind, in this database. */
export const OWNED = `
  select r.role, s.classid::regclass::text as kind, pg_describe_object(s.classid, s.objid, s.objsubid) as object
    from unnest($1::text[]) as r(role)
    join pg_shdepend s on s.refclassid = 'pg_authid'::regclass and s.refobjid = r.role::regrole and s.deptype = 'o'
   where s.dbid in (0, (select oid from pg_database where datname = current_database()))`;

/** Runs a statement of this file. */
export async function rowsOf<Row>(client: Client, text: string, values: unknown[] = []): Promise<Row[]> {
  return (await client.query(text, values)).rows as Row[];
}
