import { SetMetadata } from '@nestjs/common';
import type { KaiwaRequest } from '../exchange.js';

export const NO_IDEMPOTENCY = 'kaiwa:no-idempotency';
export const NO_IDEMPOTENCY_WHEN = 'kaiwa:no-idempotency-when';

/** Tells of a request whether its answer will be one that cannot be given again. */
export type IdempotencyRefusal = (request: KaiwaRequest) => boolean;

/** Refuses `Idempotency-Key` with 400: the answer holds a secret or is a stream (contract, section 0). */
export function NoIdempotency(): MethodDecorator {
  return SetMetadata(NO_IDEMPOTENCY, true);
}

/** The same for those requests alone of which `refuses` says so; the body is parsed by then, and nothing in it is checked. */
export function NoIdempotencyWhen(refuses: IdempotencyRefusal): MethodDecorator {
  return SetMetadata(NO_IDEMPOTENCY_WHEN, refuses);
}
