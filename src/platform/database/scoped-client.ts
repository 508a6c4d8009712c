import type pg from 'pg';
import { AppError } from '../errors/index.js';
import { type FieldDescription, WireClientBase } from './pg-internals.js';
import { type RowShape, ScopedStatement, ScopePreparation, type SqlResult, type StatementMemory } from './scoped-statement.js';
import { StatementRefusedError, type StatementText, StatementTexts } from './statement-text.js';
import { Scope } from '../scope/index.js';
import { asError } from './sql-error.js';

/** How many statements may wait on one connection: an open transaction that sends them all at once. */
const LONGEST_LINE = 10_000;

/** After these the server closes the connection: shutdowns, idle and transaction timeouts, protocol failures. */
const FATAL = /^(57P|08|25P0[34])/;

/** The protocol counts a statement's values in 16 bits. */
const MOST_VALUES = 65_535;

const texts = new StatementTexts();

export type StatementCallback<Row = Record<string, unknown>> = (error: Error | null, result?: SqlResult<Row>) => void;

/** What pg takes for a query: a text, or an object with text and values. */
export type QueryInput = string | { readonly text?: string; readonly values?: readonly unknown[]; readonly submit?: unknown };

/**
 * Makes a statement of a text for the tenant given, or for the scope's; throws before anything reaches the wire where
 * there is no tenant (`ScopeMissingError`), where the text is none that is taken, and where a value cannot be sent.
 */
export function makeStatement<Row>(text: string, values: readonly unknown[], client_id?: string): ScopedStatement<Row> {
  if (values.length > MOST_VALUES) throw new StatementRefusedError(`it takes ${MOST_VALUES} values at most; pass arrays and unnest them`);
  const look: StatementText = texts.look(text);
  const needsTenant = look.kind === 'ordinary' || look.kind === 'begin';
  return new ScopedStatement<Row>(look, values, needsTenant ? (client_id ?? Scope.clientId()) : null);
}

/** Reads the forms in which pg's `query` is called: text, values and callback, each in its place or left out. */
export function readQueryArguments(
  input: QueryInput,
  values?: readonly unknown[] | StatementCallback,
  callback?: StatementCallback,
): { text: string; values: readonly unknown[]; callback: StatementCallback | undefined } {
  const text = typeof input === 'string' ? input : input.text;
  if (typeof text !== 'string' || (typeof input === 'object' && input.submit !== undefined)) {
    throw new StatementRefusedError('cursors and streams hold a connection open; page by keyset');
  }
  const own = typeof input === 'object' ? input.values : undefined;
  const given = typeof values === 'function' ? undefined : values;
  return { text, values: given ?? own ?? [], callback: typeof values === 'function' ? values : callback };
}

/**
 * A connection that runs nothing outside a tenant. Outside a transaction every statement binds its own tenant; a
 * transaction binds one at BEGIN, and a statement of another tenant's scope is refused before it is sent.
 */
export class ScopedClient extends WireClientBase implements StatementMemory {
  readonly shapes = new Map<string, RowShape | null>();
  readonly stale = new Set<string>();
  /** When the running statement was sent, in milliseconds since 1970; 0 while none runs. */
  busySince = 0;
  private bound: string | null = null;
  private running = false;
  private sound = true;
  private readonly line: Array<{ statement: ScopedStatement<unknown>; done: (error: Error | null) => void }> = [];

  constructor(config: pg.ClientConfig) {
    super(config);
    // Between two statements of a transaction nobody else listens, and an 'error' that no one hears ends the process.
    // The statements fail by themselves; the pool asks `reusable` before it keeps the connection.
    this.on('error', () => {
      this.sound = false;
    });
  }

  /** False where the connection must not serve another caller: it is broken, or a transaction was left open on it. */
  get reusable(): boolean {
    const status = this.getTransactionStatus();
    return this.sound && this.bound === null && (status === 'I' || status === null);
  }

  override connect(): Promise<this>;
  override connect(callback: (error: Error | null, client?: this) => void): void;
  override connect(callback?: (error: Error | null, client?: this) => void): Promise<this> | undefined {
    if (!callback) {
      return new Promise((resolve, reject) => {
        this.connect((error) => (error ? reject(error) : resolve(this)));
      });
    }
    super.connect((error) => {
      if (error) callback(error);
      else
        super.query(
          new ScopePreparation((failure) => {
            // The pool forgets a connection that failed to open, and leaves it to us to close.
            if (failure) void this.end();
            callback(failure, this);
          }),
        );
    });
    return undefined;
  }

  /** pg's `query`, in all its forms but cursors. The tenant is the one in scope at this moment. */
  override query(
    input: QueryInput,
    values?: readonly unknown[] | StatementCallback,
    callback?: StatementCallback,
  ): Promise<SqlResult> | undefined {
    let statement: ScopedStatement;
    let done: StatementCallback | undefined = typeof values === 'function' ? values : callback;
    try {
      const read = readQueryArguments(input, values, callback);
      done = read.callback;
      statement = makeStatement(read.text, read.values);
    } catch (error) {
      if (!done) return Promise.reject(asError(error));
      const fail = done;
      process.nextTick(() => fail(error as Error));
      return undefined;
    }
    if (!done) return this.run(statement);
    this.send(statement, done);
    return undefined;
  }

  /** Runs a statement that was made before. */
  run<Row>(statement: ScopedStatement<Row>): Promise<SqlResult<Row>> {
    return new Promise((resolve, reject) => {
      this.send(statement, (error, result) => (error ? reject(error) : resolve(result!)));
    });
  }

  /** {@link run} by callback: for the pool, which gives the connection back at the same moment. */
  send<Row>(statement: ScopedStatement<Row>, callback: StatementCallback<Row>): void {
    if (this.line.length >= LONGEST_LINE) {
      callback(new AppError('OVERLOADED', { retry_after_seconds: 1 }));
      return;
    }
    this.line.push({ statement, done: (error) => (error ? callback(error) : callback(null, statement.takeResult())) });
    if (!this.running) this.next();
  }

  shapeOf(fields: readonly FieldDescription[]): RowShape {
    return {
      fields,
      parsers: fields.map((field) => this.getTypeParser(field.dataTypeID, 'text')),
      empty: Object.fromEntries(fields.map((field) => [field.name, null])),
    };
  }

  private next(): void {
    const waiting = this.line.shift();
    if (!waiting) return;
    const { statement, done } = waiting;
    const refusal = this.refusalOf(statement);
    if (refusal) {
      // On the next tick, as an answer would be: a long line of refused statements must not deepen the stack.
      this.running = true;
      process.nextTick(() => {
        this.running = false;
        done(refusal);
        if (!this.running) this.next();
      });
      return;
    }
    if (statement.kind === 'begin') this.bound = statement.client_id;
    this.running = true;
    this.transmit(statement, done, this.bound === null || statement.kind === 'begin');
  }

  private transmit(statement: ScopedStatement<unknown>, done: (error: Error | null) => void, first: boolean): void {
    const scoped = first && statement.client_id !== null;
    const alone = scoped && statement.kind === 'ordinary';
    statement.place(this, scoped);
    this.busySince = Date.now();
    let answered = false;
    statement.callback = (error) => {
      if (answered) return;
      answered = true;
      this.busySince = 0;
      if (error && statement.outdated) {
        this.forget(statement.name);
        if (alone && !statement.sentAgain) {
          statement.sentAgain = true;
          this.transmit(statement, done, first);
          return;
        }
      }
      this.running = false;
      done(this.settle(statement, error, alone));
      if (!this.running) this.next();
    };
    super.query(statement);
  }

  private forget(name: string): void {
    Reflect.deleteProperty(this.connection.parsedStatements, name);
    this.shapes.delete(name);
    this.stale.add(name);
  }

  private refusalOf(statement: ScopedStatement<unknown>): Error | null {
    if (this.bound === null) {
      return statement.kind === 'savepoint' ? new StatementRefusedError('a savepoint outside a transaction') : null;
    }
    if (statement.kind === 'begin') return new StatementRefusedError('a transaction is open on this connection');
    if (statement.client_id !== null && statement.client_id !== this.bound) {
      return new StatementRefusedError("the open transaction is another tenant's");
    }
    return null;
  }

  /** Books what an answer means for the connection, and finds the error that the answer does not say by itself. */
  private settle(statement: ScopedStatement<unknown>, error: (Error & { code?: string }) | null, alone: boolean): Error | null {
    if (error && !statement.completed && (error.code === undefined || FATAL.test(error.code))) this.sound = false;
    switch (statement.kind) {
      case 'begin':
        if (error) this.bound = null;
        return error;
      case 'commit':
        this.bound = null;
        // PostgreSQL answers COMMIT of a failed transaction with success and the word ROLLBACK.
        return error ?? (statement.command === 'ROLLBACK' ? new TransactionFailedError() : null);
      case 'rollback':
        this.bound = null;
        return error;
      default:
        if (!error && alone && this.getTransactionStatus() !== 'I') {
          this.sound = false;
          return new StatementRefusedError('it left a transaction open');
        }
        return error;
    }
  }
}

/** COMMIT of a transaction in which a statement had failed: nothing was stored. */
export class TransactionFailedError extends Error {
  /** SQLSTATE in_failed_sql_transaction. */
  readonly code = '25P02';

  constructor() {
    super('The transaction was rolled back, since a statement in it had failed');
    this.name = 'TransactionFailedError';
  }
}
