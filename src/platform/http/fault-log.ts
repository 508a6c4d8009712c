import type { Logger as PinoLogger } from 'pino';
import type { AppError, ErrorCode } from '../errors/index.js';
import type { KaiwaRequest } from './exchange.js';

/** A refusal of the same code is logged once in this time, with the number of those that were not. */
const REFUSALS_EVERY_MS = 1_000;

interface Refused {
  logged_ms: number;
  unlogged: number;
}

/**
 * Logs every error that is ours (5xx). A defect is an error with its stack and causes. A refusal (503: overloaded, shutting down, a part
 * that does not answer) says nothing about this code and comes by the thousand: one warning a second for each code, in one line.
 */
export class FaultLog {
  private readonly refused = new Map<ErrorCode, Refused>();

  constructor(
    private readonly logger: PinoLogger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Of a request. */
  ofRequest(error: AppError, { scope, request_id, method, route }: KaiwaRequest): void {
    this.write(
      error,
      { request_id, client_id: scope.client_id, actor: scope.actor?.id ?? null, method, route: route?.path },
      error.message,
    );
  }

  /** Of a socket's event. */
  ofEvent(error: AppError, event: string, request_id: string): void {
    this.write(error, { request_id, event }, 'a socket event failed');
  }

  private write(error: AppError, where: object, message: string): void {
    const { code, status } = error;
    if (status !== 503) return this.logger[status === 500 ? 'error' : 'warn']({ ...where, code, err: error }, message);
    const now = this.now();
    const before = this.refused.get(code);
    if (before && now - before.logged_ms < REFUSALS_EVERY_MS) {
      before.unlogged++;
      return;
    }
    this.refused.set(code, { logged_ms: now, unlogged: 0 });
    const reason = reasonOf(error.cause);
    this.logger.warn(
      { ...where, code, ...(reason ? { reason } : {}), ...(before?.unlogged ? { unlogged: before.unlogged } : {}) },
      error.message,
    );
  }
}

/** What lies behind, in one line; what a driver says in `message` holds no values. */
function reasonOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message.split('\n', 1)[0]?.slice(0, 300) || cause.name : undefined;
}
