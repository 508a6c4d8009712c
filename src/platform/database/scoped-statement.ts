import { type FieldDescription, prepareValue, type WireConnection, type WireQuery, wireRecorder } from './pg-internals.js';
import type { StatementKind, StatementText } from './statement-text.js';

/** What a statement answers; the shape of pg's own result. */
export interface SqlResult<Row = Record<string, unknown>> {
  command: string;
  /** Rows returned or changed; null where the command counts none. */
  rowCount: number | null;
  rows: Row[];
  fields: readonly FieldDescription[];
}

/**
 * The statement that binds a transaction to a tenant; every scoped connection prepares it once, under this name.
 * As a condition that is never true it has the same effect as a column would, and no row to send.
 */
export const SCOPE_STATEMENT = { name: 'kaiwa_scope', text: "select where set_config('app.client_id', $1, true) is null" } as const;

/** How a statement's rows are read; kept with the connection that prepared it. */
export interface RowShape {
  readonly fields: readonly FieldDescription[];
  readonly parsers: ReadonlyArray<(text: string) => unknown>;
  readonly empty: Readonly<Record<string, null>>;
}

/** What a connection remembers of the statements that it has prepared. */
export interface StatementMemory {
  /** By statement name; null for one that returns no rows. */
  readonly shapes: Map<string, RowShape | null>;
  /** Names whose statement must be closed before it is parsed anew: the server may hold an outdated one. */
  readonly stale: Set<string>;
  shapeOf(fields: readonly FieldDescription[]): RowShape;
}

/** SQLSTATEs after which a prepared statement is no longer what it was: its tables changed, or the server lost it. */
const OUTDATED = new Set(['0A000', '26000', '42P05']);
const COMPLETED = /^([A-Z]+)(?: (?:\d+ )?(\d+))?/;
const asItIs = (value: unknown): unknown => value;

/** A statement is written as one piece: one system call, and nothing of another between its messages. */
const recorder = wireRecorder();
recorder.execute({ portal: '', rows: undefined });
recorder.sync();
const EXECUTE_AND_SYNC = recorder.take();

/** Bind and execute of the scope statement for the tenants seen last. */
const scopeMessages = new Map<string, Buffer>();
const MOST_SCOPE_MESSAGES = 5_000;

function scopeMessage(client_id: string): Buffer {
  const known = scopeMessages.get(client_id);
  if (known) return known;
  const own = wireRecorder();
  own.bind({ portal: '', statement: SCOPE_STATEMENT.name, values: [client_id], valueMapper: asItIs });
  own.execute({ portal: '', rows: undefined });
  const message = own.take();
  if (scopeMessages.size >= MOST_SCOPE_MESSAGES) scopeMessages.clear();
  scopeMessages.set(client_id, message);
  return message;
}

/**
 * One statement on the wire. Bind and execute of the scope statement go ahead of its own, all before one Sync: PostgreSQL
 * runs what stands before a Sync as one implicit transaction, so the tenant is bound for this statement alone and nothing
 * is left to reset. `BEGIN` is followed by the scope statement instead, and binds the whole transaction.
 */
export class ScopedStatement<Row = Record<string, unknown>> implements WireQuery {
  readonly text: string;
  readonly name: string;
  readonly kind: StatementKind;
  callback: (error: Error | null) => void = () => undefined;
  /** True once the server said that its prepared form is outdated; sent again, it is parsed anew. */
  outdated = false;
  /** True once it was sent a second time, because of that. */
  sentAgain = false;
  /** True once the server was through with it: an error that comes then is one of reading the rows. */
  completed = false;
  private result: SqlResult<Row> = { command: '', rowCount: null, rows: [], fields: [] };

  private readonly values: ReadonlyArray<string | Buffer | null>;
  private memory!: StatementMemory;
  private scoped = false;
  private skipping = false;
  private shape: RowShape | null | undefined = undefined;
  private described = false;
  private fault: Error | null = null;

  /** Maps the values at once, so that one which cannot be sent fails before anything is written. */
  constructor(
    text: StatementText,
    values: readonly unknown[],
    /** The tenant that the statement runs for; null for those that touch no rows (COMMIT, ROLLBACK, SAVEPOINT). */
    readonly client_id: string | null,
  ) {
    this.text = text.text;
    this.name = text.name;
    this.kind = text.kind;
    this.values = values.map(prepareValue);
  }

  /** The command that was completed: a COMMIT may be answered with ROLLBACK. */
  get command(): string {
    return this.result.command;
  }

  /**
   * Gives the answer away. The statement keeps nothing of it: what a dead statement still pointed to would be taken for alive by each
   * collection of young garbage, and outlive it (42 KB for each page of history, and half of the collector's work, before this was so).
   */
  takeResult(): SqlResult<Row> {
    const taken = this.result;
    this.result = { command: taken.command, rowCount: null, rows: [], fields: [] };
    return taken;
  }

  /** Says which connection will run it, and whether the scope statement goes along. */
  place(memory: StatementMemory, scoped: boolean): void {
    this.memory = memory;
    this.scoped = scoped;
    this.outdated = false;
    this.fault = null;
    this.result.rows.length = 0;
  }

  submit(connection: WireConnection): Error | null {
    try {
      connection._send(this.messages(connection));
      return null;
    } catch (error) {
      // Half a statement must not go ahead of the next one.
      recorder.take();
      return error as Error;
    }
  }

  private messages(connection: WireConnection): Buffer {
    const scope = this.scoped && this.client_id !== null ? scopeMessage(this.client_id) : null;
    const parsed = this.name !== '' && connection.parsedStatements[this.name] !== undefined;
    this.skipping = scope !== null && this.kind !== 'begin';
    // A prepared statement's columns cannot change (the server would refuse to run it), so they are asked for once.
    this.shape = parsed ? this.memory.shapes.get(this.name) : undefined;
    this.described = this.shape === undefined;
    if (this.shape) this.result.fields = this.shape.fields;
    if (this.skipping) recorder._send(scope!);
    if (!parsed) {
      if (this.name !== '' && this.memory.stale.delete(this.name)) recorder.close({ type: 'S', name: this.name });
      recorder.parse({ name: this.name, text: this.text });
    }
    recorder.bind({ portal: '', statement: this.name, values: this.values, valueMapper: asItIs });
    if (this.described) recorder.describe({ type: 'P', name: '' });
    if (scope && !this.skipping) {
      recorder.execute({ portal: '', rows: undefined });
      recorder._send(scope);
      recorder.sync();
    } else {
      recorder._send(EXECUTE_AND_SYNC);
    }
    return recorder.take();
  }

  handleRowDescription(message: { fields: FieldDescription[] }): void {
    this.shape = this.memory.shapeOf(message.fields);
    this.result.fields = this.shape.fields;
  }

  handleDataRow(message: { fields: Array<string | null> }): void {
    const shape = this.shape;
    if (this.skipping || this.fault || !shape) return;
    const row: Record<string, unknown> = { ...shape.empty };
    const { fields, parsers } = shape;
    const texts = message.fields;
    try {
      for (let i = 0; i < texts.length; i++) {
        const text = texts[i];
        if (text != null) row[fields[i]!.name] = parsers[i]!(text);
      }
    } catch (error) {
      this.fault = error as Error;
      return;
    }
    this.result.rows.push(row as Row);
  }

  handleCommandComplete(message: { text: string }): void {
    if (this.skipping) {
      this.skipping = false;
      return;
    }
    const match = COMPLETED.exec(message.text);
    this.result.command = match?.[1] ?? '';
    this.result.rowCount = match?.[2] === undefined ? null : Number(match[2]);
    // What comes after BEGIN's own answer is the scope statement's.
    if (this.scoped && this.kind === 'begin') this.skipping = true;
  }

  handleReadyForQuery(): void {
    this.completed = true;
    if (this.described && this.name !== '') this.memory.shapes.set(this.name, this.shape ?? null);
    this.callback(this.fault);
  }

  handleError(error: Error & { code?: string }): void {
    if (this.name !== '' && error.code !== undefined && OUTDATED.has(error.code)) this.outdated = true;
    this.callback(error);
  }

  handleEmptyQuery(): void {
    this.result.command = '';
  }

  handlePortalSuspended(): void {
    this.fault ??= new Error('The server suspended a statement that was to run whole');
  }

  handleCopyInResponse(connection: WireConnection): void {
    connection.sendCopyFail('COPY is not taken here');
  }

  handleCopyData(): void {
    this.fault ??= new Error('COPY is not taken here');
  }
}

/** Prepares {@link SCOPE_STATEMENT} on a new connection, so that no later statement's Parse stands beside another. */
export class ScopePreparation implements WireQuery {
  readonly name = SCOPE_STATEMENT.name;
  readonly text = SCOPE_STATEMENT.text;

  constructor(public callback: (error: Error | null) => void) {}

  submit(connection: WireConnection): Error | null {
    connection.parse(SCOPE_STATEMENT);
    connection.sync();
    return null;
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleRowDescription(): void {
    this.unexpected('rows');
  }

  handleDataRow(): void {
    this.unexpected('rows');
  }

  handleCommandComplete(): void {
    this.unexpected('a result');
  }

  handleEmptyQuery(): void {
    this.unexpected('a result');
  }

  handlePortalSuspended(): void {
    this.unexpected('a portal');
  }

  handleCopyInResponse(): void {
    this.unexpected('COPY');
  }

  handleCopyData(): void {
    this.unexpected('COPY');
  }

  private unexpected(what: string): never {
    throw new Error(`The server answered a preparation with ${what}`);
  }
}
