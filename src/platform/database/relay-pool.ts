import pg from 'pg';
import type { Config } from '../config/index.js';
import { servingOptions } from './connection-options.js';
import { endPool } from './pool-end.js';

/** What the Socket.IO adapter needs of a pool. */
export interface RelayPool {
  connect(): Promise<pg.PoolClient>;
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  end(): Promise<void>;
}

/**
 * The connections by which nodes tell each other what their sockets must hear: notifications, and one table of its own for
 * what is too long for one. It sees no tenant's table: nothing binds it to a tenant.
 *
 * The adapter keeps one of them to listen by, and takes another when that one is lost, but neither hears its errors, which would end the
 * process, nor gives it back, which would use the pool up: both are done here.
 */
export function openRelayPool(config: Config, onError: (error: Error) => void): RelayPool {
  const pool = new pg.Pool({ ...servingOptions(config.database.url, 'kaiwa_system', 'kaiwa:relay'), max: 3 });
  pool.on('error', onError);
  return {
    async connect() {
      const client = await pool.connect();
      client.on('error', onError);
      client.once('end', () => client.release(true));
      return client;
    },
    query: (text, values) => pool.query(text, values),
    end: () => endPool(pool),
  };
}
