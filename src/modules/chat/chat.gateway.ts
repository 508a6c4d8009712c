import type { Type } from '@nestjs/common';
import { type OnGatewayConnection, type OnGatewayDisconnect, type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import { Config } from '../../platform/config/index.js';
import { Listener } from '../../platform/database/index.js';
import { AppError, toAppError } from '../../platform/errors/index.js';
import { type KaiwaRequest, Logger } from '../../platform/http/index.js';
import {
  AckThen,
  channels,
  type KaiwaServer,
  type KaiwaSocket,
  Realtime,
  SocketEvent,
  type SocketPass,
} from '../../platform/realtime/index.js';
import { Scope } from '../../platform/scope/index.js';
import { Authenticator, OriginPolicy, RateLimits, SessionEnds, type SignedIn, SocketPasses } from '../auth/index.js';
import { UserDirectory } from '../users/index.js';
import { MessageService } from './message.service.js';
import { type Admission, RoomEntry } from './room-entry.js';
import { RoomService } from './room.service.js';
import { RoomStream } from './room-stream.js';
import { ReadMarkerView } from './room.view.js';
import { SocketQuota } from './socket-quota.js';
import { SocketRegister } from './socket-register.js';
import {
  EditMessageEventDto,
  JoinedAck,
  JoinRoomDto,
  MarkReadEventDto,
  MessageAck,
  MessageRefDto,
  ReactDto,
  RenewedAck,
  RenewTokenDto,
  RoomRefDto,
  SendMessageDto,
} from './socket.dto.js';

/** Who comes, and by a pass for what; without one for all that they may. */
type Identity = SignedIn & { readonly pass: SocketPass | null };

/** The longest that Node's timers can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Rooms over Socket.IO (contract, section 3): the same services as REST. A socket is in its token's room, and recorded
 * there, before the client sees `connect`.
 */
@WebSocketGateway()
export class ChatGateway implements OnGatewayInit<KaiwaServer>, OnGatewayConnection<KaiwaSocket>, OnGatewayDisconnect<KaiwaSocket> {
  private readonly admissions = new WeakMap<KaiwaSocket, Admission>();
  private readonly expiries = new WeakMap<KaiwaSocket, NodeJS.Timeout>();
  private readonly quota: SocketQuota;

  constructor(
    private readonly config: Config,
    private readonly listener: Listener,
    private readonly realtime: Realtime,
    private readonly stream: RoomStream,
    private readonly authenticator: Authenticator,
    private readonly passes: SocketPasses,
    private readonly origins: OriginPolicy,
    private readonly sessionEnds: SessionEnds,
    private readonly limits: RateLimits,
    private readonly users: UserDirectory,
    private readonly rooms: RoomService,
    private readonly entry: RoomEntry,
    private readonly messages: MessageService,
    private readonly sockets: SocketRegister,
    private readonly logger: Logger,
  ) {
    this.quota = new SocketQuota(config.env.RATE_LIMIT?.caller ?? null);
  }

  /** Binds the server: who may connect, and whose sockets close when a session ends. */
  afterInit(server: KaiwaServer): void {
    this.realtime.attach(server, this.config.socket_adapter !== 'memory');
    this.stream.watchEmptyRooms();
    server.use((socket, next) => {
      this.admit(socket).then(
        () => next(),
        (thrown: unknown) => {
          const error = toAppError(thrown);
          if (error.status === 500) this.logger.error({ err: error }, 'a socket could not be let in');
          next(new Error(error.message));
        },
      );
    });
    this.sessionEnds.onEnded(({ client_id, sid, user_id, reason }) => {
      const ended = sid
        ? [channels.session(client_id, sid)]
        : user_id
          ? [channels.user(client_id, user_id), channels.holder(client_id, user_id)]
          : [channels.tenant(client_id)];
      for (const channel of ended) for (const socket of this.realtime.socketsIn(channel)) this.endSession(socket, reason);
    });
    this.listener.onReconnected(() => this.recheck());
  }

  /** Runs in the turn in which the client is told `connect`: nothing can be delivered between the two. */
  handleConnection(socket: KaiwaSocket): void {
    const { client_id, actor, pass } = socket.data;
    void socket.join([
      channels.tenant(client_id),
      personChannel(socket.data),
      ...(pass ? [pass.channel] : []),
      ...(actor.sid ? [channels.session(client_id, actor.sid)] : []),
    ]);
    this.quota.settle(personChannel(socket.data), socket);
    // Before it was in that channel it could not hear of its session's end.
    if (!this.authenticator.asOfNow(actor)) return this.endSession(socket, 'ended');
    this.watchExpiry(socket);
    if (pass) return;
    this.sockets.come({ client_id, connection_id: socket.id, user_id: actor.id });
    const admission = this.admissions.get(socket);
    this.admissions.delete(socket);
    admission?.letIn();
  }

  /** Takes the socket's records away and tells its rooms, where it was the person's last one. */
  async handleDisconnect(socket: KaiwaSocket): Promise<void> {
    clearTimeout(this.expiries.get(socket));
    this.sockets.go(socket.id);
    await Scope.runAs(socket.data.client_id, () => this.entry.leaveAll(socket));
  }

  @SocketEvent('joinRoom', JoinRoomDto, { ack: JoinedAck, summary: 'Come into a room and take what was missed' })
  async joinRoom(socket: KaiwaSocket, { room_id, after_seq = null }: JoinRoomDto): Promise<Record<string, unknown> | AckThen> {
    const { caught, admission } = await this.entry.join(socket, room_id, after_seq);
    return admission ? new AckThen({ ...caught }, () => admission.letIn()) : { ...caught };
  }

  @SocketEvent('leaveRoom', RoomRefDto, { summary: 'Leave a room with this socket; membership stays' })
  leaveRoom(socket: KaiwaSocket, { room_id }: RoomRefDto): Promise<void> {
    return this.entry.leave(socket, room_id);
  }

  @SocketEvent('sendMessage', SendMessageDto, { ack: MessageAck, summary: 'Post a message; acknowledged once it is committed' })
  async sendMessage(socket: KaiwaSocket, body: SendMessageDto): Promise<Record<string, unknown>> {
    const { message } = await this.messages.post(socket.data.actor, body.room_id ?? socket.data.actor.room_id, body);
    return { message };
  }

  @SocketEvent('editMessage', EditMessageEventDto, { ack: MessageAck, summary: "Change one's own message" })
  async editMessage(socket: KaiwaSocket, { room_id, seq, content }: EditMessageEventDto): Promise<Record<string, unknown>> {
    return { message: await this.messages.edit(socket.data.actor, room_id, seq, content) };
  }

  @SocketEvent('deleteMessage', MessageRefDto, { ack: MessageAck, summary: 'Delete a message; it keeps its place' })
  async deleteMessage(socket: KaiwaSocket, { room_id, seq }: MessageRefDto): Promise<Record<string, unknown>> {
    return { message: await this.messages.remove(socket.data.actor, room_id, seq) };
  }

  @SocketEvent('react', ReactDto, { ack: MessageAck, summary: 'Put an emoji under a message, or take it away' })
  async react(socket: KaiwaSocket, { room_id, seq, emoji, remove }: ReactDto): Promise<Record<string, unknown>> {
    return { message: await this.messages.react(socket.data.actor, room_id, seq, emoji, remove ?? false) };
  }

  @SocketEvent('markRead', MarkReadEventDto, { ack: ReadMarkerView, summary: 'Move the read marker forward' })
  async markRead(socket: KaiwaSocket, { room_id, seq }: MarkReadEventDto): Promise<Record<string, unknown>> {
    return { ...(await this.rooms.markRead(socket.data.actor, room_id, seq)) };
  }

  @SocketEvent('typing', RoomRefDto, { summary: 'Tell the others that one is typing' })
  typing(socket: KaiwaSocket, { room_id }: RoomRefDto): Promise<void> {
    return this.entry.typing(socket, room_id);
  }

  @SocketEvent('renewToken', RenewTokenDto, { ack: RenewedAck, summary: "Keep a live socket past its token's end" })
  async renewToken(socket: KaiwaSocket, { token }: RenewTokenDto): Promise<Record<string, unknown>> {
    const { client_id, actor } = socket.data;
    const renewed = await this.authenticator.authenticate(token);
    if (!renewed || renewed.client_id !== client_id || renewed.actor.id !== actor.id) throw new AppError('UNAUTHORIZED');
    if (actor.sid && actor.sid !== renewed.actor.sid) void socket.leave(channels.session(client_id, actor.sid));
    if (renewed.actor.sid) void socket.join(channels.session(client_id, renewed.actor.sid));
    socket.data.actor = { ...renewed.actor, room_id: actor.room_id };
    this.watchExpiry(socket);
    return { expires_at: new Date(renewed.actor.exp * 1000).toISOString() };
  }

  /** Who is it, and what has to be known before they are in: all that can fail or wait happens here. */
  private async admit(socket: KaiwaSocket): Promise<void> {
    const identity = await this.identify(socket);
    if (!identity) {
      // Guesses count as an anonymous caller's requests do.
      await this.limits.count(
        this.limits.callerKey(null, null, () => addressOf(socket)),
        null,
        null,
      );
      throw new AppError('UNAUTHORIZED');
    }
    const { client_id, actor, pass } = identity;
    // Whoever has used up their requests may still come in, and the other way round; but not without end.
    const caller = this.limits.callerKey(actor, client_id, () => addressOf(socket));
    await this.limits.count(`sockets ${caller}`, null, null);
    const person = personChannel(identity);
    const budget = this.quota.enter(person, this.realtime.socketsIn(person), socket);
    const settle = (): void => this.quota.settle(person, socket);
    socket.conn.once('close', settle);
    if (socket.conn.readyState !== 'open') settle();
    socket.data = {
      client_id,
      actor,
      pass,
      asOfNow: (who) => this.authenticator.asOfNow(who),
      username: '',
      address: addressOf(socket),
      joined: new Map(),
      joining: new Map(),
      budget,
    };
    try {
      await this.prepare(socket);
    } catch (error) {
      settle();
      throw error;
    }
  }

  /** Readies everything for the moment in which the socket comes in. */
  private prepare(socket: KaiwaSocket): Promise<void> {
    const { client_id, actor, pass } = socket.data;
    return Scope.runAs(
      client_id,
      async () => {
        const [user] = await this.users.byIds([actor.id]);
        if (!user) throw new AppError('UNAUTHORIZED');
        socket.data.username = user.username;
        if (pass) return;
        const admission = await this.entry.enter(socket);
        if (!admission) return;
        this.admissions.set(socket, admission);
        // A client that goes away before it is in never has a disconnect event.
        const turnAway = (): void => {
          if (this.admissions.delete(socket)) void Scope.runAs(client_id, () => admission.abandon());
        };
        socket.conn.once('close', turnAway);
        if (socket.conn.readyState !== 'open') turnAway();
      },
      'socket',
      actor,
    );
  }

  private async identify(socket: KaiwaSocket): Promise<Identity | null> {
    const { token, pass } = socket.handshake.auth as { token?: unknown; pass?: unknown };
    if (typeof pass === 'string' && pass !== '') return this.identifyHolder(pass);
    if (typeof token === 'string' && token !== '') return withoutPass(await this.authenticator.authenticate(token));
    const cookie = this.authenticator.cookieToken(socket.request.headers);
    const owner = cookie ? await this.authenticator.authenticate(cookie, 'cookie') : null;
    // Browsers send the cookie from any page: only a page that may use it counts.
    return withoutPass(owner && this.origins.mayUseCookie(socket.request, owner.client_id) ? owner : null);
  }

  private async identifyHolder(token: string): Promise<Identity | null> {
    const holder = await this.passes.verify(token);
    if (!holder) return null;
    const { client_id, user_id: id, exp, pass } = holder;
    return { client_id, pass, actor: { kind: 'user', id, email: '', role: 'member', sid: null, room_id: '', credential: 'pass', exp } };
  }

  /**
   * What this node was not told of while it could not listen: sockets that name no session (another issuer's token, a pass), and those of
   * a tenant that took its own list of ended sessions along, are found by their accounts.
   */
  private async recheck(): Promise<void> {
    for (const [client_id, sockets] of Map.groupBy(this.realtime.sockets(), ({ data }) => data.client_id)) {
      const ids = sockets.map(({ data }) => data.actor.id);
      const open = await Scope.runAs(client_id, () => this.users.whoMayEnter(ids));
      for (const socket of sockets) if (!open.has(socket.data.actor.id)) this.endSession(socket, 'ended');
    }
  }

  private watchExpiry(socket: KaiwaSocket): void {
    clearTimeout(this.expiries.get(socket));
    const left = socket.data.actor.exp * 1000 - Date.now();
    const timer = setTimeout(() => this.endSession(socket, 'expired'), Math.min(Math.max(left, 0), LONGEST_TIMER_MS));
    timer.unref();
    this.expiries.set(socket, timer);
  }

  private endSession(socket: KaiwaSocket, reason: string): void {
    socket.emit('session:ended', { reason } as never);
    socket.disconnect(true);
  }
}

/** Where the client is, as `TRUST_PROXY` has it for requests: the handshake's own word is the proxy's address. */
function addressOf(socket: KaiwaSocket): string {
  return (socket.request as KaiwaRequest).ip ?? socket.handshake.address;
}

/** The channel of all of a person's sockets; of those alone that came by a pass, where this one did. */
function personChannel({ client_id, actor, pass }: Identity): string {
  return (pass ? channels.holder : channels.user)(client_id, actor.id);
}

function withoutPass(signed: SignedIn | null): Identity | null {
  return signed && { ...signed, pass: null };
}

/** The gateway's class, for the AsyncAPI document. */
export const CHAT_GATEWAY: Type<object> = ChatGateway;
