import { Injectable } from '@nestjs/common';
import { Database, isForeignKeyViolation, isUniqueViolation } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { newId } from '../../../platform/ids/index.js';
import { Scope } from '../../../platform/scope/index.js';
import type { CallStatus } from '../log/call.entity.js';
import type { Media } from './media.js';

/** One of the two; without a name once the account is gone. */
export interface Party {
  id: string;
  username?: string;
}

/** A call between two users. */
export interface Ring {
  id: string;
  caller: Party;
  callee: Party;
  status: CallStatus;
  media: Media;
}

const PARTY = (column: string): string =>
  `(select json_strip_nulls(json_build_object('id', c.${column}, 'username', (
      select u.username from users u where u.client_id = c.client_id and u.id = c.${column}))))`;

const RING = `c.id, ${PARTY('caller_id')} as caller, ${PARTY('callee_id')} as callee, c.status, c.media`;

const IS_INTERNAL = `c.client_id = $1 and c.direction = 'internal'`;

/** Calls between users, in the scope's tenant. */
@Injectable()
export class RingRepository {
  constructor(private readonly database: Database) {}

  /** Logs a call that rings. */
  async insert({ caller_id, callee_id, media }: { caller_id: string; callee_id: string; media: Media }): Promise<string> {
    const id = newId();
    await this.database.sql(
      `insert into calls (client_id, id, direction, status, caller_id, callee_id, media, metadata)
       values ($1, $2, 'internal', 'ringing', $3, $4, $5, $6::jsonb)`,
      [Scope.clientId(), id, caller_id, callee_id, media, JSON.stringify({ caller_id, callee_id, media })],
    );
    return id;
  }

  /**
   * Makes both busy with a call, in one order whoever calls whom: of two calls that would share a person the second one waits for the
   * first, and is refused if that stands. @throws USER_BUSY, USER_NOT_FOUND for an account that has gone meanwhile
   */
  async engage(call_id: string, user_ids: readonly string[]): Promise<void> {
    try {
      await this.database.sql(
        `insert into call_parties (client_id, user_id, call_id) select $1, u.id, $3 from unnest($2::uuid[]) as u(id) order by u.id`,
        [Scope.clientId(), user_ids, call_id],
      );
    } catch (error) {
      if (isUniqueViolation(error, 'call_parties_pkey')) throw new AppError('USER_BUSY', { cause: error });
      throw isForeignKeyViolation(error) ? new AppError('USER_NOT_FOUND', { cause: error }) : error;
    }
  }

  /** The call, or null. With `lock` it stays as it is until the transaction ends. */
  async find(id: string, lock = false): Promise<Ring | null> {
    const rows = await this.database.sql<Ring>(
      `select ${RING} from calls c where ${IS_INTERNAL} and c.id = $2 ${lock ? 'for no key update of c' : ''}`,
      [Scope.clientId(), id],
    );
    return rows[0] ?? null;
  }

  /** Takes a call as answered. */
  async answer(id: string): Promise<void> {
    await this.database.sql(
      `update calls c set status = 'in_progress', answered_at = now(), active_at = now() where ${IS_INTERNAL} and c.id = $2`,
      [Scope.clientId(), id],
    );
  }

  /** Ends a call; it took as long as it was answered. A trigger makes the two free. */
  async close(id: string, status: CallStatus): Promise<void> {
    await this.database.sql(
      `update calls c set status = $3, ended_at = now(), active_at = now(),
              duration_seconds = coalesce(extract(epoch from now() - c.answered_at), 0)::int
        where ${IS_INTERNAL} and c.id = $2`,
      [Scope.clientId(), id, status],
    );
  }

  /** The calls of these people that are open. */
  async openIds(user_ids: readonly string[]): Promise<Array<{ call_id: string; user_id: string }>> {
    return this.database.sql<{ call_id: string; user_id: string }>(
      'select call_id, user_id from call_parties where client_id = $1 and user_id = any($2::uuid[]) order by call_id',
      [Scope.clientId(), user_ids],
    );
  }

  /**
   * The calls that ring at these people, which ring on to the end of the transaction: whoever is told of one in it hears of its end after that,
   * and nobody is told of one that is being ended.
   */
  async ringingAt(user_ids: readonly string[]): Promise<Ring[]> {
    return this.database.sql<Ring>(
      `select ${RING} from call_parties p join calls c on c.client_id = p.client_id and c.id = p.call_id
        where ${IS_INTERNAL} and p.user_id = any($2::uuid[]) and c.callee_id = p.user_id and c.status = 'ringing' for share of c`,
      [Scope.clientId(), user_ids],
    );
  }

  /** The calls of these people in which something happened within so many seconds. */
  async changedLately(user_ids: readonly string[], seconds: number): Promise<Ring[]> {
    return this.database.sql<Ring>(
      `select ${RING} from calls c where ${IS_INTERNAL} and (c.caller_id = any($2::uuid[]) or c.callee_id = any($2::uuid[]))
          and c.active_at > now() - make_interval(secs => $3) order by c.active_at limit 1000`,
      [Scope.clientId(), user_ids, seconds],
    );
  }
}
