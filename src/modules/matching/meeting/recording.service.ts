import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { Jobs } from '../../../platform/jobs/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { GrowingUploads } from '../../files/index.js';
import type { BeginTakeDto } from './meeting.dto.js';
import { MeetingRepository } from './meeting.repository.js';
import type { TakeView } from './meeting.view.js';
import { TakeRepository } from './take.repository.js';
import { phaseOf, type Talk } from './talk.js';
import { type Admitted, TalkService } from './talk.service.js';

/** Tabs that came and went while a talk was recorded. */
const MOST_TAKES = 100;
/** Several times of what a browser makes of voices. */
const BYTES_PER_SECOND = 16 * 1_024;

/** Where bytes belong, and how many there are in all where that is known: then the recording is whole. */
export interface TakePlace {
  readonly offset: number;
  readonly length: number | null;
}

/** What participants' browsers record, as it comes; by the participant's link alone. */
@Injectable()
export class RecordingService {
  constructor(
    private readonly database: Database,
    private readonly talks: TalkService,
    private readonly meetings: MeetingRepository,
    private readonly takes: TakeRepository,
    private readonly uploads: GrowingUploads,
    private readonly jobs: Jobs,
  ) {}

  /** Begins a recording. @throws MEETING_NOT_FOUND, MEETING_CLOSED, RATE_LIMITED, QUOTA_EXCEEDED */
  begin(meeting_id: string, token: unknown, { content_type }: BeginTakeDto): Promise<TakeView> {
    return this.inTalk(meeting_id, token, ({ seat: { user_id } }) =>
      this.database.transaction(async () => {
        const talk = await this.talkThatIsOpen(meeting_id);
        if ((await this.takes.list(meeting_id)).length >= MOST_TAKES) throw new AppError('RATE_LIMITED');
        const id = await this.uploads.begin(mostBytes(talk));
        await this.takes.add({ id, meeting_id, user_id, content_type });
        return { id, offset: 0 };
      }),
    );
  }

  /** How far a recording has come. @throws MEETING_NOT_FOUND, UPLOAD_NOT_FOUND */
  position(meeting_id: string, take_id: string, token: unknown): Promise<number> {
    return this.inTake(meeting_id, take_id, token, async () => this.find(take_id));
  }

  /**
   * Adds bytes; `place` says where, and throws where that is not said properly: it is asked once it is clear whose the recording is. Bytes may come a while
   * after the end of the talk.
   * @throws MEETING_NOT_FOUND, UPLOAD_NOT_FOUND, UPLOAD_OFFSET, UPLOAD_LOCKED, FILE_TOO_LARGE, STORAGE_UNAVAILABLE
   */
  append(meeting_id: string, take_id: string, token: unknown, place: () => TakePlace, bytes: AsyncIterable<Buffer>): Promise<number> {
    return this.inTake(meeting_id, take_id, token, async ({ talk }) => {
      const { offset, length } = place();
      const position = await this.uploads.append(take_id, offset, bytes);
      if (length !== null && position >= length) await this.finish(talk, take_id);
      return position;
    });
  }

  /** The talk, which nobody ends until the open transaction does: whoever ends it sees what was begun, or this sees its end. @throws MEETING_CLOSED */
  private async talkThatIsOpen(meeting_id: string): Promise<Talk> {
    await this.meetings.lock(meeting_id);
    const talk = await this.meetings.findTalk(meeting_id);
    if (!talk || phaseOf(talk) !== 'open') throw new AppError('MEETING_CLOSED');
    return talk;
  }

  private async finish(talk: Talk, take_id: string): Promise<void> {
    await this.takes.finish(take_id);
    if (talk.ended_at === null) return;
    // The end of the talk has waited for it.
    const takes = await this.takes.list(talk.id);
    if (takes.every(({ finished_at }) => finished_at !== null))
      await this.jobs.enqueue('meeting.assemble', { meeting_id: talk.id }, { key: talk.id });
  }

  private async find(take_id: string): Promise<number> {
    const position = await this.uploads.position(take_id);
    if (position === null) throw new AppError('UPLOAD_NOT_FOUND');
    return position;
  }

  private inTake<T>(meeting_id: string, take_id: string, token: unknown, work: (admitted: Admitted) => Promise<T>): Promise<T> {
    return this.inTalk(meeting_id, token, async (admitted) => {
      const take = await this.takes.find(take_id);
      const is_theirs = take?.meeting_id === meeting_id && take.user_id === admitted.seat.user_id;
      if (!is_theirs || admitted.talk.recorded_at !== null) throw new AppError('UPLOAD_NOT_FOUND');
      return work(admitted);
    });
  }

  private async inTalk<T>(meeting_id: string, token: unknown, work: (admitted: Admitted) => Promise<T>): Promise<T> {
    const admitted = await this.talks.admit(meeting_id, token);
    return Scope.runIn(admitted.seat.client_id, () => work(admitted));
  }
}

function mostBytes({ starts_at, ends_at }: Talk): number {
  // They may come in before the beginning.
  return Math.ceil((ends_at.getTime() - starts_at.getTime()) / 1_000 + 900) * BYTES_PER_SECOND;
}
