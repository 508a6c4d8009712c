import type { Request, Response } from 'express';
import { IsIntField, IsText } from './validation/validators.js';

export const MAX_PAGE_SIZE = 200;
export const DEFAULT_PAGE_SIZE = 50;

/** How every list is paged (contract, section 0). */
export class PageQuery {
  /** How many items the page has at most. */
  @IsIntField({
    min: 1,
    max: MAX_PAGE_SIZE,
    default: DEFAULT_PAGE_SIZE,
    optional: true,
    description: 'How many items the page has at most',
  })
  limit: number = DEFAULT_PAGE_SIZE;

  /** Where the page begins, as the page before it said; opaque. */
  @IsText({
    min: 1,
    max: 512,
    optional: true,
    description: 'Where the page begins: taken from the `Link` header of the page before, opaque',
    example: 'WyJzYWxlcy1kZXNrIl0',
  })
  cursor?: string;
}

/**
 * Sets `Link: <…>; rel="next"` (RFC 8288): this request's own URL, prefix included, with `changes` to its query. An undefined
 * value takes its parameter away. Call it only where there is a next page.
 */
export function setNextLink(response: Response, request: Request, changes: Record<string, string | number | undefined>): void {
  const mark = request.originalUrl.indexOf('?');
  const path = mark === -1 ? request.originalUrl : request.originalUrl.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : request.originalUrl.slice(mark + 1));
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) query.delete(name);
    else query.set(name, String(value));
  }
  response.setHeader('Link', `<${baseUrlOf(request)}${path}?${query.toString()}>; rel="next"`);
}

/** Where the caller reached this server: `PUBLIC_URL` where it is set, else what the request says. Without a slash at the end. */
export function baseUrlOf(request: Request): string {
  const configured = request.app.get('public url') as string | undefined;
  if (configured !== undefined) return configured.replace(/\/+$/, '');
  return request.host === undefined ? '' : `${request.protocol}://${request.host}`;
}
