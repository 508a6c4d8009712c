import Stripe from 'stripe';
import { AppError } from '../../platform/errors/index.js';
import { notConfigured } from './payment-errors.js';
import { EVENT_TOLERANCE_S, type PaymentEvent, type PaymentIntent, type PaymentOrder, PaymentProvider } from './payment-provider.port.js';

export interface StripeSettings {
  readonly secret_key: string | undefined;
  readonly webhook_secret: string | undefined;
  /** In place of Stripe's own. */
  readonly api_base_url: string | undefined;
}

/** Stripe's own is 80 s, for each of three tries. */
const TIMEOUT_MS = 6_000;
const MOST_RETRIES = 1;
const RETRY_AFTER_S = 5;

/** Takes money by Stripe's PaymentIntents. */
export class StripePaymentProvider extends PaymentProvider {
  private readonly client: Stripe | null;

  constructor(private readonly settings: StripeSettings) {
    super();
    const { secret_key, api_base_url } = settings;
    this.client = secret_key === undefined ? null : makeClient(secret_key, api_base_url);
  }

  assertConfigured(): void {
    this.stripe();
  }

  async create({ amount, currency, metadata, idempotency_key }: PaymentOrder): Promise<PaymentIntent> {
    const stripe = this.stripe();
    const wanted = { amount, currency, metadata: { ...metadata }, automatic_payment_methods: { enabled: true } };
    return toIntent(await told(stripe.paymentIntents.create(wanted, { idempotencyKey: idempotency_key })));
  }

  async get(id: string): Promise<PaymentIntent> {
    return toIntent(await told(this.stripe().paymentIntents.retrieve(id)));
  }

  async cancel(id: string): Promise<PaymentIntent> {
    const stripe = this.stripe();
    try {
      return toIntent(await stripe.paymentIntents.cancel(id));
    } catch (error) {
      // It was paid, or cancelled, in the meantime.
      if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'payment_intent_unexpected_state') return this.get(id);
      throw asAppError(error);
    }
  }

  async refund(id: string, amount: number, idempotency_key: string): Promise<void> {
    await told(this.stripe().refunds.create({ payment_intent: id, amount }, { idempotencyKey: idempotency_key }));
  }

  readEvent(body: Buffer, signature: string | undefined): PaymentEvent {
    // Whoever signs nothing is no provider, whatever is configured.
    if (signature === undefined) throw new AppError('PAYMENT_SIGNATURE_INVALID');
    const { webhook_secret } = this.settings;
    if (webhook_secret === undefined) throw notConfigured('STRIPE_WEBHOOK_SECRET');
    try {
      const event = Stripe.webhooks.constructEvent(body, signature, webhook_secret, EVENT_TOLERANCE_S);
      // The package looks at how old it is alone.
      const signed_s = Number(/(?:^|,)t=(\d+)/.exec(signature)?.[1]);
      if (!(signed_s <= Date.now() / 1_000 + EVENT_TOLERANCE_S)) throw new Error('It is signed in the future');
      return toEvent(event);
    } catch (error) {
      throw new AppError('PAYMENT_SIGNATURE_INVALID', { cause: error });
    }
  }

  private stripe(): Stripe {
    if (!this.client) throw notConfigured('STRIPE_SECRET_KEY');
    return this.client;
  }
}

function makeClient(secret_key: string, api_base_url: string | undefined): Stripe {
  const { hostname, port, protocol } = new URL(api_base_url ?? 'https://api.stripe.com');
  const is_plain = protocol === 'http:';
  return new Stripe(secret_key, {
    host: hostname,
    port: port === '' ? (is_plain ? 80 : 443) : port,
    protocol: is_plain ? 'http' : 'https',
    timeout: TIMEOUT_MS,
    maxNetworkRetries: MOST_RETRIES,
    telemetry: false,
  });
}

function toIntent({ id, client_secret, status }: Stripe.PaymentIntent): PaymentIntent {
  // What stands between may answer anything.
  if (typeof id !== 'string' || typeof status !== 'string')
    throw new AppError('PAYMENT_FAILED', { cause: new Error('It came without an id or a status') });
  if (typeof client_secret !== 'string') throw new AppError('PAYMENT_FAILED', { cause: new Error(`${id} came without its secret`) });
  return { id, client_secret, status };
}

function toEvent(event: Stripe.Event): PaymentEvent {
  switch (event.type) {
    case 'payment_intent.succeeded':
    case 'payment_intent.processing':
    case 'payment_intent.payment_failed':
    case 'payment_intent.canceled': {
      const { id, status, amount, amount_received, currency, metadata } = event.data.object;
      const is_paid = event.type === 'payment_intent.succeeded';
      return {
        id: event.id,
        kind: is_paid ? 'succeeded' : 'changed',
        // What came in is what counts, and not what was asked for.
        intent: {
          ...{ id, status, currency, metadata },
          amount: is_paid ? amount_received : amount,
          is_contradictory: is_paid && (status !== 'succeeded' || amount !== amount_received),
        },
      };
    }
    default:
      return { id: event.id, kind: 'other', intent: null };
  }
}

/** What the provider answered, or one of our errors. */
async function told<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    throw asAppError(error);
  }
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { StripeConnectionError, StripeError, StripeRateLimitError } = Stripe.errors;
  if (error instanceof StripeConnectionError) {
    const is_late = /timeout/i.test(error.message) || /ETIMEDOUT/.test(String((error.detail as { code?: unknown } | undefined)?.code));
    return new AppError(is_late ? 'PAYMENT_TIMEOUT' : 'PAYMENT_UNAVAILABLE', { cause: error, retry_after_seconds: RETRY_AFTER_S });
  }
  if (error instanceof StripeRateLimitError)
    return new AppError('PAYMENT_UNAVAILABLE', { cause: error, retry_after_seconds: RETRY_AFTER_S });
  if (error instanceof StripeError && error.statusCode === 409) return new AppError('CONFLICT', { cause: error });
  return new AppError('PAYMENT_FAILED', { cause: error });
}
