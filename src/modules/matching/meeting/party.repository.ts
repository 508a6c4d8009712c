import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';
import type { Seat } from './talk.js';

/** A participant who has come in at least once. */
export interface Party {
  readonly user_id: string;
  readonly tab_id: string;
  readonly can_record: boolean;
  readonly is_recording: boolean;
  readonly is_here: boolean;
  /** They said that they leave; else their tab may come back. */
  readonly has_left: boolean;
  readonly provider_attendee: Record<string, unknown> | null;
}

/** What a tab says of itself. */
export interface TabFacts {
  readonly tab_id: string;
  readonly can_record: boolean;
}

/** Tabs say every ten seconds that they are there; one that has been silent for so long is gone, whatever became of its node. */
const SILENT_S = 25;

/** Who is in which meeting of the tenant in scope. */
@Injectable()
export class PartyRepository {
  constructor(private readonly database: Database) {}

  /** Puts a socket into a seat; whichever was there before is there no more. */
  async enter({ meeting_id, user_id }: Seat, connection_id: string, { tab_id, can_record }: TabFacts): Promise<void> {
    await this.database.sql(
      `insert into meeting_parties as p (client_id, meeting_id, user_id, tab_id, connection_id, can_record) values ($1, $2, $3, $4, $5, $6)
       on conflict (client_id, meeting_id, user_id) do update set connection_id = excluded.connection_id, can_record = excluded.can_record,
         is_recording = p.is_recording and p.tab_id = excluded.tab_id, tab_id = excluded.tab_id, has_left = false, seen_at = now()`,
      [Scope.clientId(), meeting_id, user_id, tab_id, connection_id, can_record],
    );
  }

  /** Notes that a socket is still there, and whether it records; false where the seat is not its own any more. */
  async see({ meeting_id, user_id }: Seat, connection_id: string, is_recording: boolean): Promise<boolean> {
    const { rowCount } = await this.database.sqlResult(
      `update meeting_parties set seen_at = now(), is_recording = $5
        where client_id = $1 and meeting_id = $2 and user_id = $3 and connection_id = $4`,
      [Scope.clientId(), meeting_id, user_id, connection_id, is_recording],
    );
    return (rowCount ?? 0) > 0;
  }

  /** Takes a socket out of its seat; false where another one has taken it. */
  async leave({ meeting_id, user_id }: Seat, connection_id: string, has_left: boolean): Promise<boolean> {
    const { rowCount } = await this.database.sqlResult(
      `update meeting_parties set connection_id = '', is_recording = false, has_left = $5
        where client_id = $1 and meeting_id = $2 and user_id = $3 and connection_id = $4`,
      [Scope.clientId(), meeting_id, user_id, connection_id, has_left],
    );
    return (rowCount ?? 0) > 0;
  }

  /** Everybody who has ever come in: two at most. */
  list(meeting_id: string): Promise<Party[]> {
    return this.database.sql<Party>(
      `select user_id, tab_id, can_record, is_recording, has_left, provider_attendee,
              connection_id <> '' and seen_at > now() - make_interval(secs => ${SILENT_S}) as is_here
         from meeting_parties where client_id = $1 and meeting_id = $2`,
      [Scope.clientId(), meeting_id],
    );
  }

  /** Keeps by what the provider knows a participant. */
  async setAttendee({ meeting_id, user_id }: Seat, attendee: Record<string, unknown>): Promise<void> {
    await this.database.sql('update meeting_parties set provider_attendee = $4 where client_id = $1 and meeting_id = $2 and user_id = $3', [
      Scope.clientId(),
      meeting_id,
      user_id,
      JSON.stringify(attendee),
    ]);
  }
}
