import { notConfigured } from './payment-errors.js';
import { AppError } from '../../platform/errors/index.js';
import { type PaymentEvent, type PaymentIntent, PaymentProvider } from './payment-provider.port.js';

/** What stands where nobody takes money: it says which variable is missing. */
export class NoPaymentProvider extends PaymentProvider {
  assertConfigured(): void {
    throw notConfigured('STRIPE_SECRET_KEY');
  }

  create(): Promise<PaymentIntent> {
    return Promise.reject(notConfigured('STRIPE_SECRET_KEY'));
  }

  get(): Promise<PaymentIntent> {
    return Promise.reject(notConfigured('STRIPE_SECRET_KEY'));
  }

  cancel(): Promise<PaymentIntent> {
    return Promise.reject(notConfigured('STRIPE_SECRET_KEY'));
  }

  refund(): Promise<void> {
    return Promise.reject(notConfigured('STRIPE_SECRET_KEY'));
  }

  readEvent(_body: Buffer, signature: string | undefined): PaymentEvent {
    // Whoever signs nothing is no provider, whatever is configured.
    throw signature === undefined ? new AppError('PAYMENT_SIGNATURE_INVALID') : notConfigured('STRIPE_WEBHOOK_SECRET');
  }
}
