import { Injectable } from '@nestjs/common';
import { Database, TenantRepository } from '../../../platform/database/index.js';
import { newId } from '../../../platform/ids/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { Meeting, type MeetingProviderName } from './meeting.entity.js';
import type { Talk } from './talk.js';

const TALK = `
  select m.id, m.matching_id, m.provider, m.provider_meeting, m.met_at, m.ended_at, m.recorded_at,
         t.date as starts_at, t.ends_at, t.status, t.room_id, t.speaker_id, s.name as speaker_name, t.listener_id, l.name as listener_name,
         t.audio_file_id is not null or exists (select 1 from meeting_takes k where k.client_id = m.client_id and k.meeting_id = m.id) as is_recorded,
         s.id is null or s.disabled_at is not null as speaker_is_barred, l.id is null or l.disabled_at is not null as listener_is_barred
    from meetings m join matchings t on t.client_id = m.client_id and t.id = m.matching_id
    left join users s on s.client_id = t.client_id and s.id = t.speaker_id
    left join users l on l.client_id = t.client_id and l.id = t.listener_id`;

/** The meetings of the tenant in scope. */
@Injectable()
export class MeetingRepository extends TenantRepository<Meeting> {
  constructor(database: Database) {
    super(database, Meeting);
  }

  /** The matching's meeting; made with this provider where there is none. */
  async ensure(matching_id: string, provider: MeetingProviderName): Promise<Talk> {
    await this.database.sql(
      `insert into meetings (client_id, id, matching_id, provider) values ($1, $2, $3, $4)
       on conflict on constraint meetings_matching_unique do nothing`,
      [Scope.clientId(), newId(), matching_id, provider],
    );
    const talk = await this.findTalkOf(matching_id);
    if (!talk) throw new Error('A meeting that was just made is not there');
    return talk;
  }

  async findTalk(id: string): Promise<Talk | null> {
    const [talk] = await this.database.sql<Talk>(`${TALK} where m.client_id = $1 and m.id = $2`, [Scope.clientId(), id]);
    return talk ?? null;
  }

  /** The talk of a matching; null where the two have no meeting. */
  async findTalkOf(matching_id: string): Promise<Talk | null> {
    const [talk] = await this.database.sql<Talk>(`${TALK} where m.client_id = $1 and m.matching_id = $2`, [Scope.clientId(), matching_id]);
    return talk ?? null;
  }

  /** The talk of a room; null where it is no matching's, or the two have no meeting. */
  async findTalkByRoom(room_id: string): Promise<Talk | null> {
    const [talk] = await this.database.sql<Talk>(`${TALK} where m.client_id = $1 and t.room_id = $2`, [Scope.clientId(), room_id]);
    return talk ?? null;
  }

  /** The matching's meeting, which nobody else changes until the open transaction ends; null where there is none. */
  lockOf(matching_id: string): Promise<Meeting | null> {
    return this.findOne({ matching_id }, { lock: { mode: 'for_no_key_update' } });
  }

  /** The meeting, in the same way. */
  lock(id: string): Promise<Meeting | null> {
    return this.findOne({ id }, { lock: { mode: 'for_no_key_update' } });
  }

  /** Notes that both are there, once. */
  async noteMet(id: string): Promise<void> {
    await this.database.sql('update meetings set met_at = now() where client_id = $1 and id = $2 and met_at is null and ended_at is null', [
      Scope.clientId(),
      id,
    ]);
  }
}
