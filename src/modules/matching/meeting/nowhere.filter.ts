import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AppError, type ErrorCode } from '../../../platform/errors/index.js';
import type { KaiwaExpressAdapter, KaiwaRequest, KaiwaResponse } from '../../../platform/http/index.js';
import { NowherePage } from './nowhere-page.js';

/** What is wrong with a link that was changed, or kept for too long. */
const BROKEN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['MEETING_NOT_FOUND', 'VALIDATION_FAILED']);

/** Whoever follows a broken link in a browser reads a page; programs read the error, as everywhere. */
@Catch(AppError)
export class NowhereFilter implements ExceptionFilter<AppError> {
  constructor(
    private readonly host: HttpAdapterHost<KaiwaExpressAdapter>,
    private readonly page: NowherePage,
  ) {}

  catch(error: AppError, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, response] = [http.getRequest<KaiwaRequest>(), http.getResponse<KaiwaResponse>()];
    if (BROKEN.has(error.code) && this.page.answer(request, response)) return;
    this.host.httpAdapter.problems.answer(request, response, error);
  }
}
