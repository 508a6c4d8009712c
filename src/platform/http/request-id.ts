import crypto from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

const SANE = /^[A-Za-z0-9._-]{1,128}$/;

/** Node's own generator, a tenth of the library's cost, which asks the kernel for each id; Node 24 may lack it. */
const make: () => string = typeof crypto.randomUUIDv7 === 'function' ? () => crypto.randomUUIDv7() : () => uuidv7();

/** The caller's `x-request-id` where it is sane, else a new one (contract, section 0). */
export function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && SANE.test(given) ? given : make();
}
