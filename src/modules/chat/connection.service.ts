import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { Database, SystemDatabase } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Logger } from '../../platform/http/index.js';
import { Scope } from '../../platform/scope/index.js';
import { timeSql } from './message.sql.js';
import { BEAT_MS, DEAD_AFTER_SECONDS } from './node-liveness.js';
import { RoomStream } from './room-stream.js';
import { roomUserSql } from './room-user.js';
import type { ConnectionView, RoomUserView } from './room.view.js';
import { SocketRegister, type SocketRow } from './socket-register.js';

/** A socket in a room, as it is recorded. */
export interface ConnectionRow {
  client_id: string;
  room_id: string;
  connection_id: string;
  user_id: string;
}

/**
 * Who is connected to which room, on whatever node. A node that dies leaves its rows behind; the others notice by its silence and take
 * them away, so that presence stays true.
 */
@Injectable()
export class ConnectionService {
  /** What this node has recorded, by connection and room. */
  private readonly mine = new Map<string, Map<string, ConnectionRow>>();
  private leaving: ConnectionRow[] = [];
  /** What the database did not take away; the next beat tries again. */
  private overdue: ConnectionRow[] = [];
  private flushing: Promise<void> | null = null;
  private beat: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly system: SystemDatabase,
    private readonly config: Config,
    private readonly stream: RoomStream,
    private readonly sockets: SocketRegister,
    private readonly logger: Logger,
  ) {}

  /** Says that this node lives, and goes on saying so. */
  async start(): Promise<void> {
    await this.pulse();
    await this.takeOrphans();
    this.beat = setInterval(() => {
      this.pulse().catch((error: unknown) => this.logger.warn({ err: error }, 'this node could not say that it lives'));
    }, BEAT_MS);
    this.beat.unref();
  }

  /** Takes away everything that this node recorded; from here on nobody comes in, and whoever goes has gone already. */
  async stop(): Promise<void> {
    if (this.beat) clearInterval(this.beat);
    this.stopped = true;
    this.mine.clear();
    // Whoever waited for that flush may have begun the next one.
    while (this.flushing) await this.flushing;
    await this.flush();
    await this.sockets.stop();
    await this.takeAway(this.config.node_id);
  }

  /** Records a socket in a room. The person must be in the tenant and the room must exist; both are checked by foreign keys. Throws SHUTTING_DOWN. */
  async add(row: ConnectionRow): Promise<void> {
    if (this.stopped) throw new AppError('SHUTTING_DOWN');
    await this.record(row);
    const rooms = this.mine.get(row.connection_id) ?? new Map<string, ConnectionRow>();
    this.mine.set(row.connection_id, rooms.set(row.room_id, row));
  }

  /**
   * Tells the room that a person is there, where this recorded socket is their first one. Asked only after the record is committed, as
   * {@link tellGone} is asked only after a record's deletion is: of one tab that goes while another comes, either sees the other.
   */
  async tellCome({ client_id, room_id, connection_id }: ConnectionRow): Promise<void> {
    try {
      const [first] = await Scope.runAs(client_id, () =>
        this.database.sql<{ user: RoomUserView }>(
          `select ${roomUserSql('c.user_id')} as "user"
           from connections c join rooms r on r.client_id = $1 and r.id = $2 join users u on u.client_id = $1 and u.id = c.user_id
           where c.client_id = $1 and c.room_id = $2 and c.connection_id = $3 and not exists (
             select 1 from connections o where o.client_id = $1 and o.room_id = $2 and o.user_id = c.user_id
               and (o.connected_at, o.connection_id) < (c.connected_at, c.connection_id))`,
          [client_id, room_id, connection_id],
        ),
      );
      if (first) this.stream.publish({ client_id, room_id, event: 'presence', payload: { room_id, user: first.user, online: true } });
    } catch (error) {
      this.logger.error({ err: error, client_id, room_id }, 'a room could not be told who has come');
    }
  }

  /** Takes a socket out of a room. Many at once go in one statement. */
  async remove(row: ConnectionRow): Promise<void> {
    const rooms = this.mine.get(row.connection_id);
    if (!rooms?.delete(row.room_id)) return;
    if (rooms.size === 0) this.mine.delete(row.connection_id);
    this.leaving.push(row);
    await this.takeLeaving();
  }

  /** Takes a socket out of every room that it was in. */
  async removeAll(connection_id: string): Promise<void> {
    const rows = [...(this.mine.get(connection_id)?.values() ?? [])];
    await Promise.all(rows.map((row) => this.remove(row)));
  }

  /** True while the record stands: not taken away by whoever puts the person out of the room. */
  has(row: ConnectionRow): boolean {
    return this.mine.get(row.connection_id)?.has(row.room_id) === true;
  }

  /** Everything that this node has recorded. */
  all(): ConnectionRow[] {
    return [...this.mine.values()].flatMap((rooms) => [...rooms.values()]);
  }

  /** The sockets that this node has recorded in a room, those on their way in among them. */
  inRoom(client_id: string, room_id: string): ConnectionRow[] {
    const rows: ConnectionRow[] = [];
    for (const rooms of this.mine.values()) {
      const row = rooms.get(room_id);
      if (row?.client_id === client_id) rows.push(row);
    }
    return rows;
  }

  /** Who is connected to a room now, on nodes that live. */
  async list(room_id: string): Promise<ConnectionView[]> {
    return this.database.sql<ConnectionView>(
      `select c.connection_id, ${roomUserSql('u.id')} as "user", ${timeSql('c.connected_at')} as connected_at
       from connections c join users u on u.client_id = c.client_id and u.id = c.user_id
       join rooms r on r.client_id = c.client_id and r.id = c.room_id
       join nodes n on n.node_id = c.node_id and n.seen_at > now() - make_interval(secs => ${DEAD_AFTER_SECONDS})
       where c.client_id = $1 and c.room_id = $2 order by c.connected_at, c.connection_id limit 10000`,
      [Scope.clientId(), room_id],
    );
  }

  private async pulse(): Promise<void> {
    const { known, dead } = await this.system.cross('node-liveness', async (sql) => {
      const before = await sql('select 1 from nodes where node_id = $1', [this.config.node_id]);
      await sql('insert into nodes (node_id) values ($1) on conflict (node_id) do update set seen_at = now()', [this.config.node_id]);
      const silent = await sql<{ node_id: string }>(
        `select node_id from nodes where seen_at < now() - make_interval(secs => ${DEAD_AFTER_SECONDS})`,
      );
      return { known: before.length > 0, dead: silent };
    });
    // The others took this node for dead (it was paused, or its database was away): say again who is connected.
    if (!known) {
      await this.restore();
      await this.sockets.restore();
    }
    await this.sockets.flush();
    // Whoever has come back meanwhile stays.
    this.leaving.push(...this.overdue.splice(0).filter((row) => !this.has(row)));
    await this.takeLeaving();
    for (const { node_id } of dead) await this.takeAway(node_id);
  }

  /** A node that ended while somebody was coming in may have left a row that no node answers for. */
  private async takeOrphans(): Promise<void> {
    const orphans = await this.system.cross('node-liveness', (sql) =>
      sql<{ node_id: string }>(
        `select distinct c.node_id from (select node_id from connections union all select node_id from sockets) c
          where not exists (select 1 from nodes n where n.node_id = c.node_id)`,
      ),
    );
    for (const { node_id } of orphans) await this.takeAway(node_id);
  }

  private async restore(): Promise<void> {
    for (const row of this.all()) {
      if (!this.has(row)) continue;
      try {
        await Scope.runAs(row.client_id, () => this.record(row));
        if (this.has(row)) await this.tellCome(row);
        // It went while it was being recorded, perhaps before its record was there to be taken away.
        else this.overdue.push(row);
      } catch (error) {
        this.logger.warn({ err: error, client_id: row.client_id, room_id: row.room_id }, 'a connection could not be recorded again');
      }
    }
  }

  private async record(row: ConnectionRow): Promise<void> {
    await this.database.sql(
      `insert into connections (client_id, room_id, connection_id, user_id, node_id) values ($1, $2, $3, $4, $5) on conflict do nothing`,
      [row.client_id, row.room_id, row.connection_id, row.user_id, this.config.node_id],
    );
  }

  /** Takes a node's rows away and tells the rooms who is gone. */
  private async takeAway(node_id: string): Promise<void> {
    const { gone, people } = await this.system.cross('node-liveness', async (sql) => {
      await sql('delete from nodes where node_id = $1', [node_id]);
      const rows = await sql<ConnectionRow>(
        'delete from connections where node_id = $1 returning client_id, room_id, connection_id, user_id',
        [node_id],
      );
      const sockets = await sql<SocketRow>('delete from sockets where node_id = $1 returning client_id, connection_id, user_id', [node_id]);
      return { gone: rows, people: sockets };
    });
    for (const [client_id, rows] of Map.groupBy(gone, (row) => row.client_id)) {
      await Scope.runAs(client_id, async () => this.tellGone(client_id, rows));
    }
    for (const [client_id, rows] of Map.groupBy(people, (row) => row.client_id)) {
      await this.sockets.tellGone(client_id, [...new Set(rows.map(({ user_id }) => user_id))]);
    }
  }

  private async takeLeaving(): Promise<void> {
    // Whoever comes while a flush runs is in the next one.
    while (this.flushing) await this.flushing;
    if (this.leaving.length === 0) return;
    this.flushing = this.flush().finally(() => {
      this.flushing = null;
    });
    await this.flushing;
  }

  private async flush(): Promise<void> {
    const rows = this.leaving;
    this.leaving = [];
    for (const [client_id, ofTenant] of Map.groupBy(rows, (row) => row.client_id)) {
      try {
        await Scope.runAs(client_id, async () => {
          await this.database.sql(
            `delete from connections c using json_to_recordset($2::json) as gone(room_id text, connection_id text)
             where c.client_id = $1 and c.room_id = gone.room_id and c.connection_id = gone.connection_id`,
            [client_id, JSON.stringify(ofTenant)],
          );
          await this.tellGone(client_id, ofTenant);
        });
      } catch (error) {
        this.logger.warn({ err: error, client_id }, 'connections could not be taken away; it is tried again');
        this.overdue.push(...ofTenant);
      }
    }
  }

  /** Tells each room who has no socket there any more. Called once the deletion is committed, so that of two that go at once the last sees none. */
  private async tellGone(client_id: string, rows: readonly ConnectionRow[]): Promise<void> {
    const gone = await this.database.sql<{ room_id: string; user: RoomUserView }>(
      `select distinct on (c.room_id, c.user_id) c.room_id, ${roomUserSql('c.user_id')} as "user"
       from json_to_recordset($2::json) as c(room_id text, user_id uuid)
       join rooms r on r.client_id = $1 and r.id = c.room_id
       left join users u on u.client_id = $1 and u.id = c.user_id
       where not exists (select 1 from connections o where o.client_id = $1 and o.room_id = c.room_id and o.user_id = c.user_id)`,
      [client_id, JSON.stringify(rows)],
    );
    for (const { room_id, user } of gone) {
      this.stream.publish({ client_id, room_id, event: 'presence', payload: { room_id, user, online: false } });
    }
  }
}
