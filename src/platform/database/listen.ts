import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Config } from '../config/index.js';
import { connectionOptions } from './connection-options.js';
import type { DatabaseLog } from './database.js';
import { LIVE_SQL } from './node-lives.js';

export type NotificationHandler = (payload: string) => void | Promise<void>;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const PING_EVERY_MS = 10_000;
const ANSWER_WITHIN_MS = 5_000;

/**
 * Hears PostgreSQL's notifications on one connection of its own. Whoever tells does so with `select pg_notify($1, $2)` in
 * its transaction. What is sent while the connection is down is lost, so keep a way to reload it in {@link onReconnected}. While it stands
 * the node counts as living, see `NodeLives`.
 */
export class Listener {
  private readonly handlers = new Map<string, Set<NotificationHandler>>();
  private readonly reconnected = new Set<() => void | Promise<void>>();
  private client: pg.Client | null = null;
  private running: Promise<void> | null = null;
  private connectedBefore = false;
  private readonly closing = new AbortController();

  constructor(
    private readonly config: Config,
    private readonly log: DatabaseLog,
  ) {}

  /** True while notifications come in. */
  get connected(): boolean {
    return this.client !== null;
  }

  /** Calls `handler` for each notification on `channel`, once this resolves; it waits for the database. Answers how to stop. */
  async on(channel: string, handler: NotificationHandler): Promise<() => void> {
    if (!/^[a-z][a-z0-9_]{0,62}$/.test(channel)) throw new Error(`${channel} is no channel name`);
    const handlers = this.handlers.get(channel) ?? new Set();
    const isNew = !this.handlers.has(channel);
    this.handlers.set(channel, handlers);
    handlers.add(handler);
    const client = this.client;
    if (client && isNew) {
      try {
        await client.query(`listen ${channel}`);
      } catch (error) {
        // The next connection listens to every channel that has a handler.
        this.log.error('Listening to another channel failed; connecting anew', error);
        this.lost(client);
        await this.end(client);
      }
    }
    await this.start();
    return () => handlers.delete(handler);
  }

  /**
   * Calls `handler` each time that a lost connection is back and listens again: reload what may have been missed. One that fails is called
   * again until it succeeds, or the connection is lost once more.
   */
  onReconnected(handler: () => void | Promise<void>): void {
    this.reconnected.add(handler);
  }

  /** Opens the connection, if it is not open; resolves once it listens. Tries again until it succeeds or is closed. */
  start(): Promise<void> {
    if (this.client || this.closing.signal.aborted) return Promise.resolve();
    this.running ??= this.connectUntilDone().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  /** Stops listening for good. */
  async close(): Promise<void> {
    this.closing.abort();
    const client = this.client;
    this.client = null;
    if (client) await this.end(client);
    await this.running;
  }

  private async connectUntilDone(): Promise<void> {
    for (let wait = FIRST_PAUSE_MS; !this.closing.signal.aborted; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.connect();
        return;
      } catch (error) {
        this.log.error('Listening for notifications failed; trying again', error);
      }
      await this.sleep(wait * (0.75 + Math.random() / 2));
    }
  }

  private async connect(): Promise<void> {
    const client = new pg.Client(connectionOptions(this.config.database.url, 'kaiwa_app', 'kaiwa:listen'));
    client.on('notification', ({ channel, payload }) => this.tell(channel, payload ?? ''));
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    try {
      await client.connect();
      await client.query(LIVE_SQL, [this.config.node_id]);
      // A channel added while these run is not in the first look, so look until none is left.
      const listening = new Set<string>();
      for (let next = this.missing(listening); next !== undefined; next = this.missing(listening)) {
        await client.query(`listen ${next}`);
        listening.add(next);
      }
    } catch (error) {
      await this.end(client);
      throw error;
    }
    if (this.closing.signal.aborted) {
      await this.end(client);
      return;
    }
    this.client = client;
    void this.keepAlive(client);
    if (this.connectedBefore) for (const handler of this.reconnected) void this.makeUp(handler, client);
    this.connectedBefore = true;
  }

  private missing(listening: ReadonlySet<string>): string | undefined {
    return [...this.handlers.keys()].find((channel) => !listening.has(channel));
  }

  private tell(channel: string, payload: string): void {
    for (const handler of this.handlers.get(channel) ?? []) void this.call(() => handler(payload));
  }

  private async call(handler: () => void | Promise<void>): Promise<void> {
    try {
      await handler();
    } catch (error) {
      this.log.error('A notification handler failed', error);
    }
  }

  private async makeUp(handler: () => void | Promise<void>, client: pg.Client): Promise<void> {
    for (let wait = FIRST_PAUSE_MS; this.client === client; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      try {
        await handler();
        return;
      } catch (error) {
        this.log.error('What may have been missed could not be made up for; trying again', error);
      }
      await this.sleep(wait);
    }
  }

  private lost(client: pg.Client): void {
    if (this.client !== client) return;
    this.client = null;
    if (!this.closing.signal.aborted) void this.start();
  }

  /** A connection whose other end is gone says nothing by itself; asking finds out. */
  private async keepAlive(client: pg.Client): Promise<void> {
    for (;;) {
      await this.sleep(PING_EVERY_MS);
      if (this.client !== client) return;
      const late = setTimeout(() => client.connection.stream.destroy(), ANSWER_WITHIN_MS);
      try {
        await client.query('select 1');
      } catch (error) {
        // Whoever closes it does not wait for the answer.
        if (this.closing.signal.aborted) return;
        this.log.error('The listening connection does not answer', error);
        this.lost(client);
        await this.end(client);
        return;
      } finally {
        clearTimeout(late);
      }
    }
  }

  private async end(client: pg.Client): Promise<void> {
    const late = setTimeout(() => client.connection.stream.destroy(), ANSWER_WITHIN_MS);
    await client.end().catch((error: unknown) => this.log.error('Closing a listening connection failed', error));
    clearTimeout(late);
  }

  private async sleep(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.closing.signal, ref: false }).catch(() => undefined);
  }
}
