import { Global, Module } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { PaymentProvider } from './payment-provider.port.js';
import { StripePaymentProvider } from './stripe-payment-provider.adapter.js';

/** Payments by Stripe; without its variables every call says which one is missing. */
@Global()
@Module({
  providers: [
    {
      provide: PaymentProvider,
      inject: [Config],
      useFactory: ({ env }: Config): PaymentProvider =>
        new StripePaymentProvider({
          secret_key: env.STRIPE_SECRET_KEY,
          webhook_secret: env.STRIPE_WEBHOOK_SECRET,
          api_base_url: env.STRIPE_API_BASE_URL,
        }),
    },
  ],
  exports: [PaymentProvider],
})
export class PaymentsModule {}
