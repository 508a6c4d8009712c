export { CHAT_GATEWAY } from './chat.gateway.js';
export { SERVER_EVENTS, type ServerEventDescription } from './chat.events.js';
export type { DirectMessagePosted } from './message.events.js';
export type { MessageView } from './message.view.js';
export { MAX_CONTENT } from './message.dto.js';
export { MessageService } from './message.service.js';
export { MessageSweeper } from './message-sweeper.js';
export { CHAT_ENTITIES, ChatModule } from './chat.module.js';
export { LOBBY, RoomService } from './room.service.js';
