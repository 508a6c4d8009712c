import { Injectable } from '@nestjs/common';
import { channels, Realtime } from '../../../platform/realtime/index.js';
import { Scope } from '../../../platform/scope/index.js';
import type { Talk } from './talk.js';

/** What the pages of a meeting are told. */
export type MeetingEventName = 'meeting:people' | 'meeting:message' | 'meeting:ended' | 'meeting:replaced';

interface Word {
  readonly channel: string;
  readonly event: MeetingEventName;
  readonly payload: object;
  /** The socket that has taken the seat: all others are sent away. */
  readonly heir?: string;
}

const KIND = 'meeting';

/**
 * Tells the pages of a meeting what happens, on every node. A word that is lost between the nodes is made good by the next beat, whose answer says how
 * everything stands.
 */
@Injectable()
export class MeetingVoice {
  constructor(private readonly realtime: Realtime) {
    realtime.onRelay<Word>(KIND, (word) => this.deliver(word));
  }

  /** Tells both. */
  tell(talk: Pick<Talk, 'id' | 'speaker_id' | 'listener_id'>, event: MeetingEventName, payload: object): void {
    for (const user_id of [talk.speaker_id, talk.listener_id]) {
      if (user_id !== null) this.say({ channel: channels.seat(Scope.clientId(), talk.id, user_id), event, payload });
    }
  }

  /** Sends a seat's other sockets away: the newer tab wins. */
  replace(meeting_id: string, user_id: string, connection_id: string, tab_id: string): void {
    const channel = channels.seat(Scope.clientId(), meeting_id, user_id);
    this.say({ channel, event: 'meeting:replaced', payload: { tab_id }, heir: connection_id });
  }

  private say(word: Word): void {
    this.deliver(word);
    this.realtime.relay(KIND, word);
  }

  private deliver({ channel, event, payload, heir }: Word): void {
    if (!this.realtime.hasSockets(channel)) return;
    if (heir === undefined) return this.realtime.emitHere(channel, event, payload);
    for (const socket of this.realtime.socketsIn(channel).filter(({ id }) => id !== heir)) {
      socket.emit(event, payload as never);
      socket.disconnect(true);
    }
  }
}
