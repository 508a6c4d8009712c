import { SetMetadata } from '@nestjs/common';

export const COUNTED_AS = 'kaiwa:counted-as';

/**
 * Counts people's calls of this route, signed in or not, as an act of its own, by address and by the account that the body's `email`
 * names, besides counting them as requests.
 */
export function CountedAs(act: string): MethodDecorator {
  return SetMetadata(COUNTED_AS, act);
}
