import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/scope/index.js';
import { ConnectionService } from './connection.service.js';
import { readerOf } from './room.policy.js';
import { RoomRepository } from './room.repository.js';
import type { ConnectionView } from './room.view.js';

/** Who is connected to a room, for those who may see it. */
@Injectable()
export class RoomPresence {
  constructor(
    private readonly rooms: RoomRepository,
    private readonly connections: ConnectionService,
  ) {}

  /** The sockets in a room now, on every node. Throws ROOM_NOT_FOUND. */
  async list(actor: Actor, room_id: string): Promise<ConnectionView[]> {
    await this.rooms.getFor(room_id, readerOf(actor));
    return this.connections.list(room_id);
  }
}
