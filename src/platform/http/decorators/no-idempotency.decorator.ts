import { SetMetadata } from '@nestjs/common';

export const NO_IDEMPOTENCY = 'kaiwa:no-idempotency';

/** Refuses `Idempotency-Key` with 400: the answer holds a secret or is a stream (contract, section 0). */
export function NoIdempotency(): MethodDecorator {
  return SetMetadata(NO_IDEMPOTENCY, true);
}
