import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, EntityManager, EntityTarget, ObjectLiteral, Repository } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { AppError } from '../errors/index.js';
import { derivedScope, type OpenTransaction, type RequestScope, Scope } from '../scope/index.js';
import { START_SCOPE } from './data-source.factory.js';
import { makeStatement, type ScopedClient } from './scoped-client.js';
import { whenClosed } from './pool-end.js';
import type { ScopedPool } from './scoped-driver.js';
import type { SqlResult } from './scoped-statement.js';
import { sqlState } from './sql-error.js';

/** Where the database floor says what nobody else would hear. */
export interface DatabaseLog {
  error(message: string, error: unknown): void;
}

export interface TransactionOptions {
  /**
   * Runs the work again, up to 3 times in all, where PostgreSQL asks for it (serialization failure, deadlock). Only for
   * work that does nothing outside the database, since that would be done again too.
   */
  retry?: boolean;
}

const RETRYABLE = new Set(['40001', '40P01']);
const MOST_TRIES = 3;

/** The one door to the database. Everything that goes through runs for the tenant in scope; without one it throws `ScopeMissingError`. */
export class Database {
  constructor(
    private readonly dataSource: DataSource,
    private readonly log: DatabaseLog,
  ) {}

  /**
   * Runs one statement with `$1`-style values and answers its rows: the hot path, past TypeORM. In an open transaction it
   * is part of it; otherwise it is a transaction of its own.
   */
  async sql<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.sqlResult<Row>(text, values)).rows;
  }

  /** {@link sql}, with the number of rows that it changed. */
  async sqlResult<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<SqlResult<Row>> {
    const scope = Scope.find();
    const statement = makeStatement<Row>(text, values);
    if (statement.kind !== 'ordinary') throw new Error('Transactions are opened by transaction()');
    try {
      if (!scope?.transaction) return await this.pool.run(statement);
      const client = await connectionOf(scope.transaction.manager as EntityManager);
      return await client.run(statement);
    } catch (error) {
      // The stack as it is leads to the socket's read; the caller's is what helps.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    }
  }

  /** TypeORM's manager: the open transaction's, else one whose every call is a transaction of its own. */
  get manager(): EntityManager {
    return (Scope.find()?.transaction?.manager as EntityManager | undefined) ?? this.dataSource.manager;
  }

  /** TypeORM's repository, within the open transaction if there is one. Prefer a `TenantRepository`. */
  repository<E extends ObjectLiteral>(entity: EntityTarget<E>): Repository<E> {
    return this.manager.getRepository(entity);
  }

  /**
   * Runs `work` in one transaction and commits it; whatever it throws rolls it back. Inside another transaction it joins
   * that one. Callbacks given to {@link afterCommit} run after COMMIT, in order, before this returns.
   */
  async transaction<T>(work: () => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const scope = Scope.get();
    Scope.clientId();
    if (scope.transaction) return work();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(scope, work);
      } catch (error) {
        if (!options.retry || attempt >= MOST_TRIES || !RETRYABLE.has(sqlState(error))) throw error;
        await pause(Math.random() * 20 * 2 ** attempt);
      }
    }
  }

  /**
   * Runs `callback` once the open transaction has committed, not if it rolls back; with none open, right after the running
   * code (a microtask). What it throws is logged, and never reaches the caller.
   */
  afterCommit(callback: () => void | Promise<void>): void {
    const open = Scope.find()?.transaction;
    if (open) open.afterCommit.push(callback);
    else queueMicrotask(() => void this.runCommitted(callback));
  }

  /** One round trip, for health checks; rejects if the database does not answer within `timeout_ms`. */
  async ping(timeout_ms = 2_000): Promise<void> {
    const late = new AbortController();
    const timeout = pause(timeout_ms, undefined, { signal: late.signal }).then(() => {
      throw new Error(`The database did not answer within ${timeout_ms} ms`);
    });
    const answer = this.pool.run(makeStatement('select 1', [], START_SCOPE));
    try {
      await Promise.race([answer, timeout]);
    } finally {
      late.abort();
      await Promise.allSettled([timeout]);
    }
  }

  /** Connections open and idle, and callers that wait for one. */
  get load(): { total: number; idle: number; waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.pool;
    return { total: totalCount, idle: idleCount, waiting: waitingCount };
  }

  /** Ends every connection once its statement is done. */
  async close(): Promise<void> {
    if (!this.dataSource.isInitialized) return;
    const closed = whenClosed(this.pool);
    await this.dataSource.destroy();
    await closed;
  }

  private get pool(): ScopedPool {
    const pool = (this.dataSource.driver as PostgresDriver).master as ScopedPool | undefined;
    if (!pool) throw new AppError('SHUTTING_DOWN', { retry_after_seconds: 1 });
    return pool;
  }

  private async once<T>(scope: RequestScope, work: () => Promise<T>): Promise<T> {
    const afterCommit: OpenTransaction['afterCommit'] = [];
    const result = await this.dataSource.transaction((manager) =>
      Scope.run(derivedScope(scope, { transaction: { manager, afterCommit } }), work),
    );
    for (const callback of afterCommit) await this.runCommitted(callback);
    return result;
  }

  private async runCommitted(callback: () => void | Promise<void>): Promise<void> {
    try {
      await callback();
    } catch (error) {
      this.log.error('What was to happen after a commit failed', error);
    }
  }
}

async function connectionOf(manager: EntityManager): Promise<ScopedClient> {
  const runner = manager.queryRunner;
  if (!runner || runner.isReleased) throw new Error('The transaction of this scope is over; await everything that runs in it');
  return (await runner.connect()) as ScopedClient;
}
