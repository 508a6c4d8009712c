import 'reflect-metadata';
import { SetMetadata } from '@nestjs/common';

const CHECKS_ORIGIN = 'kaiwa:checks-origin';

/** On a public route that acts upon the cookie's session: refuses the cookie of a foreign page, where others ignore it. */
export function ChecksOrigin(): MethodDecorator {
  return SetMetadata(CHECKS_ORIGIN, true);
}

/** Whether a handler has {@link ChecksOrigin}. */
export function checksOrigin(handler: object): boolean {
  return Reflect.getMetadata(CHECKS_ORIGIN, handler) === true;
}
