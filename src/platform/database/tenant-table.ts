import type { QueryRunner } from 'typeorm';

export type Grant = 'select' | 'insert' | 'update' | 'delete';

export interface TenantTableOptions {
  /** Columns and constraints in SQL, as between the parentheses of `create table`; `client_id` is added in front. */
  columns: string;
  /** What the server may do with its own tenant's rows; all four by default, `select` and `insert` for what is append-only. */
  grants?: readonly Grant[];
  /** The table of tenants itself: it brings `client_id` along and refers to none. */
  isTenantItself?: boolean;
  /** False where no foreign key leads to the tenant, since another table's rows take these along when they go. */
  isReferred?: boolean;
}

const ALL: readonly Grant[] = ['select', 'insert', 'update', 'delete'];
const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * Makes a table whose rows are one tenant's each, so that no migration can forget a lock: `client_id`, row-level security
 * enabled and forced, one policy for the server and one for the crossings that `SystemDatabase` counts, and grants
 * without TRUNCATE, REFERENCES and TRIGGER. `kaiwa_system` may also delete, for sweeps of what has expired.
 */
export async function tenantTable(queryRunner: QueryRunner, name: string, options: TenantTableOptions): Promise<void> {
  if (!NAME.test(name)) throw new Error(`${name} is no table name`);
  const reference = options.isReferred === false ? '' : 'references tenants (client_id) on delete cascade';
  const own = options.isTenantItself ? '' : `client_id text not null ${reference},`;
  const grants = options.grants ?? ALL;
  const systemGrants = ALL.filter((grant) => grant === 'delete' || grants.includes(grant));
  const policies = name.length > 55 ? name.slice(0, 55) : name;
  await queryRunner.query(`create table ${name} (${own} ${options.columns})`);
  await queryRunner.query(`
    alter table ${name} enable row level security;
    alter table ${name} force row level security;
    create policy ${policies}_tenant on ${name} for all to kaiwa_app
      using (client_id = (select nullif(current_setting('app.client_id', true), '')))
      with check (client_id = (select nullif(current_setting('app.client_id', true), '')));
    create policy ${policies}_system on ${name} for all to kaiwa_system using (true) with check (true);
    revoke all on ${name} from public, kaiwa_app, kaiwa_system;
    ${grants.length ? `grant ${grants.join(', ')} on ${name} to kaiwa_app;` : ''}
    grant ${systemGrants.join(', ')} on ${name} to kaiwa_system;
  `);
}
