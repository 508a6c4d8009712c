import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { KaiwaExpressAdapter, KaiwaRequest, KaiwaResponse } from '../../../platform/http/index.js';
import { NOWHERE_HTML, PAGE_HEADERS } from './meeting-page.js';

/** Where the links of meetings lead. */
const PLACE = '/meetings';

/** What a person sees in a browser whose link was cut off, changed, or kept for too long; programs read the error, as everywhere. */
@Injectable()
export class NowherePage implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost<KaiwaExpressAdapter>) {}

  /** A link that was cut off leads to no route. Workers, which have none at all, have no adapter either. */
  onModuleInit(): void {
    const adapter = this.host.httpAdapter as KaiwaExpressAdapter | undefined;
    adapter?.use(PLACE, (request: KaiwaRequest, response: KaiwaResponse, next: () => void) => {
      if (!this.answer(request, response)) next();
    });
  }

  /** Answers a person, by 404; false for a program, which nothing was answered. */
  answer(request: KaiwaRequest, response: KaiwaResponse): boolean {
    const is_reading = request.method === 'GET' || request.method === 'HEAD';
    if (!is_reading || request.headers.accept?.includes('text/html') !== true) return false;
    for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
    const html = Buffer.from(NOWHERE_HTML.replaceAll('{place}', wayTo(PLACE, request.originalUrl)));
    response
      .writeHead(404, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': html.length, 'Cache-Control': 'no-store' })
      .end(html);
    return true;
  }
}

/** The way from a page below a place to the place, as the browser goes it, under whatever prefix a proxy serves both. */
function wayTo(place: string, url: string): string {
  const [path = ''] = url.split('?', 1);
  const below = path.slice(path.indexOf(place) + place.length);
  const depth = below.split('/').length - 1;
  return depth === 0
    ? `.${place}`
    : depth === 1
      ? '.'
      : Array<string>(depth - 1)
          .fill('..')
          .join('/');
}
