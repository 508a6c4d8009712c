import { Body, Controller, Delete, Get, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page, WrittenPage } from '../../platform/database/index.js';
import { Access, Answers, CurrentActor, IdParam, NameParam, PageQuery } from '../../platform/http/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { MarkReadDto } from './message.dto.js';
import { CreateRoomDto, PutMemberDto, UpdateRoomDto } from './room.dto.js';
import { RoomPresence } from './room-presence.js';
import { RoomService } from './room.service.js';
import { ConnectionView, ReadMarkerView, RoomMemberView, RoomView } from './room.view.js';

@Controller('rooms')
@ApiTags('Rooms')
export class RoomController {
  constructor(
    private readonly rooms: RoomService,
    private readonly presence: RoomPresence,
  ) {}

  /** Make a room. The person who makes it is its admin. */
  @Post()
  @Access('member', { scope: 'rooms' })
  @Answers(201, RoomView, { refuses: ['ROOM_ID_TAKEN', 'USER_NOT_FOUND'] })
  createRoom(@CurrentActor() actor: Actor, @Body() body: CreateRoomDto): Promise<RoomView> {
    return this.rooms.create(actor, body);
  }

  /** List the caller's rooms and the open ones, by id. */
  @Get()
  @Access('member', { scope: 'rooms' })
  @Answers(200, [RoomView], { refuses: ['INVALID_CURSOR'], headers: { Link: 'The next page, where there is one' } })
  listRooms(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<WrittenPage> {
    return this.rooms.list(actor, query);
  }

  /** Show a room as the caller sees it. */
  @Get(':id')
  @Access('member', { scope: 'rooms' })
  @Answers(200, RoomView, { refuses: ['ROOM_NOT_FOUND'] })
  getRoom(@CurrentActor() actor: Actor, @NameParam('id', 'ROOM_NOT_FOUND') id: string): Promise<RoomView> {
    return this.rooms.get(actor, id);
  }

  /** Change a room. By its admins, or by the tenant's admins where it is open. */
  @Patch(':id')
  @Access('member', { scope: 'rooms' })
  @Answers(200, RoomView, { refuses: ['ROOM_NOT_FOUND', 'FORBIDDEN', 'ROOM_NOT_CHANGEABLE'] })
  updateRoom(@CurrentActor() actor: Actor, @NameParam('id', 'ROOM_NOT_FOUND') id: string, @Body() body: UpdateRoomDto): Promise<RoomView> {
    return this.rooms.update(actor, id, body);
  }

  /** Delete a room with all that was said in it. The lobby stays. */
  @Delete(':id')
  @Access('member', { scope: 'rooms' })
  @Answers(204, undefined, { refuses: ['ROOM_NOT_FOUND', 'FORBIDDEN', 'ROOM_NOT_DELETABLE'] })
  deleteRoom(@CurrentActor() actor: Actor, @NameParam('id', 'ROOM_NOT_FOUND') id: string): Promise<void> {
    return this.rooms.remove(actor, id);
  }

  /** List who is in a room. */
  @Get(':id/members')
  @Access('member', { scope: 'rooms' })
  @Answers(200, [RoomMemberView], { refuses: ['ROOM_NOT_FOUND', 'INVALID_CURSOR'], headers: { Link: 'The next page, where there is one' } })
  listRoomMembers(
    @CurrentActor() actor: Actor,
    @NameParam('id', 'ROOM_NOT_FOUND') id: string,
    @Query() query: PageQuery,
  ): Promise<Page<RoomMemberView>> {
    return this.rooms.listMembers(actor, id, query);
  }

  /** Make a person a member, or give a member another role. Everybody may add themselves to an open room. */
  @Put(':id/members/:user_id')
  @Access('member', { scope: 'rooms' })
  @Answers(200, RoomMemberView, { refuses: ['ROOM_NOT_FOUND', 'USER_NOT_FOUND', 'FORBIDDEN', 'ROOM_MEMBERS_FIXED'] })
  putRoomMember(
    @CurrentActor() actor: Actor,
    @NameParam('id', 'ROOM_NOT_FOUND') id: string,
    @IdParam('user_id', 'USER_NOT_FOUND') user_id: string,
    @Body() body: PutMemberDto,
  ): Promise<RoomMemberView> {
    return this.rooms.putMember(actor, id, user_id, body.role ?? undefined);
  }

  /** Take a person out of a room. Oneself, or by the room's admins. */
  @Delete(':id/members/:user_id')
  @Access('member', { scope: 'rooms' })
  @Answers(204, undefined, { refuses: ['ROOM_NOT_FOUND', 'MEMBER_NOT_FOUND', 'FORBIDDEN', 'ROOM_MEMBERS_FIXED'] })
  removeRoomMember(
    @CurrentActor() actor: Actor,
    @NameParam('id', 'ROOM_NOT_FOUND') id: string,
    @IdParam('user_id', 'MEMBER_NOT_FOUND') user_id: string,
  ): Promise<void> {
    return this.rooms.removeMember(actor, id, user_id);
  }

  /** List the sockets that are in a room now, across all nodes. */
  @Get(':id/connections')
  @Access('member', { scope: 'rooms' })
  @Answers(200, [ConnectionView], { refuses: ['ROOM_NOT_FOUND'] })
  listRoomConnections(@CurrentActor() actor: Actor, @NameParam('id', 'ROOM_NOT_FOUND') id: string): Promise<ConnectionView[]> {
    return this.presence.list(actor, id);
  }

  /** Move the caller's read marker forward. */
  @Put(':id/read')
  @Access('member')
  @Answers(200, ReadMarkerView, { refuses: ['ROOM_NOT_FOUND'] })
  markRoomRead(
    @CurrentActor() actor: Actor,
    @NameParam('id', 'ROOM_NOT_FOUND') id: string,
    @Body() body: MarkReadDto,
  ): Promise<ReadMarkerView> {
    return this.rooms.markRead(actor, id, body.seq);
  }
}
