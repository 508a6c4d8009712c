export { CHAT_GATEWAY } from './chat.gateway.js';
export { ChatModule } from './chat.module.js';
export { MessageService } from './message.service.js';
export { MessageSweeper } from './message-sweeper.js';
export { Room } from './room.entity.js';
export { RoomMember } from './room-member.entity.js';
export { Message } from './message.entity.js';
export { LOBBY, RoomService } from './room.service.js';
