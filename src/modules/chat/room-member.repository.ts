import { Injectable } from '@nestjs/common';
import { Database, TenantRepository } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';
import { timeSql } from './message.sql.js';
import { type RoomRole, RoomMember } from './room-member.entity.js';
import { roomUserSql } from './room-user.js';
import type { RoomMemberView } from './room.view.js';

/** Who is in which room of the tenant in scope. */
@Injectable()
export class RoomMemberRepository extends TenantRepository<RoomMember> {
  constructor(database: Database) {
    super(database, RoomMember, { columns: ['user_id'], direction: 'asc' });
  }

  /** Makes people members of a room; answers those who were not yet. */
  async add(room_id: string, user_ids: readonly string[], role: RoomRole, last_read_seq: number): Promise<string[]> {
    const rows = await this.database.sql<{ user_id: string }>(
      `insert into room_members (client_id, room_id, user_id, role, last_read_seq)
       select $1, $2, u.id, $4, $5 from users u where u.client_id = $1 and u.id = any($3::uuid[])
       on conflict do nothing returning user_id`,
      [Scope.clientId(), room_id, user_ids, role, last_read_seq],
    );
    return rows.map((row) => row.user_id);
  }

  /** Which of these people may not be where they are, as `<room>/<user>`: the room is private and they are no members, or it is gone. */
  async strangers(present: ReadonlyArray<{ room_id: string; user_id: string }>): Promise<Set<string>> {
    const rows = await this.database.sql<{ place: string }>(
      `select distinct p.room_id || '/' || p.user_id as place from json_to_recordset($2::json) as p(room_id text, user_id uuid)
       left join rooms r on r.client_id = $1 and r.id = p.room_id
       left join room_members m on m.client_id = $1 and m.room_id = p.room_id and m.user_id = p.user_id
       where r.id is null or (r.visibility = 'private' and m.user_id is null)`,
      [Scope.clientId(), JSON.stringify(present.map(({ room_id, user_id }) => ({ room_id, user_id })))],
    );
    return new Set(rows.map(({ place }) => place));
  }

  /** A room's members as it shows them, by id after `after_id`. */
  async listViews(room_id: string, after_id: string | null, limit: number): Promise<RoomMemberView[]> {
    return this.database.sql<RoomMemberView>(
      `select ${roomUserSql('u.id')} as "user", rm.role, ${timeSql('rm.joined_at')} as joined_at
       from room_members rm join users u on u.client_id = rm.client_id and u.id = rm.user_id
       join rooms r on r.client_id = rm.client_id and r.id = rm.room_id
       where rm.client_id = $1 and rm.room_id = $2 and ($3::uuid is null or rm.user_id > $3::uuid)
       order by rm.user_id limit $4`,
      [Scope.clientId(), room_id, after_id, limit],
    );
  }

  /** Moves a reader's marker forward, never back, and makes a reader of an open room its member. Answers where it stands; null where they may not read. */
  async markRead(room_id: string, user_id: string, seq: number): Promise<{ last_read_seq: number; joined: boolean } | null> {
    const rows = await this.database.sql<{ last_read_seq: number; joined: boolean }>(
      // An insertion alone would bring back who is being put out of a private room just now.
      `with moved as (
         update room_members set last_read_seq = greatest(last_read_seq, $4)
         where client_id = $1 and room_id = $2 and user_id = $3 returning last_read_seq, false as joined),
       added as (
         insert into room_members (client_id, room_id, user_id, last_read_seq)
         select r.client_id, r.id, $3, $4 from rooms r
         where r.client_id = $1 and r.id = $2 and r.visibility = 'open' and not exists (select 1 from moved)
         on conflict (client_id, room_id, user_id)
         do update set last_read_seq = greatest(room_members.last_read_seq, excluded.last_read_seq)
         returning last_read_seq, xmax = 0 as joined)
       select * from moved union all select * from added`,
      [Scope.clientId(), room_id, user_id, seq],
    );
    return rows[0] ?? null;
  }

  /** Takes a person out of every room; rooms that they ran alone and nobody else may run get another admin. Answers which they were in. */
  async leaveAll(user_id: string): Promise<Array<{ room_id: string; is_anonymous: boolean }>> {
    const client_id = Scope.clientId();
    const rows = await this.database.sql<{ room_id: string; is_anonymous: boolean; orphaned: boolean }>(
      `select rm.room_id, r.is_anonymous, rm.role = 'admin' and r.visibility = 'private' as orphaned
       from room_members rm join rooms r on r.client_id = rm.client_id and r.id = rm.room_id
       where rm.client_id = $1 and rm.user_id = $2 order by r.id for no key update of r`,
      [client_id, user_id],
    );
    await this.database.sql('delete from room_members where client_id = $1 and user_id = $2', [client_id, user_id]);
    for (const { room_id, orphaned } of rows) if (orphaned) await this.ensureAdmin(room_id);
    return rows;
  }

  /** Makes the longest-standing member the admin of a room that has none left. */
  async ensureAdmin(room_id: string): Promise<void> {
    await this.database.sql(
      `update room_members set role = 'admin'
       where client_id = $1 and room_id = $2
         and not exists (select 1 from room_members a where a.client_id = $1 and a.room_id = $2 and a.role = 'admin')
         and user_id = (select o.user_id from room_members o where o.client_id = $1 and o.room_id = $2 order by o.joined_at, o.user_id limit 1)`,
      [Scope.clientId(), room_id],
    );
  }
}
