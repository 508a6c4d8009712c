import { Injectable } from '@nestjs/common';
import { SecretBox } from '../../platform/crypto/index.js';
import { Database } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';

/** What names one request that may come again. */
export interface IdempotentRequest {
  readonly actor_id: string;
  readonly route: string;
  readonly key: string;
}

/** A request that was there before. */
export interface EarlierRequest {
  readonly request_hash: string;
  /** Null while it runs. */
  readonly status: number | null;
  readonly body: string | null;
  readonly headers: Record<string, string> | null;
}

/** How long a request may run before its key is free again: its process must have died. */
const LOCK_SECONDS = 60;
/** How long an answer is kept (contract, section 0). */
export const IDEMPOTENCY_HOURS = 24;

/** What was answered to requests with an `Idempotency-Key`. Answers are sealed: what one shows may be a secret elsewhere (a page's password). */
@Injectable()
export class IdempotencyRepository {
  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
  ) {}

  /**
   * Takes the key: answers when the lock ends, which is also who holds it; null where another request has the key. A key whose 24
   * h are over,
   * or whose process died over the same request, is taken over.
   */
  async claim({ actor_id, route, key }: IdempotentRequest, request_hash: string): Promise<Date | null> {
    const [row] = await this.database.sql<{ locked_until: Date }>(
      `insert into idempotency_keys as k (client_id, actor_id, route, key, request_hash, locked_until)
       values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))
       on conflict (client_id, actor_id, route, key) do update
         set request_hash = excluded.request_hash, locked_until = excluded.locked_until, status = null, body = null, headers = null,
             created_at = now()
         where k.created_at < now() - make_interval(hours => $7)
            or (k.status is null and k.locked_until < clock_timestamp() and k.request_hash = excluded.request_hash)
       returning locked_until`,
      [Scope.clientId(), actor_id, route, key, request_hash, LOCK_SECONDS, IDEMPOTENCY_HOURS],
    );
    return row?.locked_until ?? null;
  }

  async find({ actor_id, route, key }: IdempotentRequest): Promise<EarlierRequest | null> {
    const [row] = await this.database.sql<EarlierRequest>(
      `select request_hash, status, body, headers from idempotency_keys
       where client_id = $1 and actor_id = $2 and route = $3 and key = $4`,
      [Scope.clientId(), actor_id, route, key],
    );
    if (!row) return null;
    return { ...row, body: row.body === null ? null : this.box.open(row.body, placeOf({ actor_id, route, key })) };
  }

  /** Keeps the answer; nothing happens where the key was taken over meanwhile. */
  async keep(request: IdempotentRequest, lock: Date, status: number, body: string, headers: object): Promise<void> {
    const { actor_id, route, key } = request;
    await this.database.sql(
      `update idempotency_keys set status = $6, body = $7, headers = $8
       where client_id = $1 and actor_id = $2 and route = $3 and key = $4 and locked_until = $5 and status is null`,
      [Scope.clientId(), actor_id, route, key, lock, status, this.box.seal(body, placeOf(request)), JSON.stringify(headers)],
    );
  }

  /** Frees the key, so that the request can be tried again. */
  async release({ actor_id, route, key }: IdempotentRequest, lock: Date): Promise<void> {
    await this.database.sql(
      `delete from idempotency_keys
       where client_id = $1 and actor_id = $2 and route = $3 and key = $4 and locked_until = $5 and status is null`,
      [Scope.clientId(), actor_id, route, key, lock],
    );
  }
}

/** An answer opens for its own request alone. */
function placeOf({ actor_id, route, key }: IdempotentRequest): string {
  return JSON.stringify(['answer', Scope.clientId(), actor_id, route, key]);
}
