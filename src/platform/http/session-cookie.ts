import type { CookieOptions, Request, Response } from 'express';

/** The cookie that holds the session's token (contract, section 0: credentials). */
export const SESSION_COOKIE = 'token';

/** How long the cookie lasts, in seconds. */
export const SESSION_COOKIE_SECONDS = 7 * 24 * 60 * 60;

/** Gives the caller the session's token; out of scripts' reach, and kept off plain HTTP where the request came by HTTPS. */
export function setSessionCookie(response: Response, request: Request, token: string): void {
  response.cookie(SESSION_COOKIE, token, { ...attributesOf(request), maxAge: SESSION_COOKIE_SECONDS * 1_000 });
}

/** Takes the session's token away from the caller. */
export function clearSessionCookie(response: Response, request: Request): void {
  response.clearCookie(SESSION_COOKIE, attributesOf(request));
}

function attributesOf(request: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'lax', path: '/', secure: request.secure };
}
