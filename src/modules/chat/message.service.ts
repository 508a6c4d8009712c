import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/ids/index.js';
import { Database, DEFAULT_LIMIT } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { EventBus } from '../../platform/events/index.js';
import { Logger } from '../../platform/http/index.js';
import { type Actor, Scope } from '../../platform/scope/index.js';
import { UsageService } from '../tenancy/index.js';
import { KnownSenders } from './known-senders.js';
import { MessageBatcher } from './message-batcher.js';
import type { HistoryQuery, PostMessageDto } from './message.dto.js';
import { presentPosted } from './message.presenter.js';
import { MessageRepository, type NewMessage, type PostOutcome } from './message.repository.js';
import type { MessageView } from './message.view.js';
import { MessageSearch } from './message-search.js';
import { Outbox } from './outbox.js';
import { assertCanRun, personOf, readerOf, speakerOf } from './room.policy.js';
import { RoomRepository } from './room.repository.js';
import { type ChangedMessage, RoomStream } from './room-stream.js';
import { roomUser } from './room-user.js';

/** A message that was asked to be stored; `created` is false where the same sender had sent it before. */
export interface Posted {
  readonly message: MessageView;
  readonly created: boolean;
}

const MOST_EMOJI = 50;
const EMOJI = /^(?:\p{RGI_Emoji}|\p{Extended_Pictographic}\uFE0F?)$/v;

/** Messages: the one service behind REST and sockets. What it changes is told to the room after the commit. */
@Injectable()
export class MessageService {
  constructor(
    private readonly database: Database,
    private readonly messages: MessageRepository,
    private readonly rooms: RoomRepository,
    private readonly batcher: MessageBatcher,
    private readonly outbox: Outbox,
    private readonly search: MessageSearch,
    private readonly stream: RoomStream,
    private readonly usage: UsageService,
    private readonly known: KnownSenders,
    private readonly events: EventBus,
    private readonly logger: Logger,
  ) {
    batcher.onCommitted((client_id, posted, outcomes) => this.tell(client_id, posted, outcomes));
    stream.fillGapsWith(
      (client_id, room_id, after_seq, before_seq) => Scope.runAs(client_id, () => this.readBetween(room_id, after_seq, before_seq)),
      (client_id, room_id, after_rev) => Scope.runAs(client_id, () => this.readChanges(room_id, after_rev)),
    );
  }

  /**
   * Stores a message and answers it once it is committed; everyone in the room is told. Throws ROOM_NOT_FOUND,
   * USER_NOT_FOUND (a system names nobody), NOT_YOURSELF, UNKNOWN_FILE.
   */
  async post(actor: Actor, room_id: string, body: PostMessageDto): Promise<Posted> {
    const sender_id = speakerOf(actor, body.sender_id, 'sender_id');
    const client_id = Scope.clientId();
    const message: NewMessage = {
      room_id,
      sender_id,
      id: newId(),
      content: body.content,
      client_message_id: body.client_message_id ?? null,
      file_ids: [...new Set(body.file_ids ?? [])],
      reply_to_seq: body.reply_to_seq ?? null,
      ttl_seconds: body.ttl_seconds ?? null,
      sender: actor.kind === 'user' ? this.known.find(client_id, sender_id) : null,
      known_member: this.known.isMember(client_id, room_id, sender_id),
    };
    const outcome = await this.batcher.post(message);
    switch (outcome.outcome) {
      case 'created':
        // Whoever is answered finds what it has caused.
        if (outcome.is_anonymous) await this.announceStored(message);
        return { message: presentPosted(message, outcome), created: true };
      case 'existing': {
        const first = await this.messages.find(room_id, outcome.seq);
        if (first !== null) return { message: JSON.parse(first) as MessageView, created: false };
        // It has expired: as if it were swept already, nothing was sent under this name.
        await this.messages.removeExpired(room_id, outcome.seq);
        return this.post(actor, room_id, body);
      }
      case 'room_not_found':
        throw new AppError('ROOM_NOT_FOUND');
      case 'user_not_found':
        throw new AppError('USER_NOT_FOUND');
      case 'reply_not_found':
        throw AppError.field('reply_to_seq', 'is no message of this room');
    }
  }

  /** Stores the first message of a room that the open transaction makes; it is told after the commit. */
  async postInto(room_id: string, sender_id: string, content: string): Promise<void> {
    const plain = { client_message_id: null, file_ids: [], reply_to_seq: null, ttl_seconds: null, sender: null, known_member: false };
    const message: NewMessage = { room_id, sender_id, id: newId(), content, ...plain };
    const outcomes = await this.messages.post([message]);
    const [outcome] = outcomes;
    if (outcome?.outcome !== 'created') throw new Error(`A first message could not be stored: ${outcome?.outcome ?? 'no answer'}`);
    const client_id = Scope.clientId();
    this.database.afterCommit(() => this.tell(client_id, [message], outcomes));
    if (outcome.is_anonymous) await this.announce(message);
  }

  /** A page of a room's history: newest first, or oldest first after `after_seq`; `next` asks for the one after. Throws ROOM_NOT_FOUND. */
  async history(actor: Actor, room_id: string, query: HistoryQuery): Promise<{ json: string; next: Record<string, number> | null }> {
    const limit = query.limit ?? DEFAULT_LIMIT;
    const page = await this.messages.history(room_id, readerOf(actor), { ...query, limit });
    if (!page) throw new AppError('ROOM_NOT_FOUND');
    if (!page.has_more || page.lowest === null || page.highest === null) return { json: page.json, next: null };
    return { json: page.json, next: query.after_seq === undefined ? { before_seq: page.lowest } : { after_seq: page.highest } };
  }

  /** New words, by the author alone. Throws ROOM_NOT_FOUND, MESSAGE_NOT_FOUND, FORBIDDEN, MESSAGE_DELETED. */
  async edit(actor: Actor, room_id: string, seq: number, content: string): Promise<MessageView> {
    await this.rooms.getFor(room_id, readerOf(actor));
    return this.database.transaction(async () => {
      const message = await this.lock(room_id, seq);
      if (actor.kind !== 'user' || message.sender_id !== actor.id) throw new AppError('FORBIDDEN');
      if (message.deleted_at) throw new AppError('MESSAGE_DELETED');
      const rev = await this.messages.setContent(room_id, seq, content);
      await this.search.reindex(room_id, seq, content);
      return this.changed(room_id, seq, rev, 'message:updated');
    });
  }

  /**
   * Takes a message's words away, by its author or whoever runs the room; it keeps its place as a tombstone. Deleting it
   * again changes nothing. Throws ROOM_NOT_FOUND, MESSAGE_NOT_FOUND, FORBIDDEN.
   */
  async remove(actor: Actor, room_id: string, seq: number): Promise<MessageView> {
    const room = await this.rooms.getFor(room_id, readerOf(actor));
    return this.database.transaction(async () => {
      const message = await this.lock(room_id, seq);
      if (actor.kind !== 'user' || message.sender_id !== actor.id) assertCanRun(actor, room);
      if (message.deleted_at) return this.present(room_id, seq);
      const rev = await this.messages.setDeleted(room_id, seq);
      await this.search.forget(room_id, seq);
      return this.changed(room_id, seq, rev, 'message:deleted');
    });
  }

  /** Puts an emoji under a message, or takes it away; asked for again it changes nothing. */
  async react(actor: Actor, room_id: string, seq: number, emoji: string, removed: boolean): Promise<MessageView> {
    const user_id = personOf(actor);
    if (!EMOJI.test(emoji)) throw AppError.field('emoji', 'must be one emoji');
    await this.rooms.getFor(room_id, user_id);
    const client_id = Scope.clientId();
    return this.database.transaction(async () => {
      const message = await this.lock(room_id, seq);
      if (message.deleted_at) throw new AppError('MESSAGE_DELETED');
      if (!removed && (await this.messages.countOtherEmoji(room_id, seq, emoji)) >= MOST_EMOJI) {
        throw AppError.field('emoji', `a message takes ${MOST_EMOJI} different emoji`);
      }
      const rev = removed
        ? await this.messages.removeReaction(room_id, seq, emoji, user_id)
        : await this.messages.addReaction(room_id, seq, emoji, user_id);
      if (rev !== null) {
        const payload = { room_id, seq, emoji, user_id, removed };
        this.database.afterCommit(() => this.stream.publish({ client_id, room_id, event: 'reaction', payload, seq, rev }));
      }
      return this.present(room_id, seq);
    });
  }

  /** The message stands, whatever becomes of what follows it. */
  private async announceStored(message: NewMessage): Promise<void> {
    try {
      await this.announce(message);
    } catch (error) {
      this.logger.error({ err: error, room_id: message.room_id }, 'what follows a direct message failed');
    }
  }

  private announce({ room_id, sender_id, id }: NewMessage): Promise<void> {
    return this.events.announce('direct_message.posted', { client_id: Scope.clientId(), room_id, sender_id, id });
  }

  private async lock(room_id: string, seq: number): Promise<{ sender_id: string; deleted_at: Date | null }> {
    const message = await this.messages.lockForChange(room_id, seq);
    if (!message) throw new AppError('MESSAGE_NOT_FOUND');
    return message;
  }

  private async present(room_id: string, seq: number): Promise<MessageView> {
    const json = await this.messages.find(room_id, seq);
    if (json === null) throw new AppError('MESSAGE_NOT_FOUND');
    return JSON.parse(json) as MessageView;
  }

  private async changed(room_id: string, seq: number, rev: number, event: string): Promise<MessageView> {
    const client_id = Scope.clientId();
    const message = await this.present(room_id, seq);
    this.database.afterCommit(() => this.stream.publish({ client_id, room_id, event, payload: message, seq, rev }));
    return message;
  }

  /** After a batch's commit: its messages in order, and whoever became a member by writing. */
  private tell(client_id: string, posted: readonly NewMessage[], outcomes: readonly PostOutcome[]): void {
    let created = 0;
    const crowds = new Map<string, Array<() => void>>();
    for (const outcome of outcomes) {
      const message = posted[outcome.idx];
      if (outcome.outcome !== 'created' || !message) continue;
      created++;
      this.known.learn(client_id, message, outcome);
      this.search.markDirty(client_id, message.room_id);
      const delivery = (): void => this.tellOne(client_id, message, outcome);
      if (!this.stream.isCrowd(client_id, message.room_id)) this.outbox.push(delivery);
      else crowds.set(message.room_id, [...(crowds.get(message.room_id) ?? []), delivery]);
    }
    for (const [room_id, deliveries] of crowds) {
      this.outbox.pushGroup(`${client_id}/${room_id}`, deliveries, this.batcher.hasWaiting(client_id, room_id));
    }
    if (created > 0) this.usage.count(client_id, 'messages', created);
  }

  private tellOne(client_id: string, message: NewMessage, outcome: PostOutcome): void {
    const { room_id } = message;
    if (outcome.joined) {
      const username = message.sender?.username ?? outcome.username;
      const user = roomUser(outcome, message.sender_id, username);
      this.stream.publish({ client_id, room_id, event: 'member:joined', payload: { room_id, user } });
    }
    this.stream.publish({ client_id, room_id, event: 'message', payload: presentPosted(message, outcome), seq: outcome.seq });
  }

  private async readBetween(room_id: string, after_seq: number, before_seq: number): Promise<Array<{ seq: number; message: MessageView }>> {
    const found: MessageView[] = [];
    for (let from = after_seq; from < before_seq - 1;) {
      const page = JSON.parse(await this.messages.between(room_id, from, before_seq, 200)) as MessageView[];
      const last = page.at(-1);
      if (!last) break;
      found.push(...page);
      from = last.seq;
    }
    return found.map((message) => ({ seq: message.seq, message }));
  }

  private async readChanges(room_id: string, after_rev: number): Promise<{ changed: ChangedMessage[]; reached: number }> {
    const { changed, reached } = await this.messages.changedAfter(room_id, after_rev, 200);
    return { changed: changed.map(({ json, ...rest }) => ({ ...rest, message: JSON.parse(json) as MessageView })), reached };
  }
}
