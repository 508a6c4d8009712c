import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '../../platform/database/index.js';

const BATCH = 1_000;
/** The most that one sweep takes away, so that it ends. */
const MOST_BATCHES = 100;

/** Takes expired messages away. Nobody is waiting for it: an expired message is not served even before. */
@Injectable()
export class MessageSweeper {
  constructor(private readonly system: SystemDatabase) {}

  /** Deletes expired messages of every tenant, in batches that hold no lock for long; answers how many went. */
  async sweep(): Promise<number> {
    let swept = 0;
    for (let round = 0; round < MOST_BATCHES; round++) {
      const gone = await this.system.cross('sweep', async (sql) => {
        const rows = await sql<{ count: number }>(
          `with expired as (
             select client_id, room_id, seq from messages where expires_at <= now() order by expires_at limit ${BATCH} for update skip locked),
           gone as (
             delete from messages m using expired e
             where m.client_id = e.client_id and m.room_id = e.room_id and m.seq = e.seq returning 1)
           select count(*)::int as count from gone`,
        );
        return rows[0]?.count ?? 0;
      });
      swept += gone;
      if (gone < BATCH) break;
    }
    return swept;
  }
}
