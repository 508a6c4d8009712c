import pg from 'pg';
import type { Config } from '../config/index.js';
import { AppError } from '../errors/index.js';
import { servingOptions } from './connection-options.js';
import type { CrossingReason } from './crossing-reason.js';
import type { DatabaseLog } from './database.js';
import { endPool } from './pool-end.js';

/** Runs one statement in a crossing's transaction and answers its rows. */
export type CrossingSql = <Row = Record<string, unknown>>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** How many crossings may wait for one of the two connections. */
const MAX_WAITING = 1_000;

export interface CrossingOptions {
  /** It may take minutes: it has a connection to itself, one such at a time, so that the short ones never wait for it. */
  is_long?: boolean;
}

/** The one door past the tenants: a small pool of its own, as role `kaiwa_system`, opened when it is first needed. */
export class SystemDatabase {
  private pool: pg.Pool | null = null;
  private longPool: pg.Pool | null = null;
  private closed = false;
  private readonly counts = new Map<CrossingReason, number>();

  constructor(
    private readonly config: Config,
    private readonly log: DatabaseLog,
  ) {}

  /**
   * Runs `work` in one transaction that sees every tenant's rows; commits it, or rolls it back with what `work` throws.
   * Two crossings run at once, and a long one beside them; a crossing inside another may wait for itself, so do not nest them.
   */
  async cross<T>(reason: CrossingReason, work: (sql: CrossingSql) => Promise<T>, { is_long = false }: CrossingOptions = {}): Promise<T> {
    if (this.closed) throw new Error('The database is closed');
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    const client = await (is_long ? this.connectLong() : this.connect());
    let over = false;
    let lost: Error | undefined;
    const onError = (error: Error): void => {
      lost = error;
    };
    client.on('error', onError);
    try {
      await client.query('begin');
      const result = await work(async <Row>(text: string, values: readonly unknown[] = []) => {
        if (over) throw new Error('The crossing is over; await everything that runs in it');
        return (await client.query(text, values as unknown[])).rows as Row[];
      });
      over = true;
      const { command } = await client.query('commit');
      if (command === 'ROLLBACK') throw new Error('The crossing was rolled back, since a statement in it had failed');
      return result;
    } catch (error) {
      over = true;
      await client.query('rollback').catch((failure: Error) => {
        lost ??= failure;
      });
      throw error;
    } finally {
      client.removeListener('error', onError);
      client.release(lost);
    }
  }

  /** How often each reason was given since the start; for the metrics. */
  get crossings(): ReadonlyMap<CrossingReason, number> {
    return this.counts;
  }

  /** Ends its connections; crossings after that are refused. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.pool, this.longPool].flatMap((pool) => (pool ? [endPool(pool)] : [])));
    this.pool = this.longPool = null;
  }

  private async connect(): Promise<pg.PoolClient> {
    this.pool ??= this.open('kaiwa:system', 2, 60_000);
    if (this.pool.waitingCount >= MAX_WAITING) throw new AppError('OVERLOADED', { retry_after_seconds: 1 });
    return this.pool.connect();
  }

  private async connectLong(): Promise<pg.PoolClient> {
    this.longPool ??= this.open('kaiwa:system-long', 1, 1_000);
    const is_taken = this.longPool.totalCount > this.longPool.idleCount;
    try {
      return await this.longPool.connect();
    } catch (cause) {
      // It waited for the one before as long as for a database that is away.
      throw is_taken ? new AppError('OVERLOADED', { cause, retry_after_seconds: 10 }) : cause;
    }
  }

  private open(name: string, max: number, idleTimeoutMillis: number): pg.Pool {
    const pool = new pg.Pool({ ...servingOptions(this.config.database.url, 'kaiwa_system', name), max, idleTimeoutMillis });
    pool.on('error', (error) => this.log.error('An idle system connection broke', error));
    return pool;
  }
}
