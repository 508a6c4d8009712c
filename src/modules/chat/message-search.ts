import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Database, decodeCursor, pageLimit, pageOf, type PageRequest, SystemDatabase, WrittenPage } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Logger } from '../../platform/http/index.js';
import { type Actor, Scope } from '../../platform/scope/index.js';
import { normaliseText } from '../../platform/text/index.js';
import { MessageRepository } from './message.repository.js';
import { readerOf } from './room.policy.js';
import { RoomRepository } from './room.repository.js';
import { tokensOf } from './search-tokens.js';

const BATCH = 500;
/** How long new messages wait for company before they are indexed unasked. */
const INDEX_AFTER_MS = 5_000;
/** How long the indexer rests, in times of what it has just worked: under load it takes a tenth of a core at most. */
const RESTS = 9;
const MOST_DIRTY = 100_000;

/**
 * Search by substring. Posting pays nothing for it: messages are indexed afterwards, a room at a time, and a search first indexes what is
 * still missing in the rooms it looks through, so that a message can be found from the moment it is acknowledged.
 */
@Injectable()
export class MessageSearch implements OnModuleDestroy {
  private readonly dirty = new Map<string, { client_id: string; room_id: string }>();
  private timer: NodeJS.Timeout | null = null;
  private running = false;
  private batch: Promise<boolean> | null = null;
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly system: SystemDatabase,
    private readonly messages: MessageRepository,
    private readonly rooms: RoomRepository,
    private readonly logger: Logger,
  ) {}

  /** Notes that a room has messages that are not indexed. */
  markDirty(client_id: string, room_id: string): void {
    const key = `${client_id}/${room_id}`;
    if (!this.dirty.has(key) && this.dirty.size < MOST_DIRTY) this.dirty.set(key, { client_id, room_id });
    this.schedule();
  }

  /** Finds what earlier processes left unindexed. */
  async recover(): Promise<void> {
    const rows = await this.system.cross('sweep', (sql) =>
      sql<{ client_id: string; id: string }>('select client_id, id from rooms where indexed_seq < last_seq limit 10000'),
    );
    for (const row of rows) this.markDirty(row.client_id, row.id);
  }

  /**
   * Messages that contain `q`, newest first, among what the actor may read. Throws ROOM_NOT_FOUND where `room_id` is none
   * of theirs.
   */
  async search(actor: Actor, query: PageRequest & { q: string; room_id?: string }): Promise<WrittenPage> {
    const reader = readerOf(actor);
    const limit = pageLimit(query.limit);
    const before = query.cursor === undefined ? null : decodeCursor(query.cursor, ['uuid'])[0];
    const client_id = Scope.clientId();
    const text = normaliseText(query.q);
    const tokens = tokensOf(client_id, text);
    if (tokens.length === 0) throw AppError.field('q', 'takes 2 characters or more');
    if (query.room_id !== undefined) await this.rooms.getFor(query.room_id, reader);
    await this.indexVisible(query.room_id);
    const found = await this.database.sql<{ room_id: string; seq: number; id: string }>(
      'select * from search_messages($1, $2, $3::integer[], $4, $5, $6, $7)',
      [client_id, reader, tokens, text, query.room_id ?? null, before, limit + 1],
    );
    const { items, next_cursor } = pageOf(found, limit, ({ id }) => [id]);
    return new WrittenPage(await this.messages.findMany(items), next_cursor);
  }

  /** Puts a message's new words into the index; inside the transaction that changes them. */
  async reindex(room_id: string, seq: number, content: string): Promise<void> {
    const client_id = Scope.clientId();
    const text = normaliseText(content);
    await this.database.sql(
      `insert into message_search (client_id, room_id, seq, id, text, tokens)
       select $1, $2, $3, m.id, $4, $5::integer[] from messages m where m.client_id = $1 and m.room_id = $2 and m.seq = $3
       on conflict (client_id, room_id, seq) do update set text = excluded.text, tokens = excluded.tokens`,
      [client_id, room_id, seq, text, tokensOf(client_id, text)],
    );
  }

  /** Takes a message out of the index; inside the transaction that deletes it. */
  async forget(room_id: string, seq: number): Promise<void> {
    await this.database.sql('delete from message_search where client_id = $1 and room_id = $2 and seq = $3', [
      Scope.clientId(),
      room_id,
      seq,
    ]);
  }

  /** Stops the timer and lets the running batch end; what is dirty is found again by the next process. */
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await Promise.allSettled([this.batch]);
  }

  private async indexVisible(room_id: string | undefined): Promise<void> {
    const rows = await this.database.sql<{ id: string }>(
      'select id from rooms where client_id = $1 and indexed_seq < last_seq and ($2::text is null or id = $2)',
      [Scope.clientId(), room_id ?? null],
    );
    for (const row of rows) await this.indexRoom(row.id);
  }

  /** Indexes a room to its end, in batches. */
  private async indexRoom(room_id: string): Promise<void> {
    while (await this.indexBatch(room_id));
  }

  /** Indexes the next messages of a room; true where there may be more. */
  private async indexBatch(room_id: string): Promise<boolean> {
    const client_id = Scope.clientId();
    return this.database.transaction(async () => {
      await this.messages.lockSearch(room_id);
      const [room] = await this.database.sql<{ last_seq: number; indexed_seq: number }>(
        // A deletion of the room takes it first as well, so that the two cannot wait for each other.
        'select last_seq, indexed_seq from rooms where client_id = $1 and id = $2 for key share',
        [client_id, room_id],
      );
      if (!room || room.indexed_seq >= room.last_seq) return false;
      // Held, since the sweeper may be taking them away, and the index refers to them.
      const rows = await this.database.sql<{ seq: number; id: string; content: string | null }>(
        `select seq, id, content from messages where client_id = $1 and room_id = $2 and seq > $3 and seq <= $4 order by seq limit ${BATCH} for key share`,
        [client_id, room_id, room.indexed_seq, room.last_seq],
      );
      // Where fewer came than were asked for, the rest had expired and was swept before anybody looked for it.
      const reached = rows.length === BATCH ? (rows.at(-1)?.seq ?? room.last_seq) : room.last_seq;
      const entries = rows.flatMap(({ seq, id, content }) => {
        const text = content === null ? '' : normaliseText(content);
        return text === '' ? [] : [{ seq, id, text, tokens: tokensOf(client_id, text) }];
      });
      await this.database.sql(
        `insert into message_search (client_id, room_id, seq, id, text, tokens)
         select $1, $2, e.seq, e.id, e.text, e.tokens
         from json_to_recordset($3::json) as e(seq bigint, id uuid, text text, tokens integer[])
         on conflict do nothing`,
        [client_id, room_id, JSON.stringify(entries)],
      );
      await this.database.sql('update rooms set indexed_seq = $3 where client_id = $1 and id = $2', [client_id, room_id, reached]);
      return reached < room.last_seq;
    });
  }

  /** Indexes what is dirty, and rests after each batch for longer than it took: posting goes first, and a search does not wait for this. */
  private async work(): Promise<void> {
    this.timer = null;
    if (this.running) return;
    this.running = true;
    try {
      for (let [first] = this.dirty; first && !this.stopped; [first] = this.dirty) {
        const [key, { client_id, room_id }] = first;
        this.dirty.delete(key);
        const began = performance.now();
        this.batch = Scope.runAs(client_id, () => this.indexBatch(room_id));
        const more = await this.batch;
        if (more) this.markDirty(client_id, room_id);
        await pause((performance.now() - began) * RESTS, undefined, { ref: false });
      }
    } catch (error) {
      this.logger.error({ err: error }, 'indexing messages for search failed');
    } finally {
      this.running = false;
    }
    if (this.dirty.size > 0) this.schedule();
  }

  private schedule(): void {
    if (this.timer || this.running || this.stopped) return;
    this.timer = setTimeout(() => void this.work(), INDEX_AFTER_MS).unref();
  }
}
