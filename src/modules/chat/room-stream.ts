import { Injectable } from '@nestjs/common';
import { Logger } from '../../platform/http/index.js';
import { channels, Realtime } from '../../platform/realtime/index.js';
import { ToldChanges } from './told-changes.js';

/** One thing that a room's sockets are told. `seq` orders it; without one it goes out at once. */
export interface RoomEvent {
  readonly client_id: string;
  readonly room_id: string;
  readonly event: string;
  readonly payload: unknown;
  /** For a new message its place; for what happens to a message, that message's place. */
  readonly seq?: number;
  /** The number of the change, where a message was changed. */
  readonly rev?: number;
  /** A channel whose sockets are not told. */
  readonly except?: string;
}

/** Reads messages that this node was not told of, oldest first. */
export type GapFiller = (
  client_id: string,
  room_id: string,
  after_seq: number,
  before_seq: number,
) => Promise<Array<{ seq: number; message: unknown }>>;

/** A message that was changed, as it is now, and the number of its last change. */
export interface ChangedMessage {
  readonly rev: number;
  readonly seq: number;
  readonly is_deleted: boolean;
  readonly message: unknown;
}

/**
 * Reads changed messages after a change, in the order of their last ones; `reached` is the change up to which that is all.
 */
export type ChangeReader = (
  client_id: string,
  room_id: string,
  after_rev: number,
) => Promise<{ readonly changed: readonly ChangedMessage[]; readonly reached: number }>;

type Watcher = (event: RoomEvent) => void;

interface State {
  /** Every message up to here has been emitted on this node; null until the first joiner has read it. */
  delivered: number | null;
  readonly held: Map<number, RoomEvent>;
  readonly heldOthers: RoomEvent[];
  readonly told: ToldChanges;
  readonly watchers: Set<Watcher>;
  readonly waiting: Array<{ seq: number; done: () => void }>;
  gapTimer: NodeJS.Timeout | null;
}

const MESSAGE = 'message';
const RELAY = 'room';
/** How long a message may be on its way from another node before it is read from the database. */
const GAP_PATIENCE_MS = 150;
/** Sockets of a room on this node, from which on what is told to them is put together. */
const CROWD = 50;
/** A room's messages that wait for an earlier one; more than this and the gap is read at once. */
const MOST_HELD = 1_000;

/**
 * Puts each room's events in order before this node's sockets see them. Messages are committed in the order of `seq`, but they may
 * arrive here in another (two batches, two nodes): one that is early waits for those before it, and what never arrives is read from the
 * database; so are changes of messages, which are counted. A room without sockets here costs nothing.
 */
@Injectable()
export class RoomStream {
  private readonly rooms = new Map<string, State>();
  private fill: GapFiller = () => Promise.resolve([]);
  private readChanges: ChangeReader = (_client_id, _room_id, reached) => Promise.resolve({ changed: [], reached });

  constructor(
    private readonly realtime: Realtime,
    private readonly logger: Logger,
  ) {
    realtime.onRelay<RoomEvent>(RELAY, (event) => this.deliver(event));
  }

  /** Sets how missing messages, and missing changes of messages, are read. */
  fillGapsWith(fill: GapFiller, readChanges: ChangeReader): void {
    this.fill = fill;
    this.readChanges = readChanges;
  }

  /** Forgets rooms whose last socket here has left. Called once the server exists. */
  watchEmptyRooms(): void {
    this.realtime.onEmpty((channel) => {
      const state = this.rooms.get(channel);
      if (state && state.watchers.size === 0) this.forget(channel, state);
    });
  }

  /** Tells the room's sockets on this node, where every node tells its own. */
  tellHere(event: RoomEvent): void {
    this.deliver(event);
  }

  /** Tells the room's sockets on every node. Only after the commit. */
  publish(event: RoomEvent): void {
    this.deliver(event);
    this.realtime.relay(RELAY, event);
  }

  /**
   * Lets a socket into a room without losing or repeating anything. From here on the room's events are kept for it; `read` says what it
   * has missed and up to which place and change; once this node has emitted everything up to there, the socket is to be let in by `enter`, in one
   * turn of the event loop: first what was read, then what has come since.
   */
  async join<T extends { last_seq: number; last_rev: number }>(
    client_id: string,
    room_id: string,
    read: () => Promise<T>,
  ): Promise<{ snapshot: T; enter: (emit: (event: RoomEvent) => void) => void; abandon: () => void }> {
    const channel = channels.room(client_id, room_id);
    const state = this.open(channel);
    const kept: RoomEvent[] = [];
    const watcher: Watcher = (event) => kept.push(event);
    state.watchers.add(watcher);
    const abandon = (): void => {
      state.watchers.delete(watcher);
      if (state.watchers.size === 0 && !this.realtime.hasSockets(channel)) this.forget(channel, state);
    };
    try {
      const snapshot = await read();
      state.told.startAt(snapshot.last_rev);
      await this.reach(client_id, room_id, state, snapshot.last_seq);
      const enter = (emit: (event: RoomEvent) => void): void => {
        state.watchers.delete(watcher);
        for (const event of kept) if (event.event !== MESSAGE || (event.seq ?? 0) > snapshot.last_seq) emit(event);
      };
      return { snapshot, enter, abandon };
    } catch (error) {
      abandon();
      throw error;
    }
  }

  /** True where so many sockets are in the room here that telling them costs more than storing. */
  isCrowd(client_id: string, room_id: string): boolean {
    return this.realtime.countIn(channels.room(client_id, room_id)) >= CROWD;
  }

  /** The place up to which this node's sockets have been told; null where it has none in the room. */
  deliveredSeq(client_id: string, room_id: string): number | null {
    return this.rooms.get(channels.room(client_id, room_id))?.delivered ?? null;
  }

  /** Rooms that this node has sockets in, for finding out what it was not told. */
  openRooms(): Array<{ client_id: string; room_id: string; delivered: number }> {
    const open: Array<{ client_id: string; room_id: string; delivered: number }> = [];
    for (const [channel, state] of this.rooms) {
      const [client_id, , room_id] = channel.split('/');
      if (client_id && room_id && state.delivered !== null) open.push({ client_id, room_id, delivered: state.delivered });
    }
    return open;
  }

  /** Reads and emits what was committed up to `last_seq` and never arrived. */
  async catchUpTo(client_id: string, room_id: string, last_seq: number): Promise<void> {
    const state = this.rooms.get(channels.room(client_id, room_id));
    if (state?.delivered != null && state.delivered < last_seq) await this.fillGap(client_id, room_id, state, last_seq + 1);
  }

  /** The rooms of these in which changes were made that this node has not told; to be asked twice, since they may be on their way. */
  lacking<R extends { client_id: string; room_id: string; last_rev: number }>(rooms: readonly R[]): R[] {
    return rooms.filter(({ client_id, room_id, last_rev }) => {
      const reached = this.rooms.get(channels.room(client_id, room_id))?.told.reached ?? null;
      return reached !== null && reached < last_rev;
    });
  }

  /**
   * Reads the messages whose changes up to `last_rev` never arrived, and tells each as it is now: which emoji came or went is not
   * known any more.
   */
  async makeUpChanges(client_id: string, room_id: string, last_rev: number): Promise<void> {
    const state = this.rooms.get(channels.room(client_id, room_id));
    if (!state) return;
    for (let after = state.told.reached; after !== null && after < last_rev; after = state.told.reached) {
      const { changed, reached } = await this.readChanges(client_id, room_id, after);
      for (const { rev, seq, is_deleted, message } of changed) {
        if (state.told.covers(rev, seq)) continue;
        const event = is_deleted ? 'message:deleted' : 'message:updated';
        this.tellChange(state, { client_id, room_id, event, payload: message, seq });
      }
      // A room that is gone, or begun anew, has no more to tell.
      state.told.reach(reached > after ? reached : last_rev);
    }
  }

  private open(channel: string): State {
    let state = this.rooms.get(channel);
    if (!state) {
      state = {
        delivered: null,
        held: new Map(),
        heldOthers: [],
        told: new ToldChanges(),
        watchers: new Set(),
        waiting: [],
        gapTimer: null,
      };
      this.rooms.set(channel, state);
    }
    return state;
  }

  private forget(channel: string, state: State): void {
    if (state.gapTimer) clearTimeout(state.gapTimer);
    if (this.rooms.get(channel) === state) this.rooms.delete(channel);
  }

  private deliver(event: RoomEvent): void {
    const state = this.rooms.get(channels.room(event.client_id, event.room_id));
    if (!state) return;
    const { seq } = event;
    if (seq === undefined) return this.emit(state, event);
    if (event.event !== MESSAGE) {
      if (event.rev === undefined || state.told.take(event.rev, seq)) this.tellChange(state, event);
      return;
    }
    if (state.delivered === null) {
      state.held.set(seq, event);
      return;
    }
    if (seq <= state.delivered) return;
    if (seq === state.delivered + 1) {
      state.delivered = seq;
      this.emit(state, event);
      if (state.held.size > 0 || state.heldOthers.length > 0 || state.waiting.length > 0) this.advance(state);
      return;
    }
    state.held.set(seq, event);
    this.expectGap(event.client_id, event.room_id, state);
  }

  /** What happens to a message must not be told before the message itself. */
  private tellChange(state: State, event: RoomEvent): void {
    if (state.delivered !== null && (event.seq ?? 0) <= state.delivered) this.emit(state, event);
    else if (state.heldOthers.length < MOST_HELD) state.heldOthers.push(event);
  }

  /** Emits what has been waiting and is now in order. */
  private advance(state: State): void {
    if (state.delivered === null) return;
    for (const seq of state.held.keys()) if (seq <= state.delivered) state.held.delete(seq);
    for (let next = state.held.get(state.delivered + 1); next; next = state.held.get(state.delivered + 1)) {
      state.delivered += 1;
      state.held.delete(state.delivered);
      this.emit(state, next);
    }
    const { delivered } = state;
    const ready = state.heldOthers.filter((event) => (event.seq ?? 0) <= delivered);
    if (ready.length > 0) {
      state.heldOthers.splice(0, state.heldOthers.length, ...state.heldOthers.filter((event) => (event.seq ?? 0) > delivered));
      for (const event of ready) this.emit(state, event);
    }
    const reached = state.waiting.filter((waiter) => waiter.seq <= delivered);
    state.waiting.splice(0, state.waiting.length, ...state.waiting.filter((waiter) => waiter.seq > delivered));
    for (const waiter of reached) waiter.done();
    if (state.held.size === 0 && state.gapTimer) {
      clearTimeout(state.gapTimer);
      state.gapTimer = null;
    }
  }

  private emit(state: State, event: RoomEvent): void {
    this.realtime.emitHere(channels.room(event.client_id, event.room_id), event.event, event.payload, event.except);
    for (const watcher of state.watchers) watcher(event);
  }

  private async reach(client_id: string, room_id: string, state: State, seq: number): Promise<void> {
    if (state.delivered === null) {
      state.delivered = seq;
      this.advance(state);
    }
    if (state.delivered >= seq) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    state.waiting.push({ seq, done: resolve });
    this.expectGap(client_id, room_id, state);
    await promise;
  }

  private expectGap(client_id: string, room_id: string, state: State): void {
    if (state.gapTimer && state.held.size < MOST_HELD) return;
    if (state.gapTimer) clearTimeout(state.gapTimer);
    const patience = state.held.size < MOST_HELD ? GAP_PATIENCE_MS : 0;
    state.gapTimer = setTimeout(() => {
      state.gapTimer = null;
      const target = Math.max(...state.held.keys(), ...state.waiting.map((waiter) => waiter.seq + 1), 0);
      void this.fillGap(client_id, room_id, state, target);
    }, patience);
  }

  /** Reads the missing messages before `before_seq`; expired and swept places are passed over. */
  private async fillGap(client_id: string, room_id: string, state: State, before_seq: number): Promise<void> {
    if (state.delivered === null || state.delivered >= before_seq - 1) return;
    try {
      const found = await this.fill(client_id, room_id, state.delivered, before_seq);
      for (const { seq, message } of found) {
        if (seq > state.delivered && !state.held.has(seq))
          state.held.set(seq, { client_id, room_id, event: MESSAGE, payload: message, seq });
      }
      for (const seq of [...state.held.keys()].sort((a, b) => a - b)) {
        if (seq >= before_seq) break;
        if (seq > state.delivered) state.delivered = seq - 1;
        this.advance(state);
      }
      state.delivered = Math.max(state.delivered, before_seq - 1);
      this.advance(state);
    } catch (error) {
      this.logger.error({ err: error, client_id, room_id }, 'reading a room for missing messages failed');
    }
    if (state.held.size > 0 || state.waiting.length > 0) this.expectGap(client_id, room_id, state);
  }
}
