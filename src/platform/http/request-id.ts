import { newId } from '../ids/index.js';

const SANE = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's `x-request-id` where it is sane, else a new one (contract, section 0). */
export function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && SANE.test(given) ? given : newId();
}
