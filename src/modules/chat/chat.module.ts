import { Module } from '@nestjs/common';
import { AuthModule, ROOM_ACCESS } from '../auth/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { UsersModule } from '../users/index.js';
import { ChatGateway } from './chat.gateway.js';
import { ChatLifecycle } from './chat.lifecycle.js';
import { ConnectionService } from './connection.service.js';
import { KnownSenders } from './known-senders.js';
import { FilesModule } from '../files/index.js';
import { MessageFiles } from './message-files.js';
import { MessageBatcher } from './message-batcher.js';
import { Message } from './message.entity.js';
import { MessageController } from './message.controller.js';
import { MessageRepository } from './message.repository.js';
import { MessageSearch } from './message-search.js';
import { MessageService } from './message.service.js';
import { MessageSweeper } from './message-sweeper.js';
import { Outbox } from './outbox.js';
import { Room } from './room.entity.js';
import { RoomDeparture } from './room-departure.js';
import { RoomEntry } from './room-entry.js';
import { RoomController } from './room.controller.js';
import { RoomMember } from './room-member.entity.js';
import { RoomMemberRepository } from './room-member.repository.js';
import { RoomPresence } from './room-presence.js';
import { RoomRepository } from './room.repository.js';
import { RoomService } from './room.service.js';
import { RoomStream } from './room-stream.js';
import { SocketRegister } from './socket-register.js';

/** The tables of this module. */
export const CHAT_ENTITIES = [Room, RoomMember, Message];

@Module({
  imports: [TenancyModule, UsersModule, AuthModule, FilesModule],
  controllers: [RoomController, MessageController],
  providers: [
    ChatGateway,
    ChatLifecycle,
    ConnectionService,
    KnownSenders,
    MessageBatcher,
    MessageFiles,
    MessageRepository,
    MessageSearch,
    MessageService,
    MessageSweeper,
    Outbox,
    RoomDeparture,
    RoomEntry,
    RoomMemberRepository,
    RoomPresence,
    RoomRepository,
    RoomService,
    RoomStream,
    SocketRegister,
    { provide: ROOM_ACCESS, useExisting: RoomService },
  ],
  exports: [MessageService, RoomService, MessageSweeper, SocketRegister],
})
export class ChatModule {}
