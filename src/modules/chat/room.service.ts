import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/ids/index.js';
import {
  Database,
  decodeCursor,
  isUniqueViolation,
  type Page,
  pageLimit,
  pageOf,
  type PageRequest,
  type WrittenPage,
} from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { type Actor, Scope } from '../../platform/scope/index.js';
import { FileAttachments } from '../files/index.js';
import { UserDirectory } from '../users/index.js';
import { assertCanRun, assertNotFixed, personOf, readerOf, type RoomForReader } from './room.policy.js';
import type { CreateRoomDto, UpdateRoomDto } from './room.dto.js';
import type { RoomRole } from './room-member.entity.js';
import { RoomDeparture } from './room-departure.js';
import { RoomMemberRepository } from './room-member.repository.js';
import { RoomRepository } from './room.repository.js';
import { RoomStream } from './room-stream.js';
import { roomUser } from './room-user.js';
import type { ReadMarkerView, RoomMemberView, RoomUserView, RoomView } from './room.view.js';

/** The room that every tenant starts with, and that a login which names none is in. */
export const LOBBY = 'lobby';

/** Rooms and who is in them. */
@Injectable()
export class RoomService {
  constructor(
    private readonly database: Database,
    private readonly rooms: RoomRepository,
    private readonly members: RoomMemberRepository,
    private readonly users: UserDirectory,
    private readonly stream: RoomStream,
    private readonly departure: RoomDeparture,
    private readonly files: FileAttachments,
  ) {}

  /** Makes a room; the person who makes it is its admin. Throws ROOM_ID_TAKEN (409), USER_NOT_FOUND for an unknown member. */
  async create(actor: Actor, body: CreateRoomDto): Promise<RoomView> {
    const creator = readerOf(actor);
    const id = body.id ?? newId();
    const invited = [...new Set(body.member_ids ?? [])].filter((user_id) => user_id !== creator);
    await this.database.transaction(async () => {
      await this.assertUsers(invited);
      try {
        await this.rooms.insert({
          id,
          name: body.name,
          visibility: body.visibility,
          message_ttl_seconds: body.message_ttl_seconds ?? null,
          created_by: creator,
        });
      } catch (error) {
        throw isUniqueViolation(error) ? new AppError('ROOM_ID_TAKEN') : error;
      }
      if (creator) await this.members.add(id, [creator], 'admin', 0);
      await this.members.add(id, invited, 'member', 0);
    });
    return this.get(actor, id);
  }

  /** Makes a tenant's first room; inside the transaction that makes the tenant. */
  async createLobby(): Promise<void> {
    await this.rooms.insert({ id: LOBBY, name: 'Lobby', visibility: 'open', message_ttl_seconds: null, is_fixed: true, created_by: null });
  }

  /**
   * Makes a private room that its members can neither change, leave nor delete, and in which they are ids alone; inside the open transaction.
   * Unknown members are left out.
   */
  async createAnonymous(room: {
    id: string;
    name: string;
    message_ttl_seconds: number | null;
    member_ids: readonly string[];
  }): Promise<void> {
    const { id, name, message_ttl_seconds, member_ids } = room;
    const fixed = { visibility: 'private', is_fixed: true, is_anonymous: true, created_by: null } as const;
    await this.rooms.insert({ id, name, message_ttl_seconds, ...fixed });
    await this.members.add(id, member_ids, 'member', 0);
  }

  /** The room as the actor sees it. Throws ROOM_NOT_FOUND. */
  async get(actor: Actor, room_id: string): Promise<RoomView> {
    const json = await this.rooms.findJson(room_id, readerOf(actor));
    if (json === null) throw new AppError('ROOM_NOT_FOUND');
    return JSON.parse(json) as RoomView;
  }

  /** The actor's rooms and the open ones, in order of their ids. */
  async list(actor: Actor, page: PageRequest): Promise<WrittenPage> {
    const limit = pageLimit(page.limit);
    const after = page.cursor === undefined ? '' : String(decodeCursor(page.cursor, ['text'])[0]);
    const rows = await this.rooms.listJson(readerOf(actor), after, limit + 1);
    return pageOf(rows, limit, (row) => [row.id]).written(({ json }) => json);
  }

  /**
   * Changes what is named. Whoever makes an open room private goes on running it, as a member. Throws ROOM_NOT_FOUND, FORBIDDEN,
   * ROOM_NOT_CHANGEABLE (409) for a matching's own room.
   */
  async update(actor: Actor, room_id: string, body: UpdateRoomDto): Promise<RoomView> {
    const room = await this.rooms.getFor(room_id, readerOf(actor));
    assertCanRun(actor, room);
    if (room.is_anonymous || (room.is_fixed && body.visibility === 'private')) assertNotFixed(room, 'ROOM_NOT_CHANGEABLE');
    await this.database.transaction(async () => {
      await this.rooms.update(
        { id: room_id },
        {
          ...(body.name == null ? {} : { name: body.name }),
          ...(body.visibility == null ? {} : { visibility: body.visibility }),
          ...(body.message_ttl_seconds === undefined ? {} : { message_ttl_seconds: body.message_ttl_seconds }),
        },
      );
      if (body.visibility === 'private' && room.visibility === 'open') await this.close(room, readerOf(actor));
    });
    return this.get(actor, room_id);
  }

  /** Deletes a room with all that was said in it. Throws ROOM_NOT_FOUND, FORBIDDEN, ROOM_NOT_DELETABLE (409). */
  async remove(actor: Actor, room_id: string): Promise<void> {
    const room = await this.rooms.getFor(room_id, readerOf(actor));
    assertCanRun(actor, room);
    assertNotFixed(room, 'ROOM_NOT_DELETABLE');
    await this.database.transaction(async () => {
      await this.rooms.delete({ id: room_id });
      await this.files.detach({ kind: 'room', id: room_id });
      await this.departure.announce({ room_id, whom: 'everybody' });
    });
  }

  /** A page of the room's members. */
  async listMembers(actor: Actor, room_id: string, page: PageRequest): Promise<Page<RoomMemberView>> {
    await this.rooms.getFor(room_id, readerOf(actor));
    const limit = pageLimit(page.limit);
    const after = page.cursor === undefined ? null : String(decodeCursor(page.cursor, ['uuid'])[0]);
    const rows = await this.members.listViews(room_id, after, limit + 1);
    return pageOf(rows, limit, (row) => [row.user.id]);
  }

  /**
   * Makes a person a member, or gives a member another role. People add themselves to open rooms; whoever runs the room adds
   * others and decides roles. Throws ROOM_NOT_FOUND, FORBIDDEN, USER_NOT_FOUND, ROOM_MEMBERS_FIXED (409).
   */
  async putMember(actor: Actor, room_id: string, user_id: string, role: RoomRole | undefined): Promise<RoomMemberView> {
    const room = await this.rooms.getFor(room_id, readerOf(actor));
    const joinsAlone = actor.kind === 'user' && actor.id === user_id && room.visibility === 'open' && role !== 'admin';
    if (!joinsAlone) {
      assertCanRun(actor, room);
      if (room.is_anonymous) assertNotFixed(room, 'ROOM_MEMBERS_FIXED');
    }
    await this.assertUsers([user_id]);
    await this.database.transaction(async () => {
      const visibility = await this.rooms.lock(room_id);
      const [added] = await this.members.add(room_id, [user_id], role ?? 'member', room.last_seq);
      if (added === undefined && role !== undefined) {
        await this.members.update({ room_id, user_id }, { role });
        if (visibility === 'private') await this.members.ensureAdmin(room_id);
      }
      if (added !== undefined) await this.tellJoined(room, user_id);
    });
    return this.memberView(room, user_id);
  }

  /**
   * Takes a person out of a room: themselves, or by whoever runs it. A room whose last admin leaves is run by its
   * longest-standing member. Throws ROOM_NOT_FOUND, FORBIDDEN, MEMBER_NOT_FOUND, ROOM_MEMBERS_FIXED (409).
   */
  async removeMember(actor: Actor, room_id: string, user_id: string): Promise<void> {
    const room = await this.rooms.getFor(room_id, readerOf(actor));
    if (room.is_anonymous) assertNotFixed(room, 'ROOM_MEMBERS_FIXED');
    if (!(actor.kind === 'user' && actor.id === user_id)) assertCanRun(actor, room);
    await this.database.transaction(async () => {
      // It may have become private since it was looked at.
      const may_stay = (await this.rooms.lock(room_id)) === 'open';
      if ((await this.members.delete({ room_id, user_id })) === 0) throw new AppError('MEMBER_NOT_FOUND');
      if (!may_stay) await this.members.ensureAdmin(room_id);
      await this.departure.announce({ room_id, whom: 'person', user_id, may_stay, user: await this.userView(room, user_id) });
    });
  }

  /** Takes a person whose account ends out of every room; inside the transaction that ends it. */
  async leaveAll(user_id: string): Promise<void> {
    const client_id = Scope.clientId();
    const [user] = await this.users.byIds([user_id]);
    for (const { room_id, ...room } of await this.members.leaveAll(user_id)) {
      const payload = { room_id, user: roomUser(room, user_id, user?.username) };
      this.database.afterCommit(() => this.stream.publish({ client_id, room_id, event: 'member:left', payload }));
    }
  }

  /** Makes a person who comes in by socket a member of a room that they may see; answers whether they are new. */
  async enter(room_id: string, user_id: string, last_seq: number): Promise<boolean> {
    const [added] = await this.members.add(room_id, [user_id], 'member', last_seq);
    return added !== undefined;
  }

  /** Moves the person's read marker forward, which makes them a member of an open room, and tells the room. Throws ROOM_NOT_FOUND; a place beyond the last is wrong. */
  async markRead(actor: Actor, room_id: string, seq: number): Promise<ReadMarkerView> {
    const user_id = personOf(actor);
    const room = await this.rooms.getFor(room_id, user_id);
    if (seq > room.last_seq) throw AppError.field('seq', `is beyond the room's last message (${room.last_seq})`);
    const marker = await this.members.markRead(room_id, user_id, seq);
    if (marker === null) throw new AppError('ROOM_NOT_FOUND');
    const client_id = Scope.clientId();
    const user = await this.userView(room, user_id);
    if (marker.joined) this.stream.publish({ client_id, room_id, event: 'member:joined', payload: { room_id, user } });
    this.stream.publish({ client_id, room_id, event: 'read', payload: { room_id, user, seq: marker.last_read_seq } });
    return { room_id, seq: marker.last_read_seq };
  }

  /** True where the person may go into the room; for logins that name one. */
  async canEnter(user_id: string, room_id: string): Promise<boolean> {
    return (await this.rooms.findJson(room_id, user_id)) !== null;
  }

  /** A person as this room shows them. */
  async userView(room: Pick<RoomForReader, 'is_anonymous'>, user_id: string): Promise<RoomUserView> {
    const [user] = room.is_anonymous ? [] : await this.users.byIds([user_id]);
    return roomUser(room, user_id, user?.username);
  }

  /** An open room is run by the tenant's admins too, a private one by its own alone: it must have one from here on. */
  private async close(room: RoomForReader, closer: string | null): Promise<void> {
    if (closer !== null && room.my_role !== 'admin') {
      const [added] = await this.members.add(room.id, [closer], 'admin', room.last_seq);
      if (added === undefined) await this.members.update({ room_id: room.id, user_id: closer }, { role: 'admin' });
      else await this.tellJoined(room, closer);
    }
    await this.members.ensureAdmin(room.id);
    await this.departure.announce({ room_id: room.id, whom: 'strangers' });
  }

  private async memberView(room: RoomForReader, user_id: string): Promise<RoomMemberView> {
    const member = await this.members.findOne({ room_id: room.id, user_id });
    if (!member) throw new AppError('MEMBER_NOT_FOUND');
    return { user: await this.userView(room, user_id), role: member.role, joined_at: member.joined_at.toISOString() };
  }

  private async tellJoined(room: RoomForReader, user_id: string): Promise<void> {
    const client_id = Scope.clientId();
    const payload = { room_id: room.id, user: await this.userView(room, user_id) };
    this.database.afterCommit(() => this.stream.publish({ client_id, room_id: room.id, event: 'member:joined', payload }));
  }

  private async assertUsers(user_ids: readonly string[]): Promise<void> {
    if (user_ids.length === 0) return;
    const known = await this.users.byIds(user_ids);
    if (known.length < new Set(user_ids).size) throw new AppError('USER_NOT_FOUND');
  }
}
