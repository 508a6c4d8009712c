import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type AppError, toAppError, toErrorBody } from '../errors/index.js';
import { AlreadyAnswered } from './already-answered.js';
import type { KaiwaRequest, KaiwaResponse } from './exchange.js';
import { JSON_TYPE, sendText } from './reply.js';

/** Told of every error that is ours (5xx), with its cause; the caller never sees that. */
export type FaultReport = (error: AppError, request: KaiwaRequest) => void;

/** Headers that describe the answer that an error takes the place of. */
const OF_THE_BODY = [
  'Content-Type',
  'Content-Length',
  'Content-Encoding',
  'Content-Disposition',
  'Content-Range',
  'Accept-Ranges',
  'Cache-Control',
  'ETag',
  'Last-Modified',
  'Link',
];

/** Answers with an error of the table (contract, section 0), wherever it was thrown: in a handler, a guard, or before routing. */
export class Problems {
  constructor(private readonly log: FaultReport) {}

  answer(request: KaiwaRequest, response: KaiwaResponse, thrown: unknown): void {
    if (thrown instanceof AlreadyAnswered) return;
    const error = toAppError(thrown);
    if (error.status >= 500) this.log(error, request);
    if (response.headersSent) {
      // Half an answer must not pass for a whole one.
      if (!response.writableEnded) response.destroy();
      return;
    }
    if (response.destroyed) return;
    for (const name of OF_THE_BODY) response.removeHeader(name);
    if (error.headers) for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
    if (error.retry_after_seconds !== undefined) response.setHeader('Retry-After', String(Math.ceil(error.retry_after_seconds)));
    if (error.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    const text = JSON.stringify(toErrorBody(error, request.request_id));
    void sendText(response, error.status, JSON_TYPE, text, (fault) => this.report(request, fault));
  }

  /** Logs what went wrong beside an answer that is sent all the same. */
  report(request: KaiwaRequest, thrown: unknown): void {
    this.log(toAppError(thrown), request);
  }
}

/** The one exception filter of the application. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly problems: Problems) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw thrown;
    const http = host.switchToHttp();
    this.problems.answer(http.getRequest<KaiwaRequest>(), http.getResponse<KaiwaResponse>(), thrown);
  }
}
