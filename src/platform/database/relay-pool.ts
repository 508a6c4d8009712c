import pg from 'pg';
import type { Config } from '../config/index.js';
import { servingOptions } from './connection-options.js';

/**
 * The connections by which nodes tell each other what their sockets must hear: notifications, and one table of its own for
 * what is too long for one. It sees no tenant's table: nothing binds it to a tenant.
 */
export function openRelayPool(config: Config, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({ ...servingOptions(config.database.url, 'kaiwa_system', 'kaiwa:relay'), max: 3 });
  pool.on('error', onError);
  return pool;
}
