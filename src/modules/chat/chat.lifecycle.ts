import { setTimeout as pause } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { EventBus } from '../../platform/events/index.js';
import { Logger } from '../../platform/http/index.js';
import { Realtime } from '../../platform/realtime/index.js';
import { Scope } from '../../platform/scope/index.js';
import { ConnectionService } from './connection.service.js';
import { MessageSearch } from './message-search.js';
import { Outbox } from './outbox.js';
import { type RoomProgress, RoomRepository } from './room.repository.js';
import { RoomService } from './room.service.js';
import { RoomStream } from './room-stream.js';

/** How often a node among several asks whether its rooms have messages, or changes of messages, that it was not told of. */
const RECONCILE_MS = 3_000;
/** How long a change may be on its way from another node. */
const CHANGE_PATIENCE_MS = 200;

/** What chat does at start and at the end, and for tenants that are made. */
@Injectable()
export class ChatLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private reconciler: NodeJS.Timeout | null = null;
  private reconciling = false;

  constructor(
    events: EventBus,
    private readonly rooms: RoomService,
    private readonly roomRows: RoomRepository,
    private readonly connections: ConnectionService,
    private readonly search: MessageSearch,
    private readonly stream: RoomStream,
    private readonly realtime: Realtime,
    private readonly outbox: Outbox,
    private readonly logger: Logger,
  ) {
    events.during('tenant.creating', () => this.rooms.createLobby());
    events.during('user.deleting', ({ id }) => this.rooms.leaveAll(id));
  }

  /** Says that this node lives, and looks after what earlier processes left. */
  async onApplicationBootstrap(): Promise<void> {
    await this.connections.start();
    await this.search.recover();
    if (!this.realtime.isClustered) return;
    this.reconciler = setInterval(() => {
      this.reconcile().catch((error: unknown) => this.logger.warn({ err: error }, 'rooms could not be reconciled'));
    }, RECONCILE_MS);
    this.reconciler.unref();
  }

  /** Takes this node's connections away, while the database is still there. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.reconciler) clearInterval(this.reconciler);
    this.outbox.flush();
    await this.connections.stop();
  }

  /** A message that another node's relay lost would be seen only with the next one, and a change never; asking finds them. */
  private async reconcile(): Promise<void> {
    if (this.reconciling) return;
    this.reconciling = true;
    try {
      const changing: Array<RoomProgress & { client_id: string }> = [];
      for (const [client_id, open] of Map.groupBy(this.stream.openRooms(), (room) => room.client_id)) {
        const rooms = await Scope.runAs(client_id, () => this.roomRows.progress(open.map((room) => room.room_id)));
        for (const { room_id, last_seq } of rooms) await this.stream.catchUpTo(client_id, room_id, last_seq);
        changing.push(...this.stream.lacking(rooms.map((room) => ({ ...room, client_id }))));
      }
      if (changing.length === 0) return;
      await pause(CHANGE_PATIENCE_MS, undefined, { ref: false });
      for (const { client_id, room_id, last_rev } of changing) await this.stream.makeUpChanges(client_id, room_id, last_rev);
    } finally {
      this.reconciling = false;
    }
  }
}
