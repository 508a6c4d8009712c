import { Injectable } from '@nestjs/common';
import { AppError } from '../../platform/errors/index.js';
import type { KaiwaSocket } from '../../platform/realtime/index.js';
import { channels } from '../../platform/realtime/index.js';
import type { UserActor } from '../../platform/scope/index.js';
import { ConnectionService } from './connection.service.js';
import { MessageRepository } from './message.repository.js';
import { readerOf } from './room.policy.js';
import { RoomRepository } from './room.repository.js';
import { RoomService } from './room.service.js';
import { RoomStream } from './room-stream.js';
import { roomUser } from './room-user.js';

/** A socket that may come into a room; everything that can fail or wait is done. */
export interface Admission {
  /** Lets the socket in; in one turn of the event loop, so that nothing is lost or repeated. */
  letIn(): void;
  /** Takes everything back, for a socket that has gone meanwhile. */
  abandon(): Promise<void>;
}

/** What a client that comes into a room is given. */
export interface Caught {
  room: unknown;
  missed: unknown[];
  has_more: boolean;
  last_seq: number;
  changed: unknown[];
  changed_has_more: boolean;
}

/** How a socket comes into a room and leaves it: records, membership, presence, and what was missed. */
@Injectable()
export class RoomEntry {
  constructor(
    private readonly stream: RoomStream,
    private readonly rooms: RoomService,
    private readonly roomRows: RoomRepository,
    private readonly messages: MessageRepository,
    private readonly connections: ConnectionService,
  ) {}

  /**
   * Comes into a room with what the client has missed since `after_seq`. Where the socket is in the room already there is no admission.
   * Throws ROOM_NOT_FOUND.
   */
  async join(socket: KaiwaSocket, room_id: string, after_seq: number | null): Promise<{ caught: Caught; admission: Admission | null }> {
    const { actor, joined, joining } = socket.data;
    // Asked for twice at once, the second one finds the socket in the room.
    for (let other = joining.get(room_id); other; other = joining.get(room_id)) await other;
    const live_from = joined.get(room_id);
    if (live_from !== undefined) {
      // What this connection was sent live already is not given again, unless the client says that it has got so far and no further.
      const before_seq = after_seq !== null && after_seq < live_from ? live_from : Number.MAX_SAFE_INTEGER;
      return { caught: await this.catchUp(actor, room_id, after_seq, before_seq), admission: null };
    }
    let caught: Caught | null = null;
    const admission = await this.prepare(socket, room_id, async () => {
      caught = await this.catchUp(actor, room_id, after_seq, Number.MAX_SAFE_INTEGER);
      return caught.last_seq;
    });
    if (caught === null) throw new AppError('ROOM_NOT_FOUND');
    return { caught, admission };
  }

  /** Comes into the room that the token names; null where there is no such room any more. */
  async enter(socket: KaiwaSocket): Promise<Admission | null> {
    const { actor } = socket.data;
    try {
      return await this.prepare(socket, actor.room_id, async () => (await this.roomRows.getFor(actor.room_id, actor.id)).last_seq);
    } catch (error) {
      if (error instanceof AppError && error.code === 'ROOM_NOT_FOUND') return null;
      throw error;
    }
  }

  /** Leaves a room with this socket; membership stays. */
  async leave(socket: KaiwaSocket, room_id: string): Promise<void> {
    const { client_id, actor, joined, joining } = socket.data;
    for (let other = joining.get(room_id); other; other = joining.get(room_id)) await other;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    // Whoever comes back at once waits until the record is gone, or it would be taken for the new one.
    joining.set(room_id, done);
    try {
      joined.delete(room_id);
      await socket.leave(channels.room(client_id, room_id));
      await this.connections.remove({ client_id, room_id, connection_id: socket.id, user_id: actor.id });
    } finally {
      joining.delete(room_id);
      resolve();
    }
  }

  /** Takes a socket that is gone out of all its rooms, and tells them where it was the person's last one. */
  async leaveAll(socket: KaiwaSocket): Promise<void> {
    socket.data.joined.clear();
    await this.connections.removeAll(socket.id);
  }

  /** Tells the others in a room that one is typing. Throws ROOM_NOT_FOUND. */
  async typing(socket: KaiwaSocket, room_id: string): Promise<void> {
    const { client_id, actor, username } = socket.data;
    const room = await this.roomRows.getFor(room_id, actor.id);
    const user = roomUser(room, actor.id, username);
    this.stream.publish({ client_id, room_id, event: 'typing', payload: { room_id, user }, except: channels.user(client_id, actor.id) });
  }

  /** Records the socket in a room and readies everything for the moment in which it is let in. */
  private async prepare(socket: KaiwaSocket, room_id: string, read: () => Promise<number>): Promise<Admission> {
    const { client_id, actor, username, joined, joining } = socket.data;
    const row = { client_id, room_id, connection_id: socket.id, user_id: actor.id };
    const { promise: done, resolve } = Promise.withResolvers<void>();
    joining.set(room_id, done);
    const over = (): void => {
      joining.delete(room_id);
      resolve();
    };
    let tell: () => void = () => undefined;
    try {
      const { snapshot, enter, abandon } = await this.stream.join(client_id, room_id, async () => {
        const room = await this.roomRows.getFor(room_id, actor.id);
        await this.connections.add(row);
        const isNew = room.my_role === null && (await this.rooms.enter(room_id, actor.id, room.last_seq));
        const user = roomUser(room, actor.id, username);
        tell = () => {
          if (isNew) this.stream.publish({ client_id, room_id, event: 'member:joined', payload: { room_id, user } });
          void this.connections.tellCome(row);
        };
        return { last_seq: await read(), last_rev: room.last_rev };
      });
      const admission: Admission = {
        letIn: () => {
          // Without its record it was put out of the room on its way in.
          if (socket.disconnected || !this.connections.has(row)) {
            void admission.abandon();
            return;
          }
          void socket.join(channels.room(client_id, room_id));
          joined.set(room_id, snapshot.last_seq + 1);
          enter((event) => socket.emit(event.event, event.payload as never));
          over();
          tell();
        },
        abandon: async () => {
          abandon();
          over();
          await this.connections.remove(row);
        },
      };
      return admission;
    } catch (error) {
      over();
      await this.connections.remove(row);
      throw error;
    }
  }

  private async catchUp(actor: UserActor, room_id: string, after_seq: number | null, before_seq: number): Promise<Caught> {
    const room = await this.rooms.get(actor, room_id);
    const caught = await this.messages.catchUp(room_id, readerOf(actor), after_seq, before_seq);
    if (!caught) throw new AppError('ROOM_NOT_FOUND');
    const missed = JSON.parse(caught.missed) as unknown[];
    const changed = JSON.parse(caught.changed) as unknown[];
    return {
      room,
      missed,
      has_more: caught.missed_count > missed.length,
      last_seq: caught.last_seq,
      changed,
      changed_has_more: caught.changed_count > changed.length,
    };
  }
}
