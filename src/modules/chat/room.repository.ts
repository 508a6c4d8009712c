import { Injectable } from '@nestjs/common';
import { Database, TenantRepository } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Scope } from '../../platform/scope/index.js';
import { MESSAGE_JSON, NOT_EXPIRED, timeSql, visibleTo } from './message.sql.js';
import { Room, type Visibility } from './room.entity.js';
import type { RoomForReader } from './room.policy.js';

/** Counting further than this would cost more than anybody reads off it. */
export const MOST_UNREAD = 1_000;

/** A room as its reader sees it, as JSON: with their role, its last message and how much they have not read. */
const ROOM_JSON = `(select row_to_json(shown) from (select
  r.id, r.name, r.visibility, r.message_ttl_seconds, r.created_by, ${timeSql('r.created_at')} as created_at, rm.role as my_role, r.last_seq, (
    select ${MESSAGE_JSON} from messages m left join users u on u.client_id = m.client_id and u.id = m.sender_id
    where m.client_id = r.client_id and m.room_id = r.id and ${NOT_EXPIRED} order by m.seq desc limit 1)::json as last_message,
  case when rm.user_id is null then 0 else (
    select count(*) from (
      select 1 from messages m where m.client_id = r.client_id and m.room_id = r.id and m.seq > rm.last_read_seq
        and m.sender_id <> rm.user_id and m.deleted_at is null and ${NOT_EXPIRED} limit ${MOST_UNREAD}) unread) end as unread) shown)`;

export interface RoomProgress {
  readonly room_id: string;
  readonly last_seq: number;
  readonly last_rev: number;
}

/** Rooms of the tenant in scope. */
@Injectable()
export class RoomRepository extends TenantRepository<Room> {
  constructor(database: Database) {
    super(database, Room, { columns: ['id'], direction: 'asc' });
  }

  /** The room as `reader` may see it; throws ROOM_NOT_FOUND where they may not. */
  async getFor(room_id: string, reader: string | null): Promise<RoomForReader> {
    const rows = await this.database.sql<RoomForReader>(
      `select r.*, rm.role as my_role from rooms r
       left join room_members rm on rm.client_id = r.client_id and rm.room_id = r.id and rm.user_id = $3
       where r.client_id = $1 and r.id = $2 and ${visibleTo('$3')}`,
      [Scope.clientId(), room_id, reader],
    );
    if (!rows[0]) throw new AppError('ROOM_NOT_FOUND');
    return rows[0];
  }

  /** The room as JSON for `reader`; null where they may not see it. */
  async findJson(room_id: string, reader: string | null): Promise<string | null> {
    const rows = await this.database.sql<{ json: string }>(
      `select (${ROOM_JSON})::text as json from rooms r
       left join room_members rm on rm.client_id = r.client_id and rm.room_id = r.id and rm.user_id = $3
       where r.client_id = $1 and r.id = $2 and ${visibleTo('$3')}`,
      [Scope.clientId(), room_id, reader],
    );
    return rows[0]?.json ?? null;
  }

  /** The rooms that `reader` is in, and the open ones, by id after `after_id`. */
  async listJson(reader: string | null, after_id: string, limit: number): Promise<Array<{ id: string; json: string }>> {
    return this.database.sql<{ id: string; json: string }>(
      `select r.id, (${ROOM_JSON})::text as json from rooms r
       left join room_members rm on rm.client_id = r.client_id and rm.room_id = r.id and rm.user_id = $2
       where r.client_id = $1 and r.id > $3 collate "C" and ${visibleTo('$2')}
       order by r.id collate "C" limit $4`,
      [Scope.clientId(), reader, after_id, limit],
    );
  }

  /**
   * Holds the room to the end of the transaction, so that two changes of its members cannot miss each other; answers whether it is open now.
   * Throws ROOM_NOT_FOUND where it has gone.
   */
  async lock(room_id: string): Promise<Visibility> {
    const [room] = await this.database.sql<{ visibility: Visibility }>(
      'select visibility from rooms where client_id = $1 and id = $2 for no key update',
      [Scope.clientId(), room_id],
    );
    if (!room) throw new AppError('ROOM_NOT_FOUND');
    return room.visibility;
  }

  /** How far rooms have got: the place of the newest message and the number of the last change; see RoomStream. */
  async progress(room_ids: readonly string[]): Promise<RoomProgress[]> {
    return this.database.sql<RoomProgress>(
      'select id as room_id, last_seq, last_rev from rooms where client_id = $1 and id = any($2::text[])',
      [Scope.clientId(), room_ids],
    );
  }
}
