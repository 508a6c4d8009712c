import { Injectable } from '@nestjs/common';
import { Database, type Page } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { newId } from '../../platform/ids/index.js';
import { Jobs } from '../../platform/jobs/index.js';
import { type Actor, Scope } from '../../platform/scope/index.js';
import { MessageService, RoomService } from '../chat/index.js';
import { FileAccess, FileLinks } from '../files/index.js';
import { matchingSettings, type TenantMatching, TenantDirectory } from '../tenancy/index.js';
import { type Standing, UserStanding } from '../users/index.js';
import type { ChangeMatchingDto, CreateMatchingDto, ListMatchingsQuery } from './matching.dto.js';
import type { Matching } from './matching.entity.js';
import { assertMatching, isDesk, type Party, partyOf } from './matching.policy.js';
import { MatchingRepository, type NamedMatching } from './matching.repository.js';
import { type MatchingView, toMatchingView } from './matching.view.js';
import { MeetingEnding } from './meeting/meeting-ending.js';
import { MeetingNews } from './meeting/meeting-news.js';
import { MatchingNotices } from './matching-notices.js';
import { PaymentService } from './payment/payment.service.js';

const DAY_SECONDS = 86_400;
/** How long a link to a recording is good. */
const AUDIO_LINK_S = 3_600;
/** What the room of the two is called: it tells no names. */
const ROOM_NAME = 'Matching';

/** Talks between a student and a speaker: booked, moved, called off. */
@Injectable()
export class MatchingService {
  constructor(
    private readonly database: Database,
    private readonly matchings: MatchingRepository,
    private readonly people: UserStanding,
    private readonly tenants: TenantDirectory,
    private readonly rooms: RoomService,
    private readonly messages: MessageService,
    private readonly notices: MatchingNotices,
    private readonly ending: MeetingEnding,
    private readonly news: MeetingNews,
    private readonly payments: PaymentService,
    private readonly jobs: Jobs,
    private readonly links: FileLinks,
    access: FileAccess,
  ) {
    access.register(
      'matching',
      async (actor, id) => {
        const matching = await this.matchings.findOne({ id });
        return matching !== null && partyOf(actor, matching) !== null;
      },
      {
        // A recording is both's, whichever of the two owns the file.
        isNeeded: async (file_id, actor) => !isDesk(actor) && (await this.matchings.isRecording(file_id)),
        heirsOf: (user_id) => this.matchings.heirsOf(user_id),
      },
    );
  }

  /**
   * Books a talk with its private room, tells both, and posts the first message, or does none of it.
   * @throws NOT_YOURSELF, VALIDATION_FAILED, USER_NOT_FOUND, SPEAKER_NOT_COMPANY, LISTENER_NOT_STUDENT, IDENTITY_NOT_VERIFIED, SPEAKER_NOT_AVAILABLE,
   *   LISTENER_NOT_AVAILABLE
   */
  async create(actor: Actor, body: CreateMatchingDto, base: string): Promise<MatchingView> {
    const listener_id = listenerOf(actor, body.listener_id);
    const { speaker_id, meeting_length, message } = body;
    const date = futureDate(body.date);
    const { message_ttl_days } = await this.settings();
    const id = newId();
    await this.database.transaction(
      async () => {
        const people = await this.people.lock([speaker_id, listener_id]);
        assertMayMeet(
          people.find((person) => person.id === speaker_id),
          people.find((person) => person.id === listener_id),
        );
        const member_ids = [speaker_id, listener_id];
        await this.rooms.createAnonymous({ id, name: ROOM_NAME, message_ttl_seconds: message_ttl_days * DAY_SECONDS, member_ids });
        const matching = { id, speaker_id, listener_id, date, meeting_length, room_id: id };
        await this.matchings.book(matching);
        await this.notices.tell('created', matching);
        if (message != null) await this.messages.postInto(id, listener_id, message);
        await this.finishAt(matching);
      },
      { retry: true },
    );
    return this.get(actor, id, base);
  }

  /** A page of the actor's matchings, of everybody's for systems; the latest first. Links begin with `base`. @throws INVALID_CURSOR */
  async list(actor: Actor, query: ListMatchingsQuery, base: string): Promise<Page<MatchingView>> {
    const { status, from, to } = query;
    const person_id = actor.kind === 'user' ? actor.id : null;
    const page = await this.matchings.listNamed({ person_id, status, from, to }, query);
    return page.map((matching) => this.present(matching, base));
  }

  /** @throws MATCHING_NOT_FOUND to all but the two and the tenant's admins and systems */
  async get(actor: Actor, id: string, base: string): Promise<MatchingView> {
    const matching = await this.matchings.findNamed(id);
    if (!matching) throw new AppError('MATCHING_NOT_FOUND');
    assertMatching(actor, 'read', matching, 0);
    return this.present(matching, base);
  }

  /**
   * Moves a talk, or calls it off, and tells both: by a notification, and on their meeting's pages.
   * @throws MATCHING_NOT_FOUND, MATCHING_OVER, CUTOFF_PASSED, VALIDATION_FAILED, SPEAKER_NOT_AVAILABLE, LISTENER_NOT_AVAILABLE
   */
  async change(actor: Actor, id: string, body: ChangeMatchingDto, base: string): Promise<MatchingView> {
    const { cancel_cutoff_hours } = await this.settings();
    const act = body.status == null ? 'move' : 'cancel';
    const seen = await this.matchings.findOne({ id });
    if (!seen) throw new AppError('MATCHING_NOT_FOUND');
    assertMatching(actor, act, seen, cancel_cutoff_hours);
    await this.database.transaction(
      async () => {
        // People first, as booking does, and so that their counters are free.
        await this.people.lock([seen.speaker_id, seen.listener_id].filter((person) => person !== null));
        const matching = await this.matchings.lock(id);
        if (!matching) throw new AppError('MATCHING_NOT_FOUND');
        const party = assertMatching(actor, act, matching, cancel_cutoff_hours);
        if (act === 'cancel') await this.cancel(matching, party);
        else await this.move(matching, body);
      },
      { retry: true },
    );
    return this.get(actor, id, base);
  }

  private present(matching: NamedMatching, base: string): MatchingView {
    const { audio_file_id } = matching;
    return toMatchingView(matching, audio_file_id === null ? null : base + this.links.sign(audio_file_id, AUDIO_LINK_S).path);
  }

  private async move(matching: Matching, { date, meeting_length }: ChangeMatchingDto): Promise<void> {
    const when = {
      date: date == null ? matching.date : futureDate(date),
      meeting_length: meeting_length ?? matching.meeting_length,
    };
    if (when.date.getTime() === matching.date.getTime() && when.meeting_length === matching.meeting_length) return;
    await this.matchings.move(matching.id, when);
    const moved = { ...matching, ...when };
    const begins_as_before = when.date.getTime() === matching.date.getTime();
    await this.notices.tell(begins_as_before ? 'resized' : 'moved', moved);
    if (!begins_as_before) await this.ending.beginAnew(matching.id);
    await this.finishAt(moved);
    await this.news.tell(matching.id);
  }

  private async cancel(matching: Matching, by: Party): Promise<void> {
    await this.matchings.update({ id: matching.id }, { status: 'cancelled' });
    await this.payments.release(matching, by);
    await this.notices.tell('cancelled', matching);
    await this.ending.callOff(matching.id);
    await this.news.tell(matching.id);
  }

  /** Looks at the matching again when its time is over. */
  private async finishAt({ id, date, meeting_length }: Pick<Matching, 'id' | 'date' | 'meeting_length'>): Promise<void> {
    await this.jobs.enqueue(
      'matching.settle',
      { matching_id: id },
      { key: id, run_at: new Date(date.getTime() + meeting_length * 60_000) },
    );
  }

  private async settings(): Promise<TenantMatching> {
    const tenant = await this.tenants.find(Scope.clientId());
    return matchingSettings(tenant?.matching ?? {});
  }
}

/** People listen themselves; admins and systems may name who listens. */
function listenerOf(actor: Actor, named: string | null | undefined): string {
  if (named == null) {
    if (actor.kind === 'user') return actor.id;
    throw AppError.field('listener_id', 'is required: name the user who listens');
  }
  if (!isDesk(actor) && named !== actor.id) throw new AppError('NOT_YOURSELF', { message: 'listener_id must be your own id' });
  return named;
}

/** The types come before the proof of who they are (contract, section 8). */
function assertMayMeet(speaker: Standing | undefined, listener: Standing | undefined): void {
  if (!speaker || !listener) throw new AppError('USER_NOT_FOUND');
  if (speaker.type !== 'company') throw new AppError('SPEAKER_NOT_COMPANY');
  if (listener.type !== 'student') throw new AppError('LISTENER_NOT_STUDENT');
  if (!listener.is_authenticated || !speaker.is_authenticated) throw new AppError('IDENTITY_NOT_VERIFIED');
  if (speaker.is_disabled) throw new AppError('SPEAKER_NOT_AVAILABLE');
  if (listener.is_disabled) throw new AppError('LISTENER_NOT_AVAILABLE');
}

function futureDate(text: string): Date {
  const date = new Date(text);
  if (date.getTime() <= Date.now()) throw AppError.field('date', 'must not be in the past');
  // RFC 3339 has four digits for a year, and a talk ends after it has begun.
  if (date.getUTCFullYear() >= 9999) throw AppError.field('date', 'must be before the year 9999');
  return date;
}
