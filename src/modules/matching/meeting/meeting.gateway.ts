import { type OnGatewayDisconnect, WebSocketGateway } from '@nestjs/websockets';
import { AppError } from '../../../platform/errors/index.js';
import { Logger } from '../../../platform/http/index.js';
import { channels, type KaiwaSocket, SocketEvent, type SocketPass } from '../../../platform/realtime/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { type PassHolder, SocketPasses } from '../../auth/index.js';
import { BeatDto, EnterMeetingDto, LeaveMeetingDto, LookDto, MeetingSignalDto, ReadSaidDto, SayDto } from './meeting.dto.js';
import { GRACE_MS, type Seat } from './talk.js';
import { TalkService } from './talk.service.js';

/** What a page of a meeting may send, and nothing else. */
const EVENTS = ['look', 'enter', 'beat', 'leave', 'signal', 'say', 'messages'].map((name) => `meeting:${name}`);

/**
 * What the pages of meetings and this server tell each other: no part of the API. Their sockets come by a pass, `<meeting's id>.<participant's token>`; a
 * socket of an account has no seat in any meeting.
 */
@WebSocketGateway()
export class MeetingGateway implements OnGatewayDisconnect<KaiwaSocket> {
  private readonly seats = new WeakMap<SocketPass, Seat>();
  /** What a socket sends is looked at one after another, so that it keeps its order. */
  private readonly last = new WeakMap<KaiwaSocket, Promise<unknown>>();

  constructor(
    passes: SocketPasses,
    private readonly talks: TalkService,
    private readonly logger: Logger,
  ) {
    passes.register((pass) => this.verify(pass));
  }

  async handleDisconnect(socket: KaiwaSocket): Promise<void> {
    const seat = this.findSeat(socket);
    if (!seat) return;
    try {
      await Scope.runAs(seat.client_id, () => this.talks.leave(seat, socket.id, false));
    } catch (error) {
      // Its silence will tell.
      this.logger.warn({ err: error }, 'that somebody left a meeting could not be noted');
    }
  }

  @SocketEvent('meeting:look', LookDto, { summary: 'Ask how the meeting stands, without coming in' })
  async look(socket: KaiwaSocket): Promise<Record<string, unknown>> {
    return { ...(await this.talks.look(this.seatOf(socket))) };
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
  async leave(socket: KaiwaSocket, { has_left }: LeaveMeetingDto): Promise<void> {
    return this.talks.leave(this.seatOf(socket), socket.id, has_left);
  }

  @SocketEvent('meeting:signal', MeetingSignalDto, { summary: 'Tell the other of the two what their browser needs to know' })
  async signal(socket: KaiwaSocket, { data }: MeetingSignalDto): Promise<void> {
    const seat = this.seatOf(socket);
    const before = this.last.get(socket) ?? Promise.resolve();
    const signal = before.then(() => this.talks.signal(seat, socket, data));
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

  private async verify(pass: string): Promise<PassHolder | null> {
    const dot = pass.indexOf('.');
    try {
      const { seat, talk } = await this.talks.admit(pass.slice(0, dot), pass.slice(dot + 1));
      const { client_id, meeting_id, user_id } = seat;
      const granted: SocketPass = { channel: channels.seat(client_id, meeting_id, user_id), events: EVENTS };
      this.seats.set(granted, seat);
      return { client_id, user_id, exp: Math.ceil((talk.ends_at.getTime() + GRACE_MS) / 1_000), pass: granted };
    } catch (error) {
      if (error instanceof AppError && error.code === 'MEETING_NOT_FOUND') return null;
      throw error;
    }
  }

  private findSeat({ data }: KaiwaSocket): Seat | undefined {
    return data.pass ? this.seats.get(data.pass) : undefined;
  }

  /** @throws MEETING_NOT_FOUND to sockets of accounts */
  private seatOf(socket: KaiwaSocket): Seat {
    const seat = this.findSeat(socket);
    if (!seat) throw new AppError('MEETING_NOT_FOUND');
    return seat;
  }
}
