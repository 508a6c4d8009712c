import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';
import type { MessageView } from './message.view.js';
import { MESSAGE_JSON, NOT_EXPIRED, visibleTo } from './message.sql.js';

/** What a message needs to be posted. */
export interface NewMessage {
  readonly room_id: string;
  readonly sender_id: string;
  readonly id: string;
  readonly content: string;
  readonly client_message_id: string | null;
  readonly file_ids: readonly string[];
  readonly reply_to_seq: number | null;
  readonly ttl_seconds: number | null;
  /** Who sends, where the credential vouches for them and this node knows their name; saves the look-up. */
  readonly sender: { readonly username: string; readonly email: string } | null;
  /** This node has seen them in the room; saves another. */
  readonly known_member: boolean;
}

/** What became of one message of a batch. */
export interface PostOutcome {
  readonly idx: number;
  readonly outcome: 'created' | 'existing' | 'room_not_found' | 'user_not_found' | 'reply_not_found';
  readonly seq: number;
  /** Of the message that was there first; null for a new one. */
  readonly id: string | null;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  /** Null where the sender was known. */
  readonly username: string | null;
  readonly email: string | null;
  readonly is_anonymous: boolean;
  readonly joined: boolean;
  /** The message as everybody sees it, once it was first shown. */
  view?: MessageView;
}

/** A page of messages, as the JSON that leaves, the places of its first and last, and whether there are more beyond it. */
export interface MessagePage {
  readonly json: string;
  readonly lowest: number | null;
  readonly highest: number | null;
  readonly has_more: boolean;
}

/** What a client that was away needs. */
export interface CatchUp {
  readonly last_seq: number;
  readonly missed: string;
  readonly missed_count: number;
  readonly missed_highest: number | null;
  readonly changed: string;
  readonly changed_count: number;
}

/** A message that was changed: the number of its last change, and itself as JSON. */
export interface ChangedRow {
  readonly rev: number;
  readonly seq: number;
  readonly is_deleted: boolean;
  readonly json: string;
}

/** What an author or an admin may change, with what the decision needs. */
export interface MessageForChange {
  readonly sender_id: string;
  readonly deleted_at: Date | null;
}

const POST = 'select * from post_messages($1, $2, $3::json)';

const HISTORY = (direction: 'asc' | 'desc', range: string, rest: string): string => `
  select '[' || coalesce(string_agg(page.json, ',' order by page.seq ${direction}), '') || ']' as json,
         min(page.seq) as lowest, max(page.seq) as highest,
         -- Not "exists": for one row of many a scan of the whole table passes for cheaper than the index, wherever the row lies in it.
         count(page.seq) = $5 and (
           select m.seq from messages m where m.client_id = $1 and m.room_id = $2 and ${rest} and ${NOT_EXPIRED}
           order by m.seq ${direction} limit 1) is not null as has_more
  from rooms r
  left join room_members rm on rm.client_id = r.client_id and rm.room_id = r.id and rm.user_id = $3
  left join lateral (
    select m.seq, ${MESSAGE_JSON} as json
    from messages m left join users u on u.client_id = m.client_id and u.id = m.sender_id
    where m.client_id = $1 and m.room_id = $2 and ${range} and ${NOT_EXPIRED}
    order by m.seq ${direction} limit $5
  ) page on true
  where r.client_id = $1 and r.id = $2 and ${visibleTo('$3')}
  group by r.id`;

/** The newest messages of a room: the path that is asked for most; the benchmark measures against this very text. */
export const NEWEST_FIRST = HISTORY('desc', 'm.seq < $4', 'm.seq < min(page.seq)');
const OLDEST_FIRST = HISTORY('asc', 'm.seq > $4', 'm.seq > max(page.seq)');
const BETWEEN = HISTORY('asc', 'm.seq > $4 and m.seq < $6', 'm.seq > max(page.seq) and m.seq < $6');

/** The most that a join hands over; the rest is read by REST. */
export const MOST_MISSED = 200;

const CATCH_UP = `
  with room as (
    select r.* from rooms r
    left join room_members rm on rm.client_id = r.client_id and rm.room_id = r.id and rm.user_id = $3
    where r.client_id = $1 and r.id = $2 and ${visibleTo('$3')}
  ),
  known as (
    select m.posted_rev from messages m where m.client_id = $1 and m.room_id = $2 and m.seq <= $4 order by m.seq desc limit 1
  ),
  missed as (
    select m.seq, ${MESSAGE_JSON} as json
    from room r join messages m on m.client_id = r.client_id and m.room_id = r.id
    left join users u on u.client_id = m.client_id and u.id = m.sender_id
    where m.seq > $4 and m.seq < $5 and ${NOT_EXPIRED}
    order by m.seq limit ${MOST_MISSED + 1}
  ),
  changed as (
    select m.seq, m.rev, ${MESSAGE_JSON} as json
    from room r join messages m on m.client_id = r.client_id and m.room_id = r.id
    left join users u on u.client_id = m.client_id and u.id = m.sender_id
    where m.seq <= $4 and m.rev > m.posted_rev and m.rev > coalesce((select posted_rev from known), 0) and ${NOT_EXPIRED}
    order by m.rev desc limit ${MOST_MISSED + 1}
  )
  select r.last_seq,
    (select '[' || coalesce(string_agg(json, ',' order by seq), '') || ']' from (select * from missed order by seq limit ${MOST_MISSED}) x) as missed,
    (select count(*)::int from missed) as missed_count,
    (select max(seq) from (select seq from missed order by seq limit ${MOST_MISSED}) x) as missed_highest,
    (select '[' || coalesce(string_agg(json, ',' order by rev), '') || ']' from (select * from changed order by rev desc limit ${MOST_MISSED}) x) as changed,
    (select count(*)::int from changed) as changed_count
  from room r`;

const ONE = `
  select ${MESSAGE_JSON} as json
  from messages m join rooms r on r.client_id = m.client_id and r.id = m.room_id
  left join users u on u.client_id = m.client_id and u.id = m.sender_id
  where m.client_id = $1 and m.room_id = $2 and m.seq = $3 and ${NOT_EXPIRED}`;

const GAP = `
  select '[' || coalesce(string_agg(page.json, ',' order by page.seq), '') || ']' as json
  from (
    select m.seq, ${MESSAGE_JSON} as json
    from messages m join rooms r on r.client_id = m.client_id and r.id = m.room_id
    left join users u on u.client_id = m.client_id and u.id = m.sender_id
    where m.client_id = $1 and m.room_id = $2 and m.seq > $3 and m.seq < $4 and ${NOT_EXPIRED}
    order by m.seq limit $5
  ) page`;

const CHANGED = `
  select r.last_rev, m.rev, m.seq, m.deleted_at is not null as is_deleted, ${MESSAGE_JSON} as json
  from rooms r
  left join messages m on m.client_id = r.client_id and m.room_id = r.id and m.rev > $3 and m.rev > m.posted_rev and ${NOT_EXPIRED}
  left join users u on u.client_id = m.client_id and u.id = m.sender_id
  where r.client_id = $1 and r.id = $2
  order by m.rev limit $4`;

const MANY = `
  select '[' || coalesce(string_agg(${MESSAGE_JSON}, ',' order by m.id desc), '') || ']' as json
  from json_to_recordset($2::json) as wanted(room_id text, seq bigint)
  join messages m on m.client_id = $1 and m.room_id = wanted.room_id and m.seq = wanted.seq
  join rooms r on r.client_id = m.client_id and r.id = m.room_id
  left join users u on u.client_id = m.client_id and u.id = m.sender_id
  where ${NOT_EXPIRED}`;

const FILE_VISIBLE = `
  select 1 as is_there
  from message_files f
  join messages m on m.client_id = f.client_id and m.room_id = f.room_id and m.seq = f.seq
  join rooms r on r.client_id = m.client_id and r.id = m.room_id
  left join room_members rm on rm.client_id = r.client_id and rm.room_id = r.id and rm.user_id = $3
  where f.client_id = $1 and f.file_id = $2 and ${NOT_EXPIRED} and ${visibleTo('$3')} limit 1`;

/** The messages of the tenant in scope. Answers are JSON texts, since the paths through here are the hot ones. */
@Injectable()
export class MessageRepository {
  constructor(private readonly database: Database) {}

  /** Posts a batch in one round trip; one outcome for each, in the order given. See the migration's `post_messages`. */
  async post(batch: readonly NewMessage[]): Promise<PostOutcome[]> {
    const rooms = [...new Set(batch.map((message) => message.room_id))].sort();
    const places = new Map(rooms.map((room_id, index) => [room_id, index + 1]));
    const rows = batch.map((message, idx) => ({
      idx,
      room: places.get(message.room_id),
      sender_id: message.sender_id,
      id: message.id,
      content: message.content,
      client_message_id: message.client_message_id ?? undefined,
      file_ids: message.file_ids,
      reply_to_seq: message.reply_to_seq ?? undefined,
      ttl_seconds: message.ttl_seconds ?? undefined,
      known_user: message.sender !== null,
      known_member: message.known_member,
    }));
    return this.database.sql<PostOutcome>(POST, [Scope.clientId(), rooms, JSON.stringify(rows)]);
  }

  /** Notes which files a message carries. */
  async addFiles(room_id: string, seq: number, file_ids: readonly string[]): Promise<void> {
    await this.database.sql(
      'insert into message_files (client_id, room_id, seq, file_id) select $1, $2, $3, unnest($4::uuid[]) on conflict do nothing',
      [Scope.clientId(), room_id, seq, file_ids],
    );
  }

  /** True where `reader` may see a message that carries the file. */
  async isFileVisible(file_id: string, reader: string | null): Promise<boolean> {
    return (await this.database.sql(FILE_VISIBLE, [Scope.clientId(), file_id, reader])).length > 0;
  }

  /** A page of history that `reader` may see; null where there is no such room for them. */
  async history(
    room_id: string,
    reader: string | null,
    range: { limit: number; before_seq?: number; after_seq?: number },
  ): Promise<MessagePage | null> {
    const { limit, before_seq = Number.MAX_SAFE_INTEGER, after_seq } = range;
    const both = after_seq !== undefined && range.before_seq !== undefined;
    const text = both ? BETWEEN : after_seq === undefined ? NEWEST_FIRST : OLDEST_FIRST;
    const values = [Scope.clientId(), room_id, reader, after_seq ?? before_seq, limit, ...(both ? [before_seq] : [])];
    return (await this.database.sql<MessagePage>(text, values))[0] ?? null;
  }

  /** What happened in a room after `after_seq`, up to but without `before_seq`; null where there is no such room for `reader`. */
  async catchUp(room_id: string, reader: string | null, after_seq: number | null, before_seq: number): Promise<CatchUp | null> {
    return (await this.database.sql<CatchUp>(CATCH_UP, [Scope.clientId(), room_id, reader, after_seq, before_seq]))[0] ?? null;
  }

  /** Messages between two places, oldest first, as a JSON array: for this server's own ends, whoever may see them. */
  async between(room_id: string, after_seq: number, before_seq: number, limit: number): Promise<string> {
    const rows = await this.database.sql<{ json: string }>(GAP, [Scope.clientId(), room_id, after_seq, before_seq, limit]);
    return rows[0]?.json ?? '[]';
  }

  /**
   * Messages that were changed after `after_rev`, by their last change: for this server's own ends, whoever may see them. `reached` is the
   * change up to which these are all.
   */
  async changedAfter(room_id: string, after_rev: number, limit: number): Promise<{ changed: ChangedRow[]; reached: number }> {
    type Row = { [K in keyof ChangedRow]: ChangedRow[K] | null } & { last_rev: number };
    const rows = await this.database.sql<Row>(CHANGED, [Scope.clientId(), room_id, after_rev, limit]);
    const changed = rows.filter((row): row is ChangedRow & { last_rev: number } => row.rev !== null);
    const last = rows.at(-1);
    return { changed, reached: (rows.length < limit ? last?.last_rev : last?.rev) ?? after_rev };
  }

  /** One message as JSON; null where there is none, or it has expired. */
  async find(room_id: string, seq: number): Promise<string | null> {
    return (await this.database.sql<{ json: string }>(ONE, [Scope.clientId(), room_id, seq]))[0]?.json ?? null;
  }

  /** Messages by place, newest first, as a JSON array. */
  async findMany(places: ReadonlyArray<{ room_id: string; seq: number }>): Promise<string> {
    return (await this.database.sql<{ json: string }>(MANY, [Scope.clientId(), JSON.stringify(places)]))[0]?.json ?? '[]';
  }

  /**
   * Locks a message and its room for a change, the room first as posting does, and keeps the search index from reading it
   * meanwhile. Null where there is none.
   */
  async lockForChange(room_id: string, seq: number): Promise<MessageForChange | null> {
    const client_id = Scope.clientId();
    await this.lockSearch(room_id);
    await this.database.sql('select 1 from rooms where client_id = $1 and id = $2 for no key update', [client_id, room_id]);
    const rows = await this.database.sql<MessageForChange>(
      `select m.sender_id, m.deleted_at from messages m
       where m.client_id = $1 and m.room_id = $2 and m.seq = $3 and ${NOT_EXPIRED} for update`,
      [client_id, room_id, seq],
    );
    return rows[0] ?? null;
  }

  /** Held to the end of the transaction by whoever changes a message's words and by the indexer. */
  async lockSearch(room_id: string): Promise<void> {
    await this.database.sql(`select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 7))`, [Scope.clientId(), room_id]);
  }

  /** Answers the number of the change, as the others below. */
  async setContent(room_id: string, seq: number, content: string): Promise<number> {
    return this.change(room_id, seq, 'content = $4, edited_at = clock_timestamp()', content);
  }

  /** Makes a tombstone of a message: nothing of what it said is kept. */
  async setDeleted(room_id: string, seq: number): Promise<number> {
    const rev = await this.change(room_id, seq, `content = null, file_ids = '{}', has_reactions = false, deleted_at = clock_timestamp()`);
    for (const table of ['reactions', 'message_files']) {
      await this.database.sql(`delete from ${table} where client_id = $1 and room_id = $2 and seq = $3`, [Scope.clientId(), room_id, seq]);
    }
    return rev;
  }

  /** Adds a reaction; null where it stood already. */
  async addReaction(room_id: string, seq: number, emoji: string, user_id: string): Promise<number | null> {
    const added = await this.database.sql(
      `insert into reactions (client_id, room_id, seq, emoji, user_id) values ($1, $2, $3, $4, $5) on conflict do nothing returning 1`,
      [Scope.clientId(), room_id, seq, emoji, user_id],
    );
    return added.length > 0 ? this.change(room_id, seq, 'has_reactions = true') : null;
  }

  /** Takes a reaction away; null where there was none. */
  async removeReaction(room_id: string, seq: number, emoji: string, user_id: string): Promise<number | null> {
    const removed = await this.database.sql(
      'delete from reactions where client_id = $1 and room_id = $2 and seq = $3 and emoji = $4 and user_id = $5 returning 1',
      [Scope.clientId(), room_id, seq, emoji, user_id],
    );
    return removed.length > 0 ? this.change(room_id, seq, 'has_reactions = has_reactions') : null;
  }

  /** Takes a message away that has expired, before the sweeper comes by. */
  async removeExpired(room_id: string, seq: number): Promise<void> {
    await this.database.sql('delete from messages where client_id = $1 and room_id = $2 and seq = $3 and expires_at <= now()', [
      Scope.clientId(),
      room_id,
      seq,
    ]);
  }

  /** How many different emoji stand under a message besides this one. */
  async countOtherEmoji(room_id: string, seq: number, emoji: string): Promise<number> {
    const rows = await this.database.sql<{ count: number }>(
      'select count(distinct emoji)::int as count from reactions where client_id = $1 and room_id = $2 and seq = $3 and emoji <> $4',
      [Scope.clientId(), room_id, seq, emoji],
    );
    return rows[0]?.count ?? 0;
  }

  private async change(room_id: string, seq: number, set: string, ...values: unknown[]): Promise<number> {
    const [changed] = await this.database.sql<{ rev: number }>(
      `with counted as (update rooms set last_rev = last_rev + 1 where client_id = $1 and id = $2 returning last_rev)
       update messages set rev = (select last_rev from counted), ${set} where client_id = $1 and room_id = $2 and seq = $3 returning rev`,
      [Scope.clientId(), room_id, seq, ...values],
    );
    if (!changed) throw new Error('A locked message went away');
    return changed.rev;
  }
}
