import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { Jobs } from '../../../platform/jobs/index.js';
import { GrowingUploads } from '../../files/index.js';
import type { Matching } from '../matching.entity.js';
import { serverStatus } from '../matching.policy.js';
import { MatchingRepository } from '../matching.repository.js';
import { MeetingRepository } from './meeting.repository.js';
import { MeetingVoice } from './meeting-voice.js';
import { type Party, PartyRepository } from './party.repository.js';
import { TakeRepository } from './take.repository.js';
import { phaseOf, type Talk } from './talk.js';

declare module '../../../platform/jobs/index.js' {
  interface JobPayloads {
    'meeting.end': { matching_id: string };
    'meeting.assemble': { meeting_id: string };
  }
}

/** Both said that they leave: what one of them still has to send is let come. */
const LEFT_MS = 2_000;
/** A tab was closed, or its connection broke: it may come back. */
const DROPPED_MS = 30_000;
/** What was recorded before a connection broke may arrive so long after the end. */
export const ARRIVAL_MS = 120_000;

/** How talks end: at their length, or when both have left. */
@Injectable()
export class MeetingEnding {
  constructor(
    private readonly database: Database,
    private readonly matchings: MatchingRepository,
    private readonly meetings: MeetingRepository,
    private readonly parties: PartyRepository,
    private readonly takes: TakeRepository,
    private readonly uploads: GrowingUploads,
    private readonly voice: MeetingVoice,
    private readonly jobs: Jobs,
  ) {
    jobs.define('meeting.end', { scope: 'tenant', handler: ({ matching_id }) => this.endDeserted(matching_id) });
  }

  /** Somebody has gone. A talk that has begun, and in which both were, ends where nobody is in it for long enough. */
  async noticeGone(talk: Talk, parties: readonly Party[]): Promise<void> {
    if (talk.met_at === null || talk.ended_at !== null || parties.some(({ is_here }) => is_here)) return;
    if (talk.starts_at.getTime() > Date.now()) return;
    const wait_ms = parties.every(({ has_left }) => has_left) ? LEFT_MS : DROPPED_MS;
    const { matching_id } = talk;
    await this.jobs.enqueue('meeting.end', { matching_id }, { key: matching_id, run_at: new Date(Date.now() + wait_ms) });
  }

  /** Ends the meeting of a matching that ends, and answers whether the two have met; in the open transaction, which has the matching locked. */
  async close(matching: Matching): Promise<boolean> {
    const meeting = await this.meetings.lockOf(matching.id);
    if (!meeting) return matching.is_done_meeting;
    const has_met = matching.is_done_meeting || meeting.met_at !== null;
    if (meeting.ended_at === null) {
      const ended_at = new Date();
      await this.meetings.update({ id: meeting.id }, { ended_at });
      const takes = await this.takes.list(meeting.id);
      const is_whole = takes.every(({ finished_at }) => finished_at !== null);
      const run_at = is_whole ? ended_at : new Date(ended_at.getTime() + ARRIVAL_MS);
      await this.jobs.enqueue('meeting.assemble', { meeting_id: meeting.id }, { key: meeting.id, run_at });
      const { speaker_id, listener_id } = matching;
      const payload = { is_recorded: takes.length > 0 };
      this.database.afterCommit(() => this.voice.tell({ id: meeting.id, speaker_id, listener_id }, 'meeting:ended', payload));
    }
    return has_met;
  }

  /**
   * Ends the meeting of a matching that is called off, in the open transaction, which has the matching locked: nothing of it was recorded. What a browser
   * still sends finds no place any more.
   */
  async callOff(matching_id: string): Promise<void> {
    const meeting = await this.meetings.lockOf(matching_id);
    if (!meeting) return;
    const now = new Date();
    await this.meetings.update({ id: meeting.id }, { ended_at: now, recorded_at: now });
    await this.forget(meeting.id);
  }

  /**
   * A talk begins at another time, in the open transaction, which has the matching locked. Where nobody is let in by then yet, those who came in early have
   * not met, and what was recorded until now goes; where the two are in it and may stay, they have met.
   */
  async beginAnew(matching_id: string): Promise<void> {
    const meeting = await this.meetings.lockOf(matching_id);
    const talk = meeting && (await this.meetings.findTalk(meeting.id));
    if (!talk) return;
    if (phaseOf(talk) === 'early') {
      await this.meetings.update({ id: talk.id }, { met_at: null });
      await this.forget(talk.id);
      return;
    }
    const parties = await this.parties.list(talk.id);
    if (parties.filter(({ is_here }) => is_here).length === 2) await this.meetings.noteMet(talk.id);
  }

  /** The rows go in the open transaction, and condemn the bytes, so that nothing of them is left wherever the server stops. */
  private async forget(meeting_id: string): Promise<void> {
    await this.uploads.discard(await this.takes.deleteOf(meeting_id));
  }

  private async endDeserted(matching_id: string): Promise<void> {
    await this.database.transaction(async () => {
      const matching = await this.matchings.lock(matching_id);
      const meeting = matching && (await this.meetings.findOne({ matching_id }));
      if (!meeting || matching.status !== 'booked' || meeting.met_at === null || matching.date.getTime() > Date.now()) return;
      const parties = await this.parties.list(meeting.id);
      if (parties.some(({ is_here }) => is_here)) return;
      await this.settle(matching);
    });
  }

  /** Settles a matching whose time is over, or whose talk is under way and one of the two goes for good; false for any other. */
  async settleBegun(matching: Matching): Promise<boolean> {
    const now_ms = Date.now();
    const is_over = matching.ends_at.getTime() <= now_ms;
    const has_begun = matching.date.getTime() <= now_ms;
    if (!is_over && !(has_begun && (await this.meetings.findOne({ matching_id: matching.id }))?.met_at)) return false;
    await this.settle(matching);
    return true;
  }

  /** What becomes of a matching whose talk is over. */
  async settle(matching: Matching): Promise<void> {
    const is_done_meeting = await this.close(matching);
    const status = serverStatus(is_done_meeting ? 'finish' : 'miss', matching.status) ?? matching.status;
    await this.matchings.update({ id: matching.id }, { status, is_done_meeting });
  }
}
