import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AppError, type ErrorCode } from '../../../platform/errors/index.js';
import type { KaiwaExpressAdapter, KaiwaRequest, KaiwaResponse } from '../../../platform/http/index.js';
import { NOWHERE_HTML, pageHeaders } from './meeting-page.js';

/** What is wrong with a link that was cut off, changed, or kept for too long. */
const BROKEN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['MEETING_NOT_FOUND', 'VALIDATION_FAILED']);

/** Whoever follows a broken link in a browser reads a page, by 404; programs read the error, as everywhere. */
@Catch(AppError)
export class NowhereFilter implements ExceptionFilter<AppError> {
  constructor(private readonly host: HttpAdapterHost<KaiwaExpressAdapter>) {}

  catch(error: AppError, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, response] = [http.getRequest<KaiwaRequest>(), http.getResponse<KaiwaResponse>()];
    const is_person = BROKEN.has(error.code) && request.headers.accept?.includes('text/html') === true;
    if (!is_person) return this.host.httpAdapter.problems.answer(request, response, error);
    for (const [name, value] of Object.entries(pageHeaders())) response.setHeader(name, value);
    const html = Buffer.from(NOWHERE_HTML);
    response
      .writeHead(404, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': html.length, 'Cache-Control': 'no-store' })
      .end(html);
  }
}
