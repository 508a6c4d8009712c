import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';

/** What was said from one second to another. */
export interface TranscriptSegment {
  start: number;
  end: number;
  text: string;
}

/** The text of a recording. */
export interface TranscriptText {
  text: string;
  segments: TranscriptSegment[];
  language: string | null;
}

/** A transcript that is made, being made, or could not be. */
export interface Transcript extends Partial<TranscriptText> {
  status: 'pending' | 'done' | 'failed';
  /** The code of an error of the table. */
  failure: string | null;
  /** Whether it has been as it is for so long that it is worth another try. */
  is_stale: boolean;
}

/** A failure is told for a while before it is tried again; a job that was lost on the way is given up after hours. */
const STALE = `(status = 'failed' and made_at < now() - interval '5 minutes') or (status = 'pending' and requested_at < now() - interval '6 hours')`;

/** Transcripts of recordings of the tenant in scope. */
@Injectable()
export class TranscriptRepository {
  constructor(private readonly database: Database) {}

  async find(recording_sid: string): Promise<Transcript | null> {
    const rows = await this.database.sql<Transcript>(
      `select status, failure, text, segments, language, ${STALE} as is_stale from transcripts where client_id = $1 and recording_sid = $2`,
      [Scope.clientId(), recording_sid],
    );
    return rows[0] ?? null;
  }

  /** Asks for a transcript; false where it was asked for before, and is not stale. */
  async request(recording_sid: string): Promise<boolean> {
    const rows = await this.database.sql(
      `insert into transcripts as t (client_id, recording_sid) values ($1, $2)
       on conflict (client_id, recording_sid) do update set status = 'pending', failure = null, requested_at = now(), made_at = null
        where (t.status = 'failed' and t.made_at < now() - interval '5 minutes') or (t.status = 'pending' and t.requested_at < now() - interval '6 hours')
       returning 1`,
      [Scope.clientId(), recording_sid],
    );
    return rows.length > 0;
  }

  /** Keeps the text. False where it is made already. */
  async keep(recording_sid: string, { text, segments, language }: TranscriptText): Promise<boolean> {
    const rows = await this.database.sql(
      `update transcripts set status = 'done', failure = null, text = $3, segments = $4::jsonb, language = $5, made_at = now()
        where client_id = $1 and recording_sid = $2 and status <> 'done' returning 1`,
      [Scope.clientId(), recording_sid, text, JSON.stringify(segments), language],
    );
    return rows.length > 0;
  }

  /** Takes the text of a recording away, unless a call still has the recording; inside the transaction that takes the call. */
  async forget(recording_sid: string): Promise<void> {
    await this.database.sql(
      `delete from transcripts t where t.client_id = $1 and t.recording_sid = $2
         and not exists (select from calls c where c.client_id = $1 and c.recording_sid = $2)`,
      [Scope.clientId(), recording_sid],
    );
  }

  /** Notes why there is none. */
  async fail(recording_sid: string, failure: string): Promise<void> {
    await this.database.sql(
      `update transcripts set status = 'failed', failure = $3, made_at = now() where client_id = $1 and recording_sid = $2 and status <> 'done'`,
      [Scope.clientId(), recording_sid, failure],
    );
  }
}
