import { Injectable } from '@nestjs/common';
import { MeetingGoneError, MeetingProvider } from '../../../integrations/meetings/index.js';
import { Database } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { EventBus } from '../../../platform/events/index.js';
import { UUID } from '../../../platform/http/index.js';
import { newId } from '../../../platform/ids/index.js';
import { channels } from '../../../platform/realtime/index.js';
import { Scope, type UserActor } from '../../../platform/scope/index.js';
import { IceServers, SignalRelay } from '../../calls/index.js';
import { MessageService, type MessageView } from '../../chat/index.js';
import { TenantDirectory } from '../../tenancy/index.js';
import { toDirectMessageView } from '../direct-message/direct-message.view.js';
import { MeetingEnding } from './meeting-ending.js';
import { MeetingRepository } from './meeting.repository.js';
import { MeetingTokens } from './meeting-tokens.js';
import { MeetingVoice } from './meeting-voice.js';
import type { Entered, MeetingState, SaidView } from './meeting.view.js';
import { PartyRepository, type TabFacts } from './party.repository.js';
import { GRACE_MS, phaseOf, roleIn, type Seat, type Talk } from './talk.js';
import { stateOf } from './talk-state.js';

/** How many direct messages a page begins with, and asks for at once. */
const SAID_AT_ONCE = 100;

/** Where a link leads. */
export interface Admitted {
  readonly seat: Seat;
  readonly talk: Talk;
}

/** The two of a matching while they meet: who is there, what their browsers tell each other, and what they write. */
@Injectable()
export class TalkService {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDirectory,
    private readonly meetings: MeetingRepository,
    private readonly parties: PartyRepository,
    private readonly tokens: MeetingTokens,
    private readonly ending: MeetingEnding,
    private readonly voice: MeetingVoice,
    private readonly relay: SignalRelay,
    private readonly ice: IceServers,
    private readonly messages: MessageService,
    private readonly provider: MeetingProvider,
    events: EventBus,
  ) {
    events.during('direct_message.posted', ({ room_id }) => this.hearMessage(room_id));
  }

  /** Whose link it is, in the tenant that the link names. @throws MEETING_NOT_FOUND where it is not good, not this meeting's, or no longer */
  async admit(meeting_id: unknown, token: unknown): Promise<Admitted> {
    const holder =
      typeof meeting_id === 'string' && UUID.test(meeting_id) && typeof token === 'string' ? this.tokens.verify(meeting_id, token) : null;
    if (!holder || typeof meeting_id !== 'string' || !(await this.tenants.find(holder.client_id))) throw new AppError('MEETING_NOT_FOUND');
    const { client_id, user_id } = holder;
    return Scope.runAs(client_id, async () => {
      const talk = await this.find(meeting_id);
      return { talk, seat: { client_id, meeting_id, user_id, role: roleIn(talk, user_id) } };
    });
  }

  /** Comes in; an older tab of the same person is sent away. @throws MEETING_NOT_FOUND, MEETING_CLOSED, and what the provider throws */
  async enter(seat: Seat, connection_id: string, tab: TabFacts): Promise<Entered> {
    const talk = await this.open(seat);
    const provider_join = talk.provider === 'chime' ? await this.joinProvider(seat, talk) : null;
    const state = await this.database.transaction(async () => {
      // Of two who come at the same moment the second one sees the first.
      await this.meetings.lockOf(talk.matching_id);
      // Meanwhile it may have been moved, or called off.
      const now = await this.open(seat);
      // What a provider carries does not come through the browsers' own hands.
      await this.parties.enter(seat, connection_id, { ...tab, can_record: tab.can_record && talk.provider === 'local' });
      const parties = await this.parties.list(talk.id);
      if (parties.filter(({ is_here }) => is_here).length === 2) await this.meetings.noteMet(talk.id);
      return stateOf(now, parties);
    });
    if (provider_join) await this.parties.setAttendee(seat, provider_join.attendee);
    const messages = await this.said(seat, 0);
    // The other's browser offers as soon as it hears of this one: nothing more is waited for, so that the answer comes before the offer.
    this.voice.replace(talk.id, seat.user_id, connection_id, tab.tab_id);
    this.voice.tell(talk, 'meeting:people', state);
    return {
      me: seat.role,
      provider: talk.provider,
      state,
      ice_servers: this.ice.of(seat.user_id),
      provider_join,
      messages,
    };
  }

  /** How the meeting stands, asked by a page that has not come in. @throws MEETING_NOT_FOUND */
  async look(seat: Seat): Promise<Pick<Entered, 'me' | 'provider' | 'state'>> {
    const talk = await this.find(seat.meeting_id);
    const me = roleIn(talk, seat.user_id);
    return { me, provider: talk.provider, state: stateOf(talk, await this.parties.list(talk.id)) };
  }

  /** A tab says that it is still there. @throws MEETING_NOT_FOUND, SEAT_TAKEN */
  async beat(seat: Seat, connection_id: string, is_recording: boolean): Promise<MeetingState> {
    const before = await this.parties.list(seat.meeting_id);
    if (!(await this.parties.see(seat, connection_id, is_recording))) throw new AppError('SEAT_TAKEN');
    const { state } = await this.look(seat);
    const known = before.find(({ user_id }) => user_id === seat.user_id);
    if (known?.is_recording !== is_recording || !known.is_here) this.voice.tell(await this.find(seat.meeting_id), 'meeting:people', state);
    return state;
  }

  /** Goes; once both are gone from a talk that has begun it ends, at once where both said so, and else when neither comes back. */
  async leave(seat: Seat, connection_id: string, has_left: boolean): Promise<void> {
    if (!(await this.parties.leave(seat, connection_id, has_left))) return;
    const talk = await this.meetings.findTalk(seat.meeting_id);
    if (!talk) return;
    const parties = await this.parties.list(talk.id);
    this.voice.tell(talk, 'meeting:people', stateOf(talk, parties));
    await this.ending.noticeGone(talk, parties);
  }

  /** Passes on what one side's browser has to tell the other's, in the order in which its socket sent it. @throws MEETING_NOT_FOUND, MEETING_CLOSED */
  async signal(seat: Seat, origin: object, data: unknown): Promise<void> {
    const { speaker_id, listener_id } = await this.open(seat);
    const other = seat.role === 'speaker' ? listener_id : speaker_id;
    if (other === null) return;
    const channel = channels.seat(seat.client_id, seat.meeting_id, other);
    this.relay.send(origin, { channel, event: 'meeting:signal', payload: JSON.stringify({ data }) });
  }

  /** Writes to the other: a direct message as any. @throws MEETING_NOT_FOUND */
  async say(seat: Seat, content: string): Promise<SaidView> {
    const talk = await this.find(seat.meeting_id);
    const actor = actorOf(seat, talk);
    const { message } = await this.messages.post(actor, talk.room_id, { content });
    return saidView(message, talk.matching_id, seat.user_id);
  }

  /** What the two have written after a place; the newest ones where there are more. @throws MEETING_NOT_FOUND */
  async said(seat: Seat, after_seq: number): Promise<SaidView[]> {
    const talk = await this.find(seat.meeting_id);
    const query = after_seq > 0 ? { after_seq, limit: SAID_AT_ONCE } : { limit: SAID_AT_ONCE };
    const { json } = await this.messages.history(actorOf(seat, talk), talk.room_id, query);
    const messages = JSON.parse(json) as MessageView[];
    if (after_seq === 0) messages.reverse();
    return messages.map((message) => saidView(message, talk.matching_id, seat.user_id));
  }

  private async hearMessage(room_id: string): Promise<void> {
    const talk = await this.meetings.findTalkByRoom(room_id);
    if (talk && phaseOf(talk) === 'open') this.database.afterCommit(() => this.voice.tell(talk, 'meeting:message', {}));
  }

  private async find(meeting_id: string): Promise<Talk> {
    const talk = await this.meetings.findTalk(meeting_id);
    if (!talk) throw new AppError('MEETING_NOT_FOUND');
    return talk;
  }

  private async open(seat: Seat): Promise<Talk> {
    const talk = await this.find(seat.meeting_id);
    roleIn(talk, seat.user_id);
    if (phaseOf(talk) !== 'open') throw new AppError('MEETING_CLOSED');
    return talk;
  }

  /** The provider's meeting is made when the first one joins; where it is gone by then, as when all had left, another one is. */
  private async joinProvider(seat: Seat, talk: Talk): Promise<{ meeting: Record<string, unknown>; attendee: Record<string, unknown> }> {
    const meeting = talk.provider_meeting ?? (await this.makeProviderMeeting(talk, talk.id));
    try {
      return { meeting, attendee: await this.provider.admit(meeting, seat.user_id) };
    } catch (error) {
      if (!(error instanceof MeetingGoneError)) throw error;
      const another = await this.makeProviderMeeting(talk, newId());
      return { meeting: another, attendee: await this.provider.admit(another, seat.user_id) };
    }
  }

  private async makeProviderMeeting({ id }: Talk, token: string): Promise<Record<string, unknown>> {
    const provider_meeting = await this.provider.create(id, token);
    await this.meetings.update({ id }, { provider_meeting: provider_meeting as never });
    return provider_meeting;
  }
}

/** The participant, for the doors of other modules; a link makes nobody more than a member. */
function actorOf({ user_id }: Seat, { ends_at, room_id }: Talk): UserActor {
  const exp = Math.ceil((ends_at.getTime() + GRACE_MS) / 1_000);
  return { kind: 'user', id: user_id, email: '', role: 'member', sid: null, room_id, credential: 'bearer', exp };
}

function saidView(message: MessageView, matching_id: string, user_id: string): SaidView {
  return { ...toDirectMessageView(message, matching_id), seq: message.seq, is_mine: message.from?.id === user_id };
}
