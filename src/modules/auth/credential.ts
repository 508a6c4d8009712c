import type { IncomingHttpHeaders } from 'node:http';
import { parseCookie } from 'cookie';
import { SESSION_COOKIE } from '../../platform/http/index.js';

/** No credential is longer; what is, is none. */
const MAX_TOKEN_LENGTH = 8_192;

/** The credential after `Bearer`; null where the header is missing or of another scheme, as a proxy's own sign-in is. */
export function bearerToken(authorization: string | undefined): string | null {
  if (authorization === undefined) return null;
  // The scheme's name is case-insensitive (RFC 9110, section 11.1); most clients write it so.
  if (!authorization.startsWith('Bearer ') && !/^bearer( |$)/i.test(authorization)) return null;
  return authorization.length > MAX_TOKEN_LENGTH ? '' : authorization.slice(7).trim();
}

/** The token of the cookie, or null. */
export function cookieToken(headers: IncomingHttpHeaders): string | null {
  const { cookie } = headers;
  if (cookie === undefined || !cookie.includes(SESSION_COOKIE)) return null;
  const token = parseCookie(cookie)[SESSION_COOKIE];
  return token && token.length <= MAX_TOKEN_LENGTH ? token : null;
}
