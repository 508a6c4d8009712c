import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import pg from 'pg';

/*
 * What pg 8.23 has and its typings leave out. The scoped driver rests on these, so pg is pinned and
 * test/integration/database-door.int-spec.ts holds each of them.
 */

/** One column of a result, as the server describes it. */
export interface FieldDescription {
  readonly name: string;
  readonly dataTypeID: number;
  readonly format?: string;
}

/** The wire: each method writes one message of PostgreSQL's extended query protocol. */
export interface WireConnection {
  readonly stream: Duplex;
  /** Named statements that the server is known to hold, by name. */
  readonly parsedStatements: Record<string, string | undefined>;
  /** Writes what the other methods made; nothing where the stream is closed. */
  _send(message: Buffer): unknown;
  parse(message: { name: string; text: string }): void;
  bind(message: { portal: string; statement: string; values: readonly unknown[]; valueMapper: (value: unknown) => unknown }): void;
  describe(message: { type: 'P' | 'S'; name: string }): void;
  execute(message: { portal: string; rows: number | undefined }): void;
  close(message: { type: 'P' | 'S'; name: string }): void;
  sync(): void;
  sendCopyFail(reason: string): void;
}

/** What pg's client asks of the query that it is running. */
export interface WireQuery {
  /** Under this name the client books the statement as parsed, once the server says so. */
  readonly name: string;
  readonly text: string;
  callback: (error: Error | null) => void;
  /** Writes the statement; an Error answered means that nothing was written. */
  submit(connection: WireConnection): Error | null;
  handleRowDescription(message: { fields: FieldDescription[] }): void;
  handleDataRow(message: { fields: Array<string | null> }): void;
  handleCommandComplete(message: { text: string }, connection: WireConnection): void;
  handleEmptyQuery(connection: WireConnection): void;
  handlePortalSuspended(connection: WireConnection): void;
  handleCopyInResponse(connection: WireConnection): void;
  handleCopyData(message: unknown, connection: WireConnection): void;
  handleError(error: Error, connection: WireConnection): void;
  handleReadyForQuery(connection: WireConnection): void;
}

export type TransactionStatus = 'I' | 'T' | 'E' | null;

export interface WireClient extends EventEmitter {
  readonly connection: WireConnection;
  readonly processID: number | null;
  connect(callback: (error: Error | null) => void): void;
  query(query: WireQuery): unknown;
  end(callback?: () => void): Promise<void> | undefined;
  getTransactionStatus(): TransactionStatus;
  getTypeParser(oid: number, format: string): (text: string) => unknown;
}

export type Release = (error?: Error | boolean) => void;
export type ConnectCallback<C> = (error: Error | undefined, client: C | undefined, release: Release) => void;

export interface WirePool<C> extends EventEmitter {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  connect(callback: ConnectCallback<C>): void;
  connect(): Promise<C & { release: Release }>;
  end(callback?: (error?: Error) => void): Promise<void> | undefined;
}

/** pg's client class, seen as it is. */
export const WireClientBase = pg.Client as unknown as new (config: pg.ClientConfig) => WireClient;

/** pg's pool class, seen as it is: it makes its connections with the class that the option `Client` names. */
export const wirePoolBase = <C>(): new (options: pg.PoolConfig) => WirePool<C> =>
  pg.Pool as unknown as new (options: pg.PoolConfig) => WirePool<C>;

/** Takes messages in place of a socket, so that several can be sent in one write. */
export interface WireRecorder extends WireConnection {
  /** What was recorded since the last call, as one piece. */
  take(): Buffer;
}

export function wireRecorder(): WireRecorder {
  let messages: Buffer[] = [];
  return Object.assign(Object.create(pg.Connection.prototype as object) as WireConnection, {
    _send: (message: Buffer) => messages.push(message),
    take: () => {
      const whole = Buffer.concat(messages);
      messages = [];
      return whole;
    },
  });
}

/** pg's own mapping of JavaScript values to what the wire carries. */
export const prepareValue = (pg as unknown as { utils: { prepareValue: (value: unknown) => string | Buffer | null } }).utils.prepareValue;
