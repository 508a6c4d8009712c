import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { Database, Listener } from '../../platform/database/index.js';
import { channels, Realtime } from '../../platform/realtime/index.js';
import { Scope } from '../../platform/scope/index.js';
import { type ConnectionRow, ConnectionService } from './connection.service.js';
import { KnownSenders } from './known-senders.js';
import { RoomMemberRepository } from './room-member.repository.js';
import { RoomStream } from './room-stream.js';

/** Who is no longer in a room: one person, all who are no members of it, or everybody. */
export type Departure = { readonly room_id: string } & (
  | {
      readonly whom: 'person';
      readonly user_id: string;
      /** In an open room their sockets may go on listening. */
      readonly may_stay: boolean;
      /** The person as the room shows them. */
      readonly user: { readonly id: string; readonly username?: string };
    }
  | { readonly whom: 'strangers' | 'everybody' }
);

type Notice = Departure & { readonly client_id: string; readonly node_id: string };

const CHANNEL = 'kaiwa_room_departure';

/**
 * Puts sockets out of rooms on every node. The word goes with the commit, by the database itself: what carries the sockets' events may lose
 * some, and nobody is to go on hearing a private room for that. What a node missed while it did not listen, it finds out afterwards.
 */
@Injectable()
export class RoomDeparture implements OnModuleInit, OnModuleDestroy {
  private stop: (() => void) | undefined;

  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly listener: Listener,
    private readonly realtime: Realtime,
    private readonly stream: RoomStream,
    private readonly connections: ConnectionService,
    private readonly members: RoomMemberRepository,
    private readonly known: KnownSenders,
  ) {}

  async onModuleInit(): Promise<void> {
    this.stop = await this.listener.on(CHANNEL, (payload) => {
      const notice = JSON.parse(payload) as Notice;
      // This node has seen to it right after the commit.
      return notice.node_id === this.config.node_id ? undefined : this.apply(notice);
    });
    this.listener.onReconnected(() => this.recheck());
  }

  onModuleDestroy(): void {
    this.stop?.();
  }

  /** Inside the transaction that takes the membership or the room away: every node is told with its commit. */
  async announce(departure: Departure): Promise<void> {
    const notice: Notice = { ...departure, client_id: Scope.clientId(), node_id: this.config.node_id };
    await this.database.sql('select pg_notify($1, $2)', [CHANNEL, JSON.stringify(notice)]);
    this.database.afterCommit(() => this.apply(notice));
  }

  private async apply(notice: Notice): Promise<void> {
    const { client_id, room_id } = notice;
    const present = this.connections.inRoom(client_id, room_id);
    switch (notice.whom) {
      case 'person':
        this.known.forgetMember(client_id, room_id, notice.user_id);
        this.stream.tellHere({ client_id, room_id, event: 'member:left', payload: { room_id, user: notice.user } });
        if (!notice.may_stay) this.putOut(present.filter(({ user_id }) => user_id === notice.user_id));
        break;
      case 'everybody':
        this.known.forgetRoom(client_id, room_id);
        this.putOut(present);
        break;
      case 'strangers':
        this.known.forgetRoom(client_id, room_id);
        await this.putOutStrangers(client_id, present);
        break;
    }
  }

  /** Takes sockets out of rooms, those among them that are on their way in. */
  private putOut(rows: readonly ConnectionRow[]): void {
    for (const row of rows) {
      const socket = this.realtime.socket(row.connection_id);
      void socket?.leave(channels.room(row.client_id, row.room_id));
      socket?.data.joined.delete(row.room_id);
      void this.connections.remove(row);
    }
  }

  private async putOutStrangers(client_id: string, rows: readonly ConnectionRow[]): Promise<void> {
    const strangers = await Scope.runAs(client_id, () => this.members.strangers(rows));
    this.putOut(rows.filter(({ room_id, user_id }) => strangers.has(`${room_id}/${user_id}`)));
  }

  private async recheck(): Promise<void> {
    for (const [client_id, rows] of Map.groupBy(this.connections.all(), (row) => row.client_id)) {
      await this.putOutStrangers(client_id, rows);
    }
  }
}
