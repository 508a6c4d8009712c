import { Injectable } from '@nestjs/common';
import { type PaymentEvent, PaymentProvider } from '../../../integrations/payments/index.js';
import { Database } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { CLIENT_NAME, UUID } from '../../../platform/http/index.js';
import { Jobs } from '../../../platform/jobs/index.js';
import { type Actor, Scope } from '../../../platform/scope/index.js';
import { matchingSettings, type TenantMatching, TenantDirectory } from '../../tenancy/index.js';
import type { Matching } from '../matching.entity.js';
import { assertMatching, type Party } from '../matching.policy.js';
import { MatchingRepository } from '../matching.repository.js';
import type { Payment } from './payment.entity.js';
import { FINAL_STATUSES, refundOf } from './payment.policy.js';
import { PaymentRepository } from './payment.repository.js';
import type { PaymentView } from './payment.view.js';

declare module '../../../platform/jobs/index.js' {
  interface JobPayloads {
    'payment.settle': { matching_id: string };
  }
}

const HOUR_MS = 3_600_000;
/** A provider tells of an event for three days at most; its signature is good for minutes. */
const EVENTS_KEPT_DAYS = 7;

/** What talks cost: asked for, paid, paid back. No transaction is open while the provider is asked. */
@Injectable()
export class PaymentService {
  constructor(
    private readonly database: Database,
    private readonly provider: PaymentProvider,
    private readonly payments: PaymentRepository,
    private readonly matchings: MatchingRepository,
    private readonly tenants: TenantDirectory,
    private readonly jobs: Jobs,
  ) {
    jobs.define('payment.settle', { scope: 'tenant', handler: ({ matching_id }) => this.settle(matching_id) });
  }

  /**
   * The payment of a matching, to be paid by its listener; asked for again it is the same one.
   * @throws MATCHING_NOT_FOUND, FORBIDDEN to the speaker, MATCHING_OVER, PAYMENT_NOT_CONFIGURED, PRICE_NOT_SET, and what the provider throws
   */
  async create(actor: Actor, matching_id: string): Promise<PaymentView> {
    const matching = await this.matchings.findOne({ id: matching_id });
    if (!matching) throw new AppError('MATCHING_NOT_FOUND');
    assertMatching(actor, 'pay', matching, 0);
    this.provider.assertConfigured();
    const known = await this.payments.findOne({ matching_id });
    const payment = known ?? (await this.ask(matching_id));
    const { id, amount, currency, intent_id } = payment;
    const metadata = { client_id: Scope.clientId(), matching_id, payment_id: id };
    const intent =
      intent_id === null
        ? await this.provider.create({ amount, currency, metadata, idempotency_key: matching_id })
        : await this.provider.get(intent_id);
    // That it is paid is for the signed event to say, which tells how much came in, and marks the matching.
    if (!FINAL_STATUSES.includes(intent.status)) await this.payments.note(id, intent.id, intent.status);
    const status = FINAL_STATUSES.includes(payment.status) ? payment.status : intent.status;
    return { id, client_secret: intent.client_secret, amount, currency, status };
  }

  /**
   * Hears what the provider says; each event once.
   * @throws PAYMENT_SIGNATURE_INVALID, PAYMENT_NOT_CONFIGURED, PAYMENT_MISMATCH where amount, currency, tenant or matching are not what was asked for, or the event contradicts itself
   */
  async hear(body: Buffer, signature: string | undefined): Promise<void> {
    const event = this.provider.readEvent(body, signature);
    const { client_id, matching_id } = event.intent?.metadata ?? {};
    // The provider's account may take other payments than ours.
    if (!event.intent || client_id === undefined || matching_id === undefined) return;
    const is_known = CLIENT_NAME.test(client_id) && UUID.test(matching_id) && (await this.tenants.find(client_id)) !== null;
    if (!is_known) throw new AppError('PAYMENT_MISMATCH');
    await Scope.runIn(client_id, () => this.database.transaction(() => this.apply(event, matching_id)));
  }

  /** Decides what a matching's payer gets back that is called off now, and has it paid; inside the open transaction. */
  async release(matching: Matching, by: Party): Promise<void> {
    const payment = await this.payments.lockOf(matching.id);
    if (!payment) return;
    if (payment.status === 'succeeded') {
      const hours_ahead = (matching.date.getTime() - Date.now()) / HOUR_MS;
      const refund_amount = refundOf(payment.amount, by, hours_ahead, await this.settings());
      await this.payments.update({ id: payment.id }, { refund_amount });
    }
    await this.jobs.enqueue('payment.settle', { matching_id: matching.id }, { key: matching.id });
  }

  /** Forgets events that cannot come again. */
  sweep(): Promise<void> {
    return this.payments.sweep(EVENTS_KEPT_DAYS);
  }

  private async ask(matching_id: string): Promise<Payment> {
    const { price, currency } = await this.settings();
    if (price === null) throw new AppError('PRICE_NOT_SET');
    return this.payments.ensure(matching_id, price, currency);
  }

  private async apply({ id: event_id, kind, intent }: PaymentEvent, matching_id: string): Promise<void> {
    if (!intent || !(await this.payments.hear(event_id))) return;
    // The matching first, as calling it off does.
    const matching = await this.matchings.lock(matching_id);
    const payment = matching && (await this.payments.lockOf(matching_id));
    if (!payment || !isFor(intent, payment)) throw new AppError('PAYMENT_MISMATCH');
    await this.payments.note(payment.id, intent.id, intent.status);
    if (kind !== 'succeeded' || FINAL_STATUSES.includes(payment.status)) return;
    await this.matchings.update({ id: matching_id }, { is_done_payment: true });
    if (matching.status !== 'cancelled') return;
    // Paid while it was being called off.
    await this.payments.update({ id: payment.id }, { refund_amount: payment.amount });
    await this.jobs.enqueue('payment.settle', { matching_id }, { key: matching_id });
  }

  /** Pays back what was decided, or sees to it that nothing is paid any more. Run again, it does the same. */
  private async settle(matching_id: string): Promise<void> {
    const payment = await this.payments.findOne({ matching_id });
    if (!payment?.intent_id || payment.refunded_at) return;
    const { id, intent_id, amount, refund_amount } = payment;
    if (payment.status !== 'succeeded') {
      // Somebody who was faster is paid back by the event that tells of it.
      const { status } = await this.provider.cancel(intent_id);
      if (status !== 'succeeded') await this.payments.note(id, intent_id, status);
    } else if (refund_amount !== null && refund_amount > 0) {
      await this.provider.refund(intent_id, refund_amount, `refund-${matching_id}`);
      await this.payments.update({ id }, { refunded_at: new Date(), status: refund_amount === amount ? 'refunded' : 'partially_refunded' });
    }
  }

  private async settings(): Promise<TenantMatching> {
    const tenant = await this.tenants.find(Scope.clientId());
    return matchingSettings(tenant?.matching ?? {});
  }
}

/** What was paid is what was asked for, by the one payment of this matching. */
function isFor(intent: NonNullable<PaymentEvent['intent']>, payment: Payment): boolean {
  const { id, amount, currency, metadata, is_contradictory } = intent;
  const is_same = payment.intent_id === null ? metadata['payment_id'] === payment.id : payment.intent_id === id;
  return is_same && !is_contradictory && amount === payment.amount && currency === payment.currency;
}
