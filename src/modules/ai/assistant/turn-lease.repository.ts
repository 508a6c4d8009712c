import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';

/** Who answers a call: one turn at a time, over all nodes. */
@Injectable()
export class TurnLeaseRepository {
  constructor(private readonly database: Database) {}

  /** Takes a call for so many seconds; false where another turn has it. Rejects with a foreign key violation where the call is gone. */
  async take(call_id: string, holder: string, seconds: number): Promise<boolean> {
    const rows = await this.database.sql(
      `insert into chat_leases (client_id, call_id, holder, until) values ($1, $2, $3, now() + make_interval(secs => $4))
       on conflict (client_id, call_id) do update set holder = excluded.holder, until = excluded.until where chat_leases.until < now()
       returning 1`,
      [Scope.clientId(), call_id, holder, seconds],
    );
    return rows.length > 0;
  }

  /** Gives a call back; nothing where the lease has run out and another has it. */
  async release(call_id: string, holder: string): Promise<void> {
    await this.database.sql(`delete from chat_leases where client_id = $1 and call_id = $2 and holder = $3`, [
      Scope.clientId(),
      call_id,
      holder,
    ]);
  }

  /** True while a turn of the call is being answered. */
  async isTaken(call_id: string): Promise<boolean> {
    const rows = await this.database.sql(`select 1 from chat_leases where client_id = $1 and call_id = $2 and until >= now()`, [
      Scope.clientId(),
      call_id,
    ]);
    return rows.length > 0;
  }
}
