import { Global, Module } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { NoPaymentProvider } from './no-payment-provider.adapter.js';
import { PaymentProvider } from './payment-provider.port.js';

/** Payments by Stripe; without its variables every call says which one is missing. */
@Global()
@Module({
  providers: [
    {
      provide: PaymentProvider,
      inject: [Config],
      useFactory: async ({ env }: Config): Promise<PaymentProvider> => {
        if (env.STRIPE_SECRET_KEY === undefined && env.STRIPE_WEBHOOK_SECRET === undefined) return new NoPaymentProvider();
        // Loaded only where it is used: it takes tens of megabytes.
        const { StripePaymentProvider } = await import('./stripe-payment-provider.adapter.js');
        return new StripePaymentProvider({
          secret_key: env.STRIPE_SECRET_KEY,
          webhook_secret: env.STRIPE_WEBHOOK_SECRET,
          api_base_url: env.STRIPE_API_BASE_URL,
        });
      },
    },
  ],
  exports: [PaymentProvider],
})
export class PaymentsModule {}
