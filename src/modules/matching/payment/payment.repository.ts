import { Injectable } from '@nestjs/common';
import { Database, SystemDatabase, TenantRepository } from '../../../platform/database/index.js';
import { newId } from '../../../platform/ids/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { Payment } from './payment.entity.js';
import { FINAL_STATUSES } from './payment.policy.js';

/** The payments of the tenant in scope, and which of the provider's events were heard. */
@Injectable()
export class PaymentRepository extends TenantRepository<Payment> {
  constructor(
    database: Database,
    private readonly system: SystemDatabase,
  ) {
    super(database, Payment);
  }

  /** The matching's payment; made at this amount where there is none. */
  async ensure(matching_id: string, amount: number, currency: string): Promise<Payment> {
    const client_id = Scope.clientId();
    await this.database.sql(
      `insert into payments (client_id, id, matching_id, amount, currency) values ($1, $2, $3, $4, $5)
       on conflict on constraint payments_matching_unique do nothing`,
      [client_id, newId(), matching_id, amount, currency],
    );
    const payment = await this.findOne({ matching_id });
    if (!payment) throw new Error('A payment that was just made is not there');
    return payment;
  }

  /** The matching's payment, in the open transaction's hands; null where there is none. */
  lockOf(matching_id: string): Promise<Payment | null> {
    return this.findOne({ matching_id }, { lock: { mode: 'for_no_key_update' } });
  }

  /** Notes what the provider says; paid stays paid. */
  async note(id: string, intent_id: string, status: string): Promise<void> {
    await this.database.sql(
      `update payments set intent_id = $3, status = case when status = any($5::text[]) then status else $4 end where client_id = $1 and id = $2`,
      [Scope.clientId(), id, intent_id, status, FINAL_STATUSES],
    );
  }

  /** Notes that an event is heard; false where it was heard before. */
  async hear(event_id: string): Promise<boolean> {
    const rows = await this.database.sql(
      'insert into payment_events (client_id, event_id) values ($1, $2) on conflict do nothing returning 1',
      [Scope.clientId(), event_id],
    );
    return rows.length > 0;
  }

  /** Forgets, in every tenant, events that are too old to be accepted again. */
  async sweep(days: number): Promise<void> {
    await this.system.cross('sweep', (sql) =>
      sql('delete from payment_events where created_at < now() - make_interval(days => $1)', [days]),
    );
  }
}
