import { ApiProperty } from '@nestjs/swagger';

/** A talk to be paid. */
export class PaymentView {
  /**
   * The payment's id
   * @example '019ac1f0-c1d2-7e3f-8a4b-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * By which the payer's browser pays at Stripe; a secret
   * @example 'pi_3Example_secret_example'
   */
  client_secret: string;

  /**
   * In the currency's smallest unit: 3000 is 3,000 yen, or 30 dollars
   * @example 3000
   */
  @ApiProperty({ type: 'integer' })
  amount: number;

  /**
   * ISO 4217, lower case
   * @example 'jpy'
   */
  currency: string;

  /**
   * In Stripe's words: `requires_payment_method`, `processing`, `succeeded`, `canceled` …; `refunded` and `partially_refunded` besides
   * @example 'requires_payment_method'
   */
  status: string;
}

/** That an event was heard. */
export class ReceivedView {
  /**
   * It was
   * @example true
   */
  received: boolean;
}
