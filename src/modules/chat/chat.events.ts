import type { Type } from '@nestjs/common';
import { MessageView } from './message.view.js';
import { PresenceEvent, ReactionEvent, ReadEvent, RoomUserEvent, SessionEndedEvent } from './socket.dto.js';

/** What the server sends to sockets, for the AsyncAPI document. */
export interface ServerEventDescription {
  readonly name: string;
  readonly payload: Type<object>;
  readonly summary: string;
}

/** Every event of rooms (contract, section 3). */
export const SERVER_EVENTS: readonly ServerEventDescription[] = [
  {
    name: 'message',
    payload: MessageView,
    summary: 'A new message, to everyone in the room, the sending socket too, in the order of seq, after its commit',
  },
  { name: 'message:updated', payload: MessageView, summary: 'A message as it is after an edit, or after changes of which word was lost' },
  { name: 'message:deleted', payload: MessageView, summary: 'The tombstone of a deleted message' },
  { name: 'reaction', payload: ReactionEvent, summary: 'Someone put an emoji under a message, or took it away' },
  { name: 'read', payload: ReadEvent, summary: 'How far someone has read' },
  { name: 'typing', payload: RoomUserEvent, summary: 'Someone is typing; not sent to themselves' },
  { name: 'presence', payload: PresenceEvent, summary: "Someone's first socket came into the room, or their last one left" },
  { name: 'member:joined', payload: RoomUserEvent, summary: 'Someone became a member' },
  { name: 'member:left', payload: RoomUserEvent, summary: 'Someone is no longer a member' },
  { name: 'session:ended', payload: SessionEndedEvent, summary: 'The session has ended; the socket is closed next' },
];
