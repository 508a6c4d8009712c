import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { Database } from '../../platform/database/index.js';
import { EventBus } from '../../platform/events/index.js';
import { Logger } from '../../platform/http/index.js';
import { Scope } from '../../platform/scope/index.js';
import { DEAD_AFTER_SECONDS } from './node-liveness.js';

/** A socket that is connected to this node, whatever rooms it is in. */
export interface SocketRow {
  readonly client_id: string;
  readonly connection_id: string;
  readonly user_id: string;
}

/**
 * Which people have a socket on some node, in a room or in none. Sockets that come and go while a batch is being written are in the next
 * one, so that a thousand that connect at once cost a few statements. `ConnectionService` says when nodes die, and takes their rows away.
 */
@Injectable()
export class SocketRegister {
  private readonly mine = new Map<string, SocketRow>();
  private coming: SocketRow[] = [];
  private going: SocketRow[] = [];
  private flushing: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly events: EventBus,
    private readonly logger: Logger,
  ) {}

  /** Records a socket, soon. */
  come(row: SocketRow): void {
    this.mine.set(row.connection_id, row);
    this.coming.push(row);
    void this.flush();
  }

  /** Takes a socket's record away, soon. */
  go(connection_id: string): void {
    const row = this.mine.get(connection_id);
    if (!row) return;
    this.mine.delete(connection_id);
    this.going.push(row);
    void this.flush();
  }

  /** This node's sockets. */
  all(): SocketRow[] {
    return [...this.mine.values()];
  }

  /** Which of these people of the scope's tenant have no socket on a node that lives. */
  async absent(user_ids: readonly string[]): Promise<string[]> {
    const rows = await this.database.sql<{ user_id: string }>(
      `select distinct u.user_id from unnest($2::uuid[]) as u(user_id) where not exists (
         select 1 from sockets s join nodes n on n.node_id = s.node_id and n.seen_at > now() - make_interval(secs => ${DEAD_AFTER_SECONDS})
          where s.client_id = $1 and s.user_id = u.user_id)`,
      [Scope.clientId(), user_ids],
    );
    return rows.map(({ user_id }) => user_id);
  }

  /** Records all of this node's sockets again: the others took it for dead. */
  async restore(): Promise<void> {
    this.coming = this.all();
    await this.flush();
  }

  /** Writes what waits; what the database does not take now is tried again with the next one. */
  async flush(): Promise<void> {
    // Whoever comes while a flush runs is in the next one.
    while (this.flushing) await this.flushing;
    if (this.coming.length === 0 && this.going.length === 0) return;
    this.flushing = this.write().finally(() => {
      this.flushing = null;
    });
    await this.flushing;
  }

  /** Ends the records of this node: `ConnectionService` takes them away with the node. */
  async stop(): Promise<void> {
    this.mine.clear();
    this.coming = [];
    await this.flush();
  }

  /** Tells of those among these people who have no socket any more; asked once the records are gone. */
  async tellGone(client_id: string, user_ids: readonly string[]): Promise<void> {
    await Scope.runAs(client_id, async () => {
      const gone = await this.absent(user_ids);
      if (gone.length > 0) {
        await this.database.transaction(() => this.events.announce('users.disconnected', { client_id, user_ids: gone }));
      }
    });
  }

  private async write(): Promise<void> {
    const [coming, going] = [this.coming, this.going];
    this.coming = [];
    this.going = [];
    for (const [client_id, rows] of Map.groupBy(coming, (row) => row.client_id)) {
      await this.attempt(client_id, rows, this.coming, () => this.record(client_id, rows));
    }
    for (const [client_id, rows] of Map.groupBy(going, (row) => row.client_id)) {
      await this.attempt(client_id, rows, this.going, () => this.erase(client_id, rows));
    }
  }

  private async attempt(client_id: string, rows: readonly SocketRow[], again: SocketRow[], work: () => Promise<void>): Promise<void> {
    try {
      await Scope.runAs(client_id, work);
    } catch (error) {
      this.logger.warn({ err: error, client_id }, 'sockets could not be recorded; it is tried again');
      again.push(...rows);
    }
  }

  private async record(client_id: string, rows: readonly SocketRow[]): Promise<void> {
    const sockets = rows.filter(({ connection_id }) => this.mine.has(connection_id));
    if (sockets.length === 0) return;
    // An account that has just been deleted records nothing.
    await this.database.sql(
      `insert into sockets (client_id, connection_id, user_id, node_id)
       select $1, s.connection_id, s.user_id, $2 from json_to_recordset($3::json) as s(connection_id text, user_id uuid)
         join users u on u.client_id = $1 and u.id = s.user_id
       on conflict (client_id, connection_id) do nothing`,
      [client_id, this.config.node_id, JSON.stringify(sockets)],
    );
    await this.database.transaction(() => this.events.announce('sockets.recorded', { client_id, sockets }));
  }

  private async erase(client_id: string, rows: readonly SocketRow[]): Promise<void> {
    await this.database.sql('delete from sockets where client_id = $1 and connection_id = any($2::text[])', [
      client_id,
      rows.map(({ connection_id }) => connection_id),
    ]);
    await this.tellGone(client_id, [...new Set(rows.map(({ user_id }) => user_id))]);
  }
}
