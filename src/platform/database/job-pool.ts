import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Config } from '../config/index.js';
import { servingOptions } from './connection-options.js';
import type { DatabaseLog } from './database.js';
import { LIVE_SQL } from './node-lives.js';
import { endPool } from './pool-end.js';

/** One listens, two fetch and finish jobs. */
const CONNECTIONS = 3;

/** The job queue's own connections, as role `kaiwa_system`. What jobs do, they do through `Database` like everybody else. */
export class JobPool {
  /** For the queue's library. */
  readonly pool: pg.Pool;
  private readonly open = new Set<pg.PoolClient>();

  constructor(config: Config, log: DatabaseLog) {
    // The pool waits for it, so that no connection serves before the node counts as living.
    const hooks = {
      onConnect: async (client: pg.ClientBase): Promise<void> => {
        await client.query(LIVE_SQL, [config.node_id]);
      },
    };
    this.pool = new pg.Pool({
      ...servingOptions(config.database.url, 'kaiwa_system', 'kaiwa:jobs'),
      // The library reads its rows as pg gives them.
      types: pg.types,
      max: CONNECTIONS,
      ...hooks,
    });
    // The connection itself tells, idle or not; without a listener here the pool's telling would end the process.
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => {
      this.open.add(client);
      client.on('error', (error) => log.error('A job connection broke', error));
    });
    this.pool.on('remove', (client) => this.open.delete(client));
  }

  /** Runs one statement and answers its rows; rejects where the database does not answer within `timeout_ms`. */
  async sql<Row = Record<string, unknown>>(text: string, values: readonly unknown[], timeout_ms: number): Promise<Row[]> {
    const over = new AbortController();
    const late = pause(timeout_ms, undefined, { signal: over.signal }).then(() => {
      throw new Error(`The database did not answer within ${timeout_ms} ms`);
    });
    const answer = this.pool.query(text, values as unknown[]);
    try {
      return (await Promise.race([answer, late])).rows as Row[];
    } finally {
      over.abort();
      late.catch(() => undefined);
      answer.catch(() => undefined);
    }
  }

  /** Breaks every connection: what waits on one whose other end is gone fails at once, and new ones are made. */
  drop(): void {
    for (const client of this.open) client.connection.stream.destroy(new Error('The job connections are made anew'));
  }

  /** Ends the connections, by breaking those that are still in use after `patience_ms`. */
  async end(patience_ms: number): Promise<void> {
    const over = new AbortController();
    const ended = endPool(this.pool).finally(() => over.abort());
    await pause(patience_ms, undefined, { signal: over.signal }).then(
      () => this.drop(),
      () => undefined,
    );
    await ended;
  }
}
