/** What is to be paid. */
export interface PaymentOrder {
  /** In the currency's smallest unit. */
  readonly amount: number;
  /** ISO 4217, lower case. */
  readonly currency: string;
  /** Comes back with every event of it. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Asked for again under the same key, the same payment is answered. */
  readonly idempotency_key: string;
}

/** A payment as the provider has it. */
export interface PaymentIntent {
  readonly id: string;
  /** By which the payer's browser pays; a secret. */
  readonly client_secret: string;
  /** In the provider's words: `requires_payment_method`, `processing`, `succeeded`, `canceled` … */
  readonly status: string;
}

/** What a provider says has happened to a payment. */
export interface PaymentEvent {
  readonly id: string;
  /** `succeeded` is paid; `changed` is any other news of a payment; `other` is about something else. */
  readonly kind: 'succeeded' | 'changed' | 'other';
  /** Null for what is about something else. */
  readonly intent: {
    readonly id: string;
    readonly status: string;
    readonly amount: number;
    readonly currency: string;
    readonly metadata: Readonly<Record<string, string>>;
    /** True where it says of one payment two things that cannot both be: paid, but not succeeded, or not what was asked for. */
    readonly is_contradictory: boolean;
  } | null;
}

/** How old a signed event may be, in seconds. */
export const EVENT_TOLERANCE_S = 300;

/**
 * Takes money for others. Every call may throw PAYMENT_NOT_CONFIGURED (naming the variable), PAYMENT_FAILED where the provider refuses,
 * PAYMENT_UNAVAILABLE, PAYMENT_TIMEOUT, and CONFLICT where the same is being asked for already.
 */
export abstract class PaymentProvider {
  /** @throws PAYMENT_NOT_CONFIGURED */
  abstract assertConfigured(): void;

  /** Makes a payment that its payer may then pay. */
  abstract create(order: PaymentOrder): Promise<PaymentIntent>;

  /** The payment as it stands. */
  abstract get(id: string): Promise<PaymentIntent>;

  /** Makes sure that nobody pays it any more; answers how it stands, which is `succeeded` where somebody was faster. */
  abstract cancel(id: string): Promise<PaymentIntent>;

  /** Pays so much back; once for a key. */
  abstract refund(id: string, amount: number, idempotency_key: string): Promise<void>;

  /**
   * What a webhook's body says, where its signature is good and no older than {@link EVENT_TOLERANCE_S}.
   * @throws PAYMENT_SIGNATURE_INVALID, PAYMENT_NOT_CONFIGURED
   */
  abstract readEvent(body: Buffer, signature: string | undefined): PaymentEvent;
}
