import { SetMetadata } from '@nestjs/common';

export const UNLIMITED = 'kaiwa:unlimited';

/** Takes a route out of the rate limits: health and metrics, which a monitor asks all the time and must not be refused. */
export function Unlimited(): MethodDecorator {
  return SetMetadata(UNLIMITED, true);
}
