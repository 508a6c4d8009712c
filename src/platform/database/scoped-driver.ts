import pg from 'pg';
import { AppError } from '../errors/index.js';
import { type ConnectCallback, type Release, wirePoolBase } from './pg-internals.js';
import { makeStatement, type QueryInput, readQueryArguments, ScopedClient, type StatementCallback } from './scoped-client.js';
import type { ScopedStatement, SqlResult } from './scoped-statement.js';
import { asError } from './sql-error.js';

/** How many callers may wait for a connection; beyond that they are refused, so that an outage does not pile up memory. */
export const MAX_WAITING = 2_000;

/** The server ends a statement after 15 s; one that is unanswered for this long has lost its server. */
const LOST_AFTER_MS = 25_000;
const LOOK_EVERY_MS = 5_000;

type PooledClient = ScopedClient & { release: Release };

/** A pool of {@link ScopedClient}s: whoever goes through it is bound to a tenant, or refused. */
export class ScopedPool extends wirePoolBase<ScopedClient>() {
  private readonly open = new Set<ScopedClient>();
  private readonly watch: NodeJS.Timeout;

  constructor(options: pg.PoolConfig) {
    super({ ...options, Client: ScopedClient as unknown as pg.PoolConfig['Client'] });
    this.on('connect', (client: ScopedClient) => this.open.add(client));
    this.on('remove', (client: ScopedClient) => this.open.delete(client));
    // The pool keeps a connection whose user says nothing of an error; one with an open transaction must not be kept.
    this.on('release', (_error: unknown, client: ScopedClient) => {
      if (!client.reusable) void client.end();
    });
    this.watch = setInterval(() => this.dropLost(), LOOK_EVERY_MS).unref();
  }

  override connect(callback: ConnectCallback<ScopedClient>): void;
  override connect(): Promise<PooledClient>;
  override connect(callback?: ConnectCallback<ScopedClient>): Promise<PooledClient> | undefined {
    if (this.waitingCount >= MAX_WAITING) {
      const overload = new AppError('OVERLOADED', { retry_after_seconds: 1 });
      if (!callback) return Promise.reject(overload);
      process.nextTick(() => callback(overload, undefined, () => undefined));
      return undefined;
    }
    if (!callback) return super.connect();
    super.connect(callback);
    return undefined;
  }

  /** pg's `pool.query`. The tenant is the one in scope at this moment, not when a connection is free. */
  query(input: QueryInput, values?: readonly unknown[] | StatementCallback, callback?: StatementCallback): Promise<SqlResult> | undefined {
    let done: StatementCallback | undefined = typeof values === 'function' ? values : callback;
    let answer: Promise<SqlResult>;
    try {
      const read = readQueryArguments(input, values, callback);
      done = read.callback;
      answer = this.run(makeStatement(read.text, read.values));
    } catch (error) {
      answer = Promise.reject(asError(error));
    }
    if (!done) return answer;
    const tell = done;
    answer.then(
      (result) => process.nextTick(tell, null, result),
      (error: Error) => process.nextTick(tell, error),
    );
    return undefined;
  }

  /** Runs one statement on the next free connection. */
  run<Row>(statement: ScopedStatement<Row>): Promise<SqlResult<Row>> {
    return new Promise((resolve, reject) => {
      this.connect((error, client, release) => {
        if (error || !client) {
          reject(error ?? new Error('The pool answered without a connection'));
          return;
        }
        client.send(statement, (failure, result) => {
          release();
          if (failure) reject(failure);
          else resolve(result!);
        });
      });
    });
  }

  override end(callback?: (error?: Error) => void): Promise<void> | undefined {
    clearInterval(this.watch);
    return super.end(callback);
  }

  private dropLost(): void {
    const before = Date.now() - LOST_AFTER_MS;
    for (const client of this.open) {
      if (client.busySince !== 0 && client.busySince < before) {
        client.connection.stream.destroy(new Error('Connection terminated: the database did not answer'));
      }
    }
  }
}

/** pg as TypeORM takes it through its `driver` option, with connections that know their tenant. */
export const scopedDriver = { ...pg, Pool: ScopedPool, Client: ScopedClient };
