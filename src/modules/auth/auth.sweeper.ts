import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '../../platform/database/index.js';
import { IDEMPOTENCY_HOURS } from './idempotency.repository.js';

const BATCH = 1_000;
const MAX_BATCHES = 200;

/** What credentials leave behind, by table: when a row may go. */
const EXPIRED: Readonly<Record<string, string>> = {
  sessions: 'expires_at <= now()',
  revocations: 'expires_at <= now()',
  password_resets: 'expires_at <= now()',
  idempotency_keys: `created_at <= now() - make_interval(hours => ${IDEMPOTENCY_HOURS})`,
};

/** Deletes, in all tenants, what has expired: sessions, revocations, password resets, idempotency keys. */
@Injectable()
export class AuthSweeper {
  constructor(private readonly system: SystemDatabase) {}

  /** One round, in batches; answers how many rows went. What is left after many batches is the next round's. */
  async sweep(): Promise<number> {
    let swept = 0;
    for (const [table, condition] of Object.entries(EXPIRED)) swept += await this.sweepTable(table, condition);
    return swept;
  }

  private async sweepTable(table: string, condition: string): Promise<number> {
    let swept = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const gone = await this.system.cross('sweep', (sql) =>
        sql(
          `delete from ${table} where ctid = any (array(select ctid from ${table} where ${condition} limit $1 for update skip locked))
           returning 1 as gone`,
          [BATCH],
        ),
      );
      swept += gone.length;
      if (gone.length < BATCH) break;
    }
    return swept;
  }
}
