import { Injectable } from '@nestjs/common';
import { Logger } from '../../platform/http/index.js';

/** Why sessions ended before their time. */
export type EndReason =
  'logout' | 'password_changed' | 'token_reused' | 'account_disabled' | 'account_deleted' | 'too_many_sessions' | 'tenant_deleted';

/** What ended: one session; all of a user's where `sid` is null; all of a tenant's where `user_id` is null too. */
export interface SessionEnd {
  readonly client_id: string;
  readonly sid: string | null;
  readonly user_id: string | null;
  readonly reason: EndReason;
}

/** Tells, on every node, whoever keeps something open for a session that it ended. */
@Injectable()
export class SessionEnds {
  private readonly handlers = new Set<(end: SessionEnd) => void>();

  constructor(private readonly logger: Logger) {}

  /** Calls `handler` at each end; answers how to stop. */
  onEnded(handler: (end: SessionEnd) => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  tell(end: SessionEnd): void {
    for (const handler of this.handlers) {
      try {
        handler(end);
      } catch (error) {
        this.logger.error({ err: error, reason: end.reason }, 'a session end was not handled');
      }
    }
  }
}
