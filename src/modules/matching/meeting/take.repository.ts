import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';

/** A recording of one browser's; its bytes are an upload of the same id. */
export interface TakeRow {
  readonly id: string;
  readonly meeting_id: string;
  /** Null once the account is gone. */
  readonly user_id: string | null;
  readonly content_type: string;
  readonly started_at: Date;
  readonly finished_at: Date | null;
}

const COLUMNS = 'id, meeting_id, user_id, content_type, started_at, finished_at';

/** What browsers record of the meetings of the tenant in scope. */
@Injectable()
export class TakeRepository {
  constructor(private readonly database: Database) {}

  /** Adds one; whatever the same person recorded before is as whole as it will be. */
  async add({ id, meeting_id, user_id, content_type }: Pick<TakeRow, 'id' | 'meeting_id' | 'user_id' | 'content_type'>): Promise<void> {
    await this.database.sql(
      `with before as (
         update meeting_takes set finished_at = now() where client_id = $1 and meeting_id = $3 and user_id = $4 and finished_at is null)
       insert into meeting_takes (client_id, id, meeting_id, user_id, content_type) values ($1, $2, $3, $4, $5)`,
      [Scope.clientId(), id, meeting_id, user_id, content_type],
    );
  }

  async find(id: string): Promise<TakeRow | null> {
    const [take] = await this.database.sql<TakeRow>(`select ${COLUMNS} from meeting_takes where client_id = $1 and id = $2`, [
      Scope.clientId(),
      id,
    ]);
    return take ?? null;
  }

  /** All of a meeting, first come first. */
  list(meeting_id: string): Promise<TakeRow[]> {
    return this.database.sql<TakeRow>(
      `select ${COLUMNS} from meeting_takes where client_id = $1 and meeting_id = $2 order by started_at, id`,
      [Scope.clientId(), meeting_id],
    );
  }

  async finish(id: string): Promise<void> {
    await this.database.sql('update meeting_takes set finished_at = coalesce(finished_at, now()) where client_id = $1 and id = $2', [
      Scope.clientId(),
      id,
    ]);
  }

  /** Deletes all of a meeting, and answers their ids. */
  async deleteOf(meeting_id: string): Promise<string[]> {
    const gone = await this.database.sql<{ id: string }>(
      'delete from meeting_takes where client_id = $1 and meeting_id = $2 returning id',
      [Scope.clientId(), meeting_id],
    );
    return gone.map(({ id }) => id);
  }
}
