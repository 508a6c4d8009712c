import { Injectable } from '@nestjs/common';
import { AppError, toAppError } from '../../platform/errors/index.js';
import { Scope } from '../../platform/scope/index.js';
import { MessageFiles } from './message-files.js';
import { MessageRepository, type NewMessage, type PostOutcome } from './message.repository.js';
import { Outbox } from './outbox.js';

/** Told of a committed batch: `posted[i]` became `outcomes[i]`. */
export type BatchListener = (client_id: string, posted: readonly NewMessage[], outcomes: readonly PostOutcome[]) => void;

interface Waiting {
  readonly message: NewMessage;
  readonly resolve: (outcome: PostOutcome) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  readonly queue: Waiting[];
  readonly busyRooms: Set<string>;
  running: number;
  /** Messages in the batches that run. */
  storing: number;
}

/** More in flight only makes PostgreSQL's row locks wait for each other. */
const MAX_RUNNING = 2;
const MAX_BATCH = 200;
const MAX_BATCH_CHARACTERS = 1_000_000;
/** Per tenant; beyond it callers are told to come back. */
const MAX_WAITING = 5_000;

/**
 * Group commit without a timer: what arrives while a batch is being stored goes into the next one. At low load a message is
 * stored at once; at high load one statement and one commit carry many. A tenant has a lane of its own, since a statement
 * belongs to one tenant; a room is in one running batch at most, so that a sender's messages keep their order.
 */
@Injectable()
export class MessageBatcher {
  private readonly lanes = new Map<string, Lane>();
  private listener: BatchListener = () => undefined;

  constructor(
    private readonly messages: MessageRepository,
    private readonly files: MessageFiles,
    private readonly outbox: Outbox,
  ) {}

  /** Sets who is told of each committed batch. */
  onCommitted(listener: BatchListener): void {
    this.listener = listener;
  }

  /** Stores a message of the tenant in scope; settles once its batch has committed. Throws OVERLOADED (503) when too many wait. */
  post(message: NewMessage): Promise<PostOutcome> {
    const client_id = Scope.clientId();
    let lane = this.lanes.get(client_id);
    if (!lane) {
      lane = { queue: [], busyRooms: new Set(), running: 0, storing: 0 };
      this.lanes.set(client_id, lane);
    }
    if (lane.queue.length >= MAX_WAITING) throw new AppError('OVERLOADED', { retry_after_seconds: 1 });
    const { promise, resolve, reject } = Promise.withResolvers<PostOutcome>();
    lane.queue.push({ message, resolve, reject });
    this.drain(client_id, lane);
    return promise;
  }

  /** True where more messages of the room wait for the batch that runs. */
  hasWaiting(client_id: string, room_id: string): boolean {
    return this.lanes.get(client_id)?.queue.some(({ message }) => message.room_id === room_id) === true;
  }

  private drain(client_id: string, lane: Lane): void {
    while (lane.running < MAX_RUNNING && lane.queue.length > 0) {
      // A small batch beside a large one costs more than it saves: it grows until it is as large, or the other is done.
      if (lane.queue.length < Math.min(lane.storing, MAX_BATCH)) return;
      const batch = takeBatch(lane);
      if (batch.length === 0) return;
      const rooms = new Set(batch.map((waiting) => waiting.message.room_id));
      for (const room of rooms) lane.busyRooms.add(room);
      lane.running++;
      lane.storing += batch.length;
      // The batch belongs to no single request: it runs in a scope of its own.
      void Scope.runAs(client_id, () => this.run(client_id, batch)).finally(() => {
        for (const room of rooms) lane.busyRooms.delete(room);
        lane.running--;
        lane.storing -= batch.length;
        if (lane.queue.length > 0) this.drain(client_id, lane);
        else if (lane.running === 0) this.lanes.delete(client_id);
      });
    }
  }

  private async run(client_id: string, batch: readonly Waiting[]): Promise<void> {
    const posted = batch.map((waiting) => waiting.message);
    let outcomes: PostOutcome[];
    try {
      outcomes = await this.store(posted);
    } catch (error) {
      return this.recover(client_id, batch, error);
    }
    // Whoever posted is answered first, and may send the next one while this one is told; unless telling has fallen behind.
    const settle = (): void => outcomes.forEach((outcome) => batch[outcome.idx]?.resolve(outcome));
    if (!this.outbox.isBehind) settle();
    this.listener(client_id, posted, outcomes);
    if (this.outbox.isBehind) this.outbox.push(settle);
    else settle();
  }

  /** A message with files has its batch to itself. */
  private store(posted: readonly NewMessage[]): Promise<PostOutcome[]> {
    const [first] = posted;
    return first && first.file_ids.length > 0 ? this.files.post(first) : this.messages.post(posted);
  }

  /** One message that PostgreSQL refuses must not take its neighbours along: each is tried alone, unless the database is away. */
  private async recover(client_id: string, batch: readonly Waiting[], error: unknown): Promise<void> {
    const [first] = batch;
    if (batch.length === 1 || toAppError(error).status === 503) {
      for (const waiting of batch) waiting.reject(error);
    } else if (first) {
      for (const waiting of batch) await this.run(client_id, [waiting]);
    }
  }
}

/** The next messages whose rooms are not being written; the same message sent twice waits for the batch after. */
function takeBatch(lane: Lane): Waiting[] {
  const batch: Waiting[] = [];
  const left: Waiting[] = [];
  const held = new Set<string>();
  const named = new Set<string>();
  let characters = 0;
  let has_files = false;
  for (const waiting of lane.queue) {
    const { room_id, sender_id, client_message_id, content, file_ids } = waiting.message;
    const name = client_message_id === null ? null : JSON.stringify([room_id, sender_id, client_message_id]);
    const is_apart = file_ids.length > 0;
    const full = batch.length >= MAX_BATCH || characters >= MAX_BATCH_CHARACTERS || has_files || (is_apart && batch.length > 0);
    if (full || lane.busyRooms.has(room_id) || held.has(room_id) || (name !== null && named.has(name))) {
      left.push(waiting);
      // What follows in the same room must not overtake it.
      held.add(room_id);
      continue;
    }
    if (name !== null) named.add(name);
    characters += content.length;
    has_files ||= is_apart;
    batch.push(waiting);
  }
  lane.queue.splice(0, lane.queue.length, ...left);
  return batch;
}
