export { CHAT_GATEWAY } from './chat.gateway.js';
export { SERVER_EVENTS, type ServerEventDescription } from './chat.events.js';
export { MessageService } from './message.service.js';
export { MessageSweeper } from './message-sweeper.js';
export { CHAT_ENTITIES, ChatModule } from './chat.module.js';
export { LOBBY, RoomService } from './room.service.js';
export type * from './socket.events.js';
export { SocketRegister } from './socket-register.js';
