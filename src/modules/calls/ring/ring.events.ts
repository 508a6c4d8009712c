import type { ServerEventDescription } from '../../chat/index.js';
import { CallSignalEvent, UserCallView } from './ring.view.js';

/** What a socket is told of a call. */
export const RING_EVENT_NAMES = ['call:incoming', 'call:accepted', 'call:declined', 'call:ended', 'call:missed'] as const;
export type RingEventName = (typeof RING_EVENT_NAMES)[number];

/** Every event of calls between users (contract, section 7). */
export const RING_SERVER_EVENTS: readonly ServerEventDescription[] = [
  {
    name: 'call:incoming',
    payload: UserCallView,
    summary: 'Somebody calls: to all sockets of the person who is called, and to those that connect while it rings',
  },
  { name: 'call:accepted', payload: UserCallView, summary: 'The call is answered: to both, so that the other devices stop ringing' },
  { name: 'call:declined', payload: UserCallView, summary: 'The call is declined: to both, so that the other devices stop ringing' },
  { name: 'call:ended', payload: UserCallView, summary: 'The call is over, by one of the two or because one of them is gone: to both' },
  { name: 'call:missed', payload: UserCallView, summary: 'Nobody answered for 45 seconds: to both' },
  {
    name: 'call:signal',
    payload: CallSignalEvent,
    summary: "What the other side's browser has to tell, in the order in which its socket sent it",
  },
];
