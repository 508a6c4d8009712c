import pg from 'pg';
import type { Config } from '../config/index.js';
import { connectionOptions, type RuntimeRole } from './connection-options.js';

/** Thrown at start where the database would not keep tenants apart, or is too old. */
export class DatabaseUnfitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DatabaseUnfitError';
  }
}

interface RoleRow {
  role: string;
  rolsuper: boolean;
  rolbypassrls: boolean;
  owns: string | null;
  row_security: string;
}

/**
 * Checks that statements will run as the roles that row-level security holds: neither may be a superuser, bypass
 * row-level security or own a table. Throws {@link DatabaseUnfitError} naming what is wrong.
 */
export async function assertRuntimeRole(config: Config): Promise<void> {
  await Promise.all((['kaiwa_app', 'kaiwa_system'] as const).map((role) => assertRole(config.database.url, role)));
}

async function assertRole(url: string, role: RuntimeRole): Promise<void> {
  const client = new pg.Client(connectionOptions(url, role, 'kaiwa:start'));
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<RoleRow>(
      `select current_user::text as role, r.rolsuper, r.rolbypassrls, current_setting('row_security') as row_security,
              (select c.oid::regclass::text from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p', 'v', 'm', 'f') limit 1) as owns
         from pg_roles r where r.rolname = current_user`,
    );
    const row = rows[0];
    if (row?.role !== role) throw new DatabaseUnfitError(`statements run as ${row?.role ?? 'nobody'}, not as ${role}`);
    if (row.rolsuper) throw new DatabaseUnfitError(`role ${role} is a superuser; row-level security would not hold it`);
    if (row.rolbypassrls) throw new DatabaseUnfitError(`role ${role} has BYPASSRLS; row-level security would not hold it`);
    if (row.owns) throw new DatabaseUnfitError(`role ${role} owns ${row.owns}; it may own nothing`);
    if (row.row_security !== 'on') throw new DatabaseUnfitError('row_security is off in this database; it must be on');
  } finally {
    await client.end();
  }
}
