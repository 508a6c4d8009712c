import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { MeetingRepository } from './meeting.repository.js';
import { MeetingVoice } from './meeting-voice.js';
import { PartyRepository } from './party.repository.js';
import { stateOf } from './talk-state.js';

/** Tells a meeting's pages what becomes of its talk elsewhere: it is moved, or called off. */
@Injectable()
export class MeetingNews {
  constructor(
    private readonly database: Database,
    private readonly meetings: MeetingRepository,
    private readonly parties: PartyRepository,
    private readonly voice: MeetingVoice,
  ) {}

  /** Tells the pages of both, in the lobby and inside, how the talk stands by the open transaction, once that has committed; nobody where there is no meeting. */
  async tell(matching_id: string): Promise<void> {
    const talk = await this.meetings.findTalkOf(matching_id);
    if (!talk) return;
    const state = stateOf(talk, await this.parties.list(talk.id));
    this.database.afterCommit(() => this.voice.tell(talk, 'meeting:people', state));
  }
}
