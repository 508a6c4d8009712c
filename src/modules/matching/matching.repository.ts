import { Injectable } from '@nestjs/common';
import {
  Database,
  decodeCursor,
  isExclusionViolation,
  type Page,
  pageLimit,
  pageOf,
  type PageRequest,
  TenantRepository,
} from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Scope } from '../../platform/scope/index.js';
import type { Heir } from '../files/index.js';
import { Matching, type MatchingStatus } from './matching.entity.js';

/** A matching with the names of the two. */
export type NamedMatching = Matching & { readonly speaker_name: string | null; readonly listener_name: string | null };

/** A new matching; the room is there already. */
export type NewMatching = Pick<Matching, 'id' | 'date' | 'meeting_length' | 'room_id'> & { speaker_id: string; listener_id: string };

export interface MatchingFilter {
  /** One of the two; everybody's where none is given. */
  person_id: string | null;
  status?: MatchingStatus;
  from?: string;
  to?: string;
}

const NAMED = `
  select m.*, s.name as speaker_name, l.name as listener_name from matchings m
    left join users s on s.client_id = m.client_id and s.id = m.speaker_id
    left join users l on l.client_id = m.client_id and l.id = m.listener_id`;

/** The matchings of the tenant in scope. */
@Injectable()
export class MatchingRepository extends TenantRepository<Matching> {
  constructor(database: Database) {
    super(database, Matching);
  }

  /** Books; the database decides whether both are free. @throws SPEAKER_NOT_AVAILABLE, LISTENER_NOT_AVAILABLE */
  async book(matching: NewMatching): Promise<void> {
    await this.unlessBusy(this.insert({ ...matching, ends_at: endOf(matching) }));
  }

  /** Moves a booked matching. @throws SPEAKER_NOT_AVAILABLE, LISTENER_NOT_AVAILABLE */
  async move(id: string, when: Pick<Matching, 'date' | 'meeting_length'>): Promise<void> {
    await this.unlessBusy(this.update({ id }, { ...when, ends_at: endOf(when) }));
  }

  /** The matching, which nobody else changes until the open transaction ends. */
  lock(id: string): Promise<Matching | null> {
    return this.findOne({ id }, { lock: { mode: 'for_no_key_update' } });
  }

  /** Somebody's booked matchings, locked, in one order. */
  async lockBookedOf(user_id: string): Promise<Matching[]> {
    const rows = await this.database.sql<Matching>(
      `select * from matchings where client_id = $1 and (speaker_id = $2 or listener_id = $2) and status = 'booked' order by id for update`,
      [Scope.clientId(), user_id],
    );
    return rows;
  }

  /** True where the file is the recording of a talk. */
  async isRecording(file_id: string): Promise<boolean> {
    return (await this.count({ audio_file_id: file_id })) > 0;
  }

  /** Recordings of somebody's talks that are that person's, with the other of the two, who stays until the open transaction ends. */
  heirsOf(user_id: string): Promise<Heir[]> {
    return this.database.sql<Heir>(
      `select f.id as file_id, other.id as user_id from matchings m
         join files f on f.client_id = m.client_id and f.id = m.audio_file_id and f.owner_id = $2
         join users other on other.client_id = m.client_id and other.id = case m.speaker_id when $2 then m.listener_id else m.speaker_id end
        where m.client_id = $1 and (m.speaker_id = $2 or m.listener_id = $2)
        order by other.id for key share of other`,
      [Scope.clientId(), user_id],
    );
  }

  /** The matching of a room; null where it is no matching's. */
  findByRoom(room_id: string): Promise<Matching | null> {
    return this.findOne({ room_id });
  }

  async findNamed(id: string): Promise<NamedMatching | null> {
    const [row] = await this.database.sql<NamedMatching>(`${NAMED} where m.client_id = $1 and m.id = $2`, [Scope.clientId(), id]);
    return row ?? null;
  }

  /** A page by date, the latest first. */
  async listNamed(filter: MatchingFilter, page: PageRequest): Promise<Page<NamedMatching>> {
    const limit = pageLimit(page.limit);
    const [before_date = null, before_id = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, ['timestamp', 'uuid']);
    const values: unknown[] = [
      Scope.clientId(),
      filter.status ?? null,
      filter.from ?? null,
      filter.to ?? null,
      before_date,
      before_id,
      limit + 1,
    ];
    const matching = `m.client_id = $1 and ($2::text is null or m.status = $2)
      and ($3::timestamptz is null or m.date >= $3) and ($4::timestamptz is null or m.date < $4)
      and ($5::timestamptz is null or (m.date, m.id) < ($5, $6::uuid))`;
    if (filter.person_id !== null) values.push(filter.person_id);
    // Each half is read from an index of its own, in order.
    const half = (column: string): string =>
      `(select m.* from matchings m where ${matching} and m.${column} = $8 order by m.date desc, m.id desc limit $7)`;
    const source =
      filter.person_id === null
        ? `(select m.* from matchings m where ${matching} order by m.date desc, m.id desc limit $7)`
        : `(${half('speaker_id')} union all ${half('listener_id')})`;
    const rows = await this.database.sql<NamedMatching>(
      `${NAMED.replace('from matchings m', `from ${source} m`)} order by m.date desc, m.id desc limit $7`,
      values,
    );
    return pageOf(rows, limit, (row) => [row.date, row.id]);
  }

  private async unlessBusy(writing: Promise<unknown>): Promise<void> {
    try {
      await writing;
    } catch (error) {
      if (isExclusionViolation(error, 'matchings_speaker_free')) throw new AppError('SPEAKER_NOT_AVAILABLE', { cause: error });
      if (isExclusionViolation(error, 'matchings_listener_free')) throw new AppError('LISTENER_NOT_AVAILABLE', { cause: error });
      throw error;
    }
  }
}

function endOf({ date, meeting_length }: Pick<Matching, 'date' | 'meeting_length'>): Date {
  return new Date(date.getTime() + meeting_length * 60_000);
}
