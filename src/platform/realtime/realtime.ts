import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { RELAY_SERVER } from './relay-server.js';
import type { KaiwaServer, KaiwaSocket } from './socket-types.js';
import { TurnTransport } from './turn-transport.js';

/** The Socket.IO rooms that this server uses; a tenant's name is in each, so that none can be another tenant's. */
export const channels = {
  room: (client_id: string, room_id: string): string => `${client_id}/r/${room_id}`,
  user: (client_id: string, user_id: string): string => `${client_id}/u/${user_id}`,
  session: (client_id: string, sid: string): string => `${client_id}/s/${sid}`,
  tenant: (client_id: string): string => `${client_id}/t`,
  /** One person's sockets that came by a pass, whatever it is for. */
  holder: (client_id: string, user_id: string): string => `${client_id}/h/${user_id}`,
  /** One person's sockets that came by a pass for one meeting. */
  seat: (client_id: string, meeting_id: string, user_id: string): string => `${client_id}/m/${meeting_id}/${user_id}`,
};

const RELAY = 'kaiwa';

/** Packets that may wait for a client that does not read; who has more is dropped, and catches up once it is back. */
const MOST_UNREAD = 5_000;
const UNREAD_CHECK_MS = 1_000;

type RelayHandler = (data: never) => void;

/** What engine.io keeps to itself of a connection: what waits to be written. */
interface EngineSocket {
  readonly writeBuffer: readonly unknown[];
  readonly transport: unknown;
}

/**
 * The only place that touches the Socket.IO server: emits to this node's sockets, and relays to the other nodes, each of
 * which delivers to its own. Delivery is local on purpose: each node puts a room's events in order before its clients see them.
 */
@Injectable()
export class Realtime {
  private server: KaiwaServer | null = null;
  private clustered = false;
  private readonly handlers = new Map<string, RelayHandler>();

  /** `relay`: where the process takes no sockets itself. */
  constructor(@Optional() @Inject(RELAY_SERVER) relay: KaiwaServer | null = null) {
    if (relay) this.attach(relay, true);
  }

  /** Called once, when the gateway's server exists. */
  attach(server: KaiwaServer, clustered: boolean): void {
    this.server = server;
    this.clustered = clustered;
    if (clustered) {
      server.on(RELAY as never, ((kind: string, data: never) => this.handlers.get(kind)?.(data)) as never);
    }
    setInterval(() => this.dropUnread(), UNREAD_CHECK_MS).unref();
  }

  /** True where other nodes may have sockets of the same rooms. */
  get isClustered(): boolean {
    return this.clustered;
  }

  /** Emits to this node's sockets in a channel, but for those that are in `except`. */
  emitHere(channel: string, event: string, payload: unknown, except?: string): void {
    if (!this.server) return;
    const target = this.clustered ? this.server.local.to(channel) : this.server.to(channel);
    (except === undefined ? target : target.except(except)).emit(event, payload as never);
  }

  /** Tells the other nodes; nothing where this one is alone. Lost messages are the receiver's to notice. */
  relay(kind: string, data: unknown): void {
    if (this.clustered) this.server?.serverSideEmit(RELAY as never, kind as never, data as never);
  }

  /** Takes what other nodes relay under `kind`. */
  onRelay<T>(kind: string, handler: (data: T) => void): void {
    this.handlers.set(kind, handler);
  }

  /** Emits to a channel's sockets on every node, in no promised order. */
  emitEverywhere(channel: string, event: string, payload: unknown): void {
    this.server?.to(channel).emit(event, payload as never);
  }

  /** True where this node has a socket in the channel. */
  hasSockets(channel: string): boolean {
    return this.countIn(channel) > 0;
  }

  /** How many sockets this node has in the channel. */
  countIn(channel: string): number {
    return this.server?.of('/').adapter.rooms.get(channel)?.size ?? 0;
  }

  /** This node's sockets in a channel. */
  socketsIn(channel: string): KaiwaSocket[] {
    const namespace = this.server?.of('/');
    const found: KaiwaSocket[] = [];
    for (const id of namespace?.adapter.rooms.get(channel) ?? []) {
      const socket = namespace?.sockets.get(id);
      if (socket) found.push(socket);
    }
    return found;
  }

  /** All of this node's sockets. */
  sockets(): KaiwaSocket[] {
    return [...(this.server?.of('/').sockets.values() ?? [])];
  }

  /** This node's socket of an id; undefined where it is gone, or has not been let in yet. */
  socket(id: string): KaiwaSocket | undefined {
    return this.server?.of('/').sockets.get(id);
  }

  /**
   * Closes every socket's connection, so that its client connects elsewhere by itself; resolves when all are closed, or after `timeout_ms` where
   * a client does not answer.
   */
  async sendAway(timeout_ms: number): Promise<void> {
    const sockets = this.sockets();
    const closed = Promise.all(
      sockets.map(
        (socket) => new Promise<void>((resolve) => (socket.disconnected ? resolve() : socket.once('disconnect', () => resolve()))),
      ),
    );
    for (const socket of sockets) socket.conn.close();
    const late = new AbortController();
    await Promise.race([closed, pause(timeout_ms, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
  }

  /** Calls `left` when this node's last socket has left a channel. */
  onEmpty(left: (channel: string) => void): void {
    this.server?.of('/').adapter.on('delete-room', left);
  }

  /** A client may answer pings and yet read nothing; what it is owed must not fill the memory. */
  private dropUnread(): void {
    for (const socket of this.sockets()) {
      const conn = socket.conn as unknown as EngineSocket;
      if (conn.writeBuffer.length <= MOST_UNREAD) continue;
      if (conn.transport instanceof TurnTransport) conn.transport.drop();
      else socket.conn.close(true);
    }
  }

  /** How many sockets this node serves. */
  get socketCount(): number {
    return this.server?.of('/').sockets.size ?? 0;
  }
}
