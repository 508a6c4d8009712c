import { type OnGatewayConnection, type OnGatewayDisconnect, type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import { Config } from '../../../platform/config/index.js';
import { toAppError } from '../../../platform/errors/index.js';
import { type KaiwaRequest, Logger } from '../../../platform/http/index.js';
import { channels, EventBudget, type KaiwaSocket, type KaiwaSpace, Realtime, SocketEvent } from '../../../platform/realtime/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { BeatDto, EnterMeetingDto, LeaveMeetingDto, LookDto, MeetingSignalDto, ReadSaidDto, SayDto } from './meeting.dto.js';
import { GRACE_MS, type Seat } from './talk.js';
import { TalkService } from './talk.service.js';

/** What the pages of meetings and this server tell each other: no part of the API, and a participant's link is its only credential. */
@WebSocketGateway({ namespace: 'meetings' })
export class MeetingGateway implements OnGatewayInit<KaiwaSpace>, OnGatewayConnection<KaiwaSocket>, OnGatewayDisconnect<KaiwaSocket> {
  private readonly seats = new WeakMap<KaiwaSocket, Seat>();
  /** What a socket sends is looked at one after another, so that it keeps its order. */
  private readonly last = new WeakMap<KaiwaSocket, Promise<unknown>>();

  constructor(
    private readonly config: Config,
    private readonly realtime: Realtime,
    private readonly talks: TalkService,
    private readonly logger: Logger,
  ) {}

  afterInit(space: KaiwaSpace): void {
    this.realtime.attachSpace(space);
    space.use((socket, next) => {
      this.admit(socket).then(
        () => next(),
        (thrown: unknown) => {
          const error = toAppError(thrown);
          if (error.status === 500) this.logger.error({ err: error }, 'a meeting could not be entered');
          next(new Error(error.code));
        },
      );
    });
  }

  handleConnection(socket: KaiwaSocket): void {
    const { client_id, meeting_id, user_id } = this.seatOf(socket);
    void socket.join(channels.seat(client_id, meeting_id, user_id));
  }

  async handleDisconnect(socket: KaiwaSocket): Promise<void> {
    const seat = this.seatOf(socket);
    try {
      await Scope.runAs(seat.client_id, () => this.talks.leave(seat, socket.id, false));
    } catch (error) {
      // Its silence will tell.
      this.logger.warn({ err: error }, 'that somebody left a meeting could not be noted');
    }
  }

  @SocketEvent('meeting:look', LookDto, { summary: 'Ask how the meeting stands, without coming in' })
  async look(socket: KaiwaSocket): Promise<Record<string, unknown>> {
    return { me: this.seatOf(socket).role, state: await this.talks.look(this.seatOf(socket)) };
  }

  @SocketEvent('meeting:enter', EnterMeetingDto, { summary: 'Come in; an older tab of the same person is sent away' })
  async enter(socket: KaiwaSocket, tab: EnterMeetingDto): Promise<Record<string, unknown>> {
    return { ...(await this.talks.enter(this.seatOf(socket), socket.id, tab)) };
  }

  @SocketEvent('meeting:beat', BeatDto, { summary: 'Say that the tab is still there' })
  async beat(socket: KaiwaSocket, { is_recording }: BeatDto): Promise<Record<string, unknown>> {
    return { state: await this.talks.beat(this.seatOf(socket), socket.id, is_recording) };
  }

  @SocketEvent('meeting:leave', LeaveMeetingDto, { summary: 'Leave' })
  leave(socket: KaiwaSocket, { has_left }: LeaveMeetingDto): Promise<void> {
    return this.talks.leave(this.seatOf(socket), socket.id, has_left);
  }

  @SocketEvent('meeting:signal', MeetingSignalDto, { summary: 'Tell the other of the two what their browser needs to know' })
  signal(socket: KaiwaSocket, { data }: MeetingSignalDto): Promise<void> {
    const before = this.last.get(socket) ?? Promise.resolve();
    const signal = before.then(() => this.talks.signal(this.seatOf(socket), socket, data));
    this.last.set(
      socket,
      signal.catch(() => undefined),
    );
    return signal;
  }

  @SocketEvent('meeting:say', SayDto, { summary: 'Write a direct message' })
  async say(socket: KaiwaSocket, { text }: SayDto): Promise<Record<string, unknown>> {
    return { message: await this.talks.say(this.seatOf(socket), text) };
  }

  @SocketEvent('meeting:messages', ReadSaidDto, { summary: 'Ask for direct messages' })
  async said(socket: KaiwaSocket, { after_seq }: ReadSaidDto): Promise<Record<string, unknown>> {
    return { messages: await this.talks.said(this.seatOf(socket), after_seq) };
  }

  private async admit(socket: KaiwaSocket): Promise<void> {
    const { meeting_id, token } = socket.handshake.auth as { meeting_id?: unknown; token?: unknown };
    const { seat, talk } = await this.talks.admit(meeting_id, token);
    this.seats.set(socket, seat);
    const { client_id, user_id: id } = seat;
    const exp = Math.ceil((talk.ends_at.getTime() + GRACE_MS) / 1_000);
    socket.data = {
      client_id,
      actor: { kind: 'user', id, email: '', role: 'member', sid: null, room_id: talk.room_id, credential: 'bearer', exp },
      // The talk itself is asked at each event.
      asOfNow: (actor) => actor,
      username: '',
      address: (socket.request as KaiwaRequest).ip ?? socket.handshake.address,
      joined: new Map(),
      joining: new Map(),
      budget: new EventBudget(this.config.env.RATE_LIMIT?.caller ?? null),
    };
  }

  private seatOf(socket: KaiwaSocket): Seat {
    const seat = this.seats.get(socket);
    if (!seat) throw new Error('A socket has no seat in any meeting');
    return seat;
  }
}
