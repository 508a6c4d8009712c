import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Database, Listener } from '../../../platform/database/index.js';
import { EventBus } from '../../../platform/events/index.js';
import { channels, type KaiwaSocket, Realtime } from '../../../platform/realtime/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { SocketRegister, type SocketsRecorded } from '../../chat/index.js';
import { type CallStatus, isOpen } from '../log/call.entity.js';
import { IceServers } from './ice-servers.js';
import type { RingEventName } from './ring.events.js';
import { type Ring, RingRepository } from './ring.repository.js';
import type { UserCallView } from './ring.view.js';

interface Notice {
  readonly client_id: string;
  readonly event: RingEventName;
  readonly call: Ring;
}

const CHANNEL = 'kaiwa_ring';

/** A node that did not listen is told of what happened so lately: longer than it takes to see that a connection is lost, and to make another. */
const RECHECK_SECONDS = 60;

const EVENT_OF: Record<CallStatus, RingEventName> = {
  ringing: 'call:incoming',
  in_progress: 'call:accepted',
  completed: 'call:ended',
  missed: 'call:missed',
  declined: 'call:declined',
  failed: 'call:ended',
};

/**
 * Tells the two of a call what becomes of it, on all their sockets on every node. The word goes with the commit, by the database itself, so
 * that it cannot be lost between the nodes, is heard in the order of what happened, and comes from workers that have no sockets too.
 */
@Injectable()
export class RingNotifier implements OnModuleInit, OnModuleDestroy {
  private stop: (() => void) | undefined;
  /** The call that each socket was last told to ring for; a person is called once at a time. */
  private readonly rung = new WeakMap<KaiwaSocket, string>();

  constructor(
    private readonly database: Database,
    private readonly listener: Listener,
    private readonly realtime: Realtime,
    private readonly sockets: SocketRegister,
    private readonly rings: RingRepository,
    private readonly ice: IceServers,
    events: EventBus,
  ) {
    events.during('sockets.recorded', ({ sockets }) => this.tellNewcomers(sockets));
  }

  async onModuleInit(): Promise<void> {
    this.stop = await this.listener.on(CHANNEL, (payload) => this.apply(JSON.parse(payload) as Notice));
    this.listener.onReconnected(() => this.recheck());
  }

  onModuleDestroy(): void {
    this.stop?.();
  }

  /** Inside the transaction that changes the call: every node is told with its commit. */
  async announce(event: RingEventName, call: Ring): Promise<void> {
    const notice: Notice = { client_id: Scope.clientId(), event, call };
    await this.database.sql('select pg_notify($1, $2)', [CHANNEL, JSON.stringify(notice)]);
  }

  /** The call as one of the two sees it. */
  view({ id, caller, callee, status, media }: Ring, user_id: string): UserCallView {
    return { id, caller, callee, status, media, ice_servers: isOpen(status) ? this.ice.of(user_id) : [] };
  }

  private apply({ client_id, event, call }: Notice): void {
    if (event === 'call:incoming') {
      this.ring(this.realtime.socketsIn(channels.user(client_id, call.callee.id)), call);
      return;
    }
    for (const { id } of [call.caller, call.callee]) {
      const channel = channels.user(client_id, id);
      if (this.realtime.hasSockets(channel)) this.realtime.emitHere(channel, event, this.view(call, id));
    }
  }

  /** A socket that connects while it rings has not been told. In the transaction of {@link RingRepository.ringingAt}. */
  private async tellNewcomers(sockets: SocketsRecorded['sockets']): Promise<void> {
    for (const call of await this.rings.ringingAt([...new Set(sockets.map(({ user_id }) => user_id))])) {
      const own = sockets.filter(({ user_id }) => user_id === call.callee.id);
      this.ring(
        own.flatMap(({ connection_id }) => this.realtime.socket(connection_id) ?? []),
        call,
      );
    }
  }

  /** Each socket rings once for a call, though it may be found in two ways while it connects. */
  private ring(sockets: readonly KaiwaSocket[], call: Ring): void {
    if (sockets.length === 0) return;
    const payload = this.view(call, call.callee.id);
    for (const socket of sockets) {
      if (this.rung.get(socket) === call.id) continue;
      this.rung.set(socket, call.id);
      socket.emit('call:incoming', payload as never);
    }
  }

  /** What this node was not told of while it did not listen. Told twice, it changes nothing for a client. */
  private async recheck(): Promise<void> {
    for (const [client_id, rows] of Map.groupBy(this.sockets.all(), (row) => row.client_id)) {
      await Scope.runAs(client_id, async () => {
        const user_ids = [...new Set(rows.map(({ user_id }) => user_id))];
        for (const call of await this.rings.changedLately(user_ids, RECHECK_SECONDS)) {
          this.apply({ client_id, event: EVENT_OF[call.status], call });
        }
      });
    }
  }
}
