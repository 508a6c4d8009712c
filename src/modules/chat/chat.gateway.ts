import type { Type } from '@nestjs/common';
import { type OnGatewayConnection, type OnGatewayDisconnect, type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import { Config } from '../../platform/config/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Logger } from '../../platform/http/index.js';
import { AckThen, channels, EventBudget, type KaiwaServer, type KaiwaSocket, Realtime, SocketEvent } from '../../platform/realtime/index.js';
import { Scope, type UserActor } from '../../platform/scope/index.js';
import { Authenticator, OriginPolicy, SessionEnds } from '../auth/index.js';
import { UserDirectory } from '../users/index.js';
import { ConnectionService } from './connection.service.js';
import { MessageRepository } from './message.repository.js';
import { MessageService } from './message.service.js';
import { readerOf } from './room.policy.js';
import { RoomRepository } from './room.repository.js';
import { RoomService } from './room.service.js';
import { type RoomEvent, RoomStream } from './room-stream.js';
import { ReadMarkerView } from './room.view.js';
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

interface Admission {
  readonly room_id: string;
  readonly last_seq: number;
  readonly enter: (emit: (event: RoomEvent) => void) => void;
  readonly abandon: () => void;
  readonly arrived: () => void;
}

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

  constructor(
    private readonly config: Config,
    private readonly realtime: Realtime,
    private readonly stream: RoomStream,
    private readonly authenticator: Authenticator,
    private readonly origins: OriginPolicy,
    private readonly sessionEnds: SessionEnds,
    private readonly users: UserDirectory,
    private readonly rooms: RoomService,
    private readonly roomRows: RoomRepository,
    private readonly messages: MessageService,
    private readonly messageRows: MessageRepository,
    private readonly connections: ConnectionService,
    private readonly logger: Logger,
  ) {}

  /** Binds the server: who may connect, and whose sockets close when a session ends. */
  afterInit(server: KaiwaServer): void {
    this.realtime.attach(server, this.config.socket_adapter !== 'memory');
    this.stream.watchEmptyRooms();
    server.use((socket, next) => {
      this.admit(socket).then(
        () => next(),
        (error: unknown) => {
          if (!(error instanceof AppError)) this.logger.error({ err: error }, 'a socket could not be let in');
          next(new Error(error instanceof AppError ? error.message : 'Internal server error'));
        },
      );
    });
    this.sessionEnds.onEnded(({ client_id, sid, user_id, reason }) => {
      const channel = sid ? channels.session(client_id, sid) : user_id ? channels.user(client_id, user_id) : channels.tenant(client_id);
      for (const socket of this.realtime.socketsIn(channel)) this.endSession(socket, reason);
    });
  }

  /** Runs in the turn in which the client is told `connect`: nothing can be delivered between the two. */
  handleConnection(socket: KaiwaSocket): void {
    const { client_id, actor } = socket.data;
    void socket.join([channels.user(client_id, actor.id), channels.tenant(client_id), ...(actor.sid ? [channels.session(client_id, actor.sid)] : [])]);
    this.watchExpiry(socket);
    const admission = this.admissions.get(socket);
    if (!admission) return;
    this.admissions.delete(socket);
    this.letIn(socket, admission);
  }

  /** Takes the socket's records away and tells its rooms, where it was the person's last one. */
  async handleDisconnect(socket: KaiwaSocket): Promise<void> {
    clearTimeout(this.expiries.get(socket));
    socket.data.joined.clear();
    await this.connections.removeAll(socket.data.client_id, socket.id);
  }

  @SocketEvent('joinRoom', JoinRoomDto, { ack: JoinedAck, summary: 'Come into a room and take what was missed' })
  async joinRoom(socket: KaiwaSocket, { room_id, after_seq = null }: JoinRoomDto): Promise<Record<string, unknown> | AckThen> {
    const { client_id, actor, joined } = socket.data;
    const live_from = joined.get(room_id);
    if (live_from !== undefined) {
      // What this connection was sent live already is not given again, unless the client says that it has got so far and no further.
      const before_seq = after_seq !== null && after_seq < live_from ? live_from : Number.MAX_SAFE_INTEGER;
      return this.catchUp(actor, room_id, after_seq, before_seq);
    }
    let ack: Record<string, unknown> = {};
    const admission = await this.prepare(socket, room_id, async () => {
      const caught = await this.catchUp(actor, room_id, after_seq, Number.MAX_SAFE_INTEGER);
      ack = caught;
      return caught.last_seq;
    });
    if (!socket.connected) {
      admission.abandon();
      await this.connections.removeAll(client_id, socket.id);
      throw new AppError('ROOM_NOT_FOUND');
    }
    return new AckThen(ack, () => this.letIn(socket, admission));
  }

  @SocketEvent('leaveRoom', RoomRefDto, { summary: 'Leave a room with this socket; membership stays' })
  async leaveRoom(socket: KaiwaSocket, { room_id }: RoomRefDto): Promise<void> {
    const { client_id, actor, joined } = socket.data;
    joined.delete(room_id);
    await socket.leave(channels.room(client_id, room_id));
    await this.connections.remove({ client_id, room_id, connection_id: socket.id, user_id: actor.id });
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
  async typing(socket: KaiwaSocket, { room_id }: RoomRefDto): Promise<void> {
    const { client_id, actor, username } = socket.data;
    const room = await this.roomRows.getFor(room_id, actor.id);
    const user = room.is_anonymous ? { id: actor.id } : { id: actor.id, username };
    this.stream.publish({ client_id, room_id, event: 'typing', payload: { room_id, user }, except: channels.user(client_id, actor.id) });
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
    if (!identity) throw new AppError('UNAUTHORIZED');
    const { client_id, actor } = identity;
    socket.data = {
      client_id,
      actor,
      username: '',
      address: socket.handshake.address,
      joined: new Map(),
      budget: new EventBudget(this.config.env.RATE_LIMIT !== null),
    };
    await Scope.runAs(client_id, async () => {
      const [user] = await this.users.byIds([actor.id]);
      if (!user) throw new AppError('UNAUTHORIZED');
      socket.data.username = user.username;
      const admission = await this.prepare(socket, actor.room_id, async () => (await this.roomRows.getFor(actor.room_id, actor.id)).last_seq).catch(
        (error: unknown) => {
          // The room named at login may be gone by now: the socket comes in all the same, in no room.
          if (error instanceof AppError && error.code === 'ROOM_NOT_FOUND') return null;
          throw error;
        },
      );
      if (!admission) return;
      this.admissions.set(socket, admission);
      // A client that goes away before it is in never has a disconnect event.
      socket.conn.once('close', () => {
        if (this.admissions.delete(socket)) this.turnAway(socket, admission);
      });
      if (socket.conn.readyState !== 'open') this.turnAway(socket, admission);
    }, 'socket', actor);
  }

  private turnAway(socket: KaiwaSocket, admission: Admission): void {
    admission.abandon();
    void Scope.runAs(socket.data.client_id, () => this.connections.removeAll(socket.data.client_id, socket.id));
  }

  private async identify(socket: KaiwaSocket): Promise<{ actor: UserActor; client_id: string } | null> {
    const given = (socket.handshake.auth as { token?: unknown }).token;
    if (typeof given === 'string' && given !== '') return this.authenticator.authenticate(given);
    const cookie = this.authenticator.cookieToken(socket.request.headers);
    const owner = cookie ? await this.authenticator.authenticate(cookie, 'cookie') : null;
    // Browsers send the cookie from any page: only a page that may use it counts.
    return owner && this.origins.mayUseCookie(socket.request, owner.client_id) ? owner : null;
  }

  /** Records the socket in a room and readies everything for the moment in which it is let in. */
  private async prepare(socket: KaiwaSocket, room_id: string, read: () => Promise<number>): Promise<Admission> {
    const { client_id, actor, username } = socket.data;
    const row = { client_id, room_id, connection_id: socket.id, user_id: actor.id };
    let tell: () => void = () => undefined;
    try {
      const { snapshot, enter, abandon } = await this.stream.join(client_id, room_id, async () => {
        const room = await this.roomRows.getFor(room_id, actor.id);
        const { first } = await this.connections.add(row);
        const isNew = room.my_role === null && (await this.rooms.enter(room_id, actor.id, room.last_seq));
        const user = room.is_anonymous ? { id: actor.id } : { id: actor.id, username };
        tell = () => {
          if (isNew) this.stream.publish({ client_id, room_id, event: 'member:joined', payload: { room_id, user } });
          if (first) this.stream.publish({ client_id, room_id, event: 'presence', payload: { room_id, user, online: true } });
        };
        return { last_seq: await read() };
      });
      return { room_id, last_seq: snapshot.last_seq, enter, abandon, arrived: () => tell() };
    } catch (error) {
      await this.connections.remove(row);
      throw error;
    }
  }

  private letIn(socket: KaiwaSocket, admission: Admission): void {
    const { client_id, joined } = socket.data;
    void socket.join(channels.room(client_id, admission.room_id));
    joined.set(admission.room_id, admission.last_seq + 1);
    admission.enter((event) => socket.emit(event.event, event.payload as never));
    admission.arrived();
  }

  private async catchUp(
    actor: UserActor,
    room_id: string,
    after_seq: number | null,
    before_seq: number,
  ): Promise<{ room: unknown; missed: unknown[]; has_more: boolean; last_seq: number; changed: unknown[]; changed_has_more: boolean }> {
    const room = await this.rooms.get(actor, room_id);
    const caught = await this.messageRows.catchUp(room_id, readerOf(actor), after_seq, before_seq);
    if (!caught) throw new AppError('ROOM_NOT_FOUND');
    const missed = JSON.parse(caught.missed) as unknown[];
    const changed = JSON.parse(caught.changed) as unknown[];
    return {
      room,
      missed,
      has_more: caught.missed_count > missed.length,
      last_seq: caught.last_seq,
      changed,
      changed_has_more: caught.changed_count > changed.length,
    };
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

/** The gateway's class, for the AsyncAPI document. */
export const CHAT_GATEWAY: Type<object> = ChatGateway;
