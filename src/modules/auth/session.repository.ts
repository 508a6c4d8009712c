import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/ids/index.js';
import { Database, TenantRepository } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';
import { Session, type SessionKind } from './session.entity.js';

/** A session that lives, and since when its tenant does: read with it, since a node's memory may be of the tenant before. */
export interface LivingSession {
  readonly id: string;
  readonly client_since: Date;
}

/** A session as its refresh finds it, its row locked. */
export interface RotatingSession extends LivingSession {
  readonly user_id: string;
  readonly kind: SessionKind;
  readonly room_id: string;
  readonly generation: number;
  /** True while the token before the current one is honoured. */
  readonly just_rotated: boolean;
  readonly expired: boolean;
}

/** When the session's tenant was made. */
const CLIENT_SINCE = '(select t.created_at from tenants t where t.client_id = $1) as client_since';

/** What is left of a session that was deleted. */
export type DeletedSession = Pick<Session, 'id' | 'user_id' | 'kind'>;

/** Sign-ins of the tenant's people. The statements with `returning` and row locks are SQL, since each must be one statement. */
@Injectable()
export class SessionRepository extends TenantRepository<Session> {
  constructor(database: Database) {
    super(database, Session);
  }

  async start(user_id: string, kind: SessionKind, room_id: string, seconds: number): Promise<LivingSession> {
    const [session] = await this.database.sql<LivingSession>(
      `insert into sessions (client_id, id, user_id, kind, room_id, expires_at)
       values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6)) returning id, ${CLIENT_SINCE}`,
      [Scope.clientId(), newId(), user_id, kind, room_id, seconds],
    );
    if (!session) throw new Error('A session was not kept');
    return session;
  }

  /** Locks the row, so that rotations come one after the other. `grace_seconds`: how long the token before is honoured. */
  async lock(id: string, grace_seconds: number): Promise<RotatingSession | null> {
    const [row] = await this.database.sql<RotatingSession>(
      `select id, user_id, kind, room_id, generation, expires_at <= clock_timestamp() as expired,
              rotated_at > clock_timestamp() - make_interval(secs => $3) as just_rotated, ${CLIENT_SINCE}
       from sessions where client_id = $1 and id = $2 for update`,
      [Scope.clientId(), id, grace_seconds],
    );
    return row ?? null;
  }

  async rotate(id: string, seconds: number): Promise<number> {
    const [row] = await this.database.sql<{ generation: number }>(
      `update sessions set generation = generation + 1, rotated_at = clock_timestamp(),
              expires_at = clock_timestamp() + make_interval(secs => $3)
       where client_id = $1 and id = $2 returning generation`,
      [Scope.clientId(), id, seconds],
    );
    if (!row) throw new Error('A locked session went away');
    return row.generation;
  }

  /** Makes a living session last `seconds` from now; null where it has ended. */
  async extend(id: string, seconds: number): Promise<LivingSession | null> {
    const [session] = await this.database.sql<LivingSession>(
      `update sessions set expires_at = now() + make_interval(secs => $3)
       where client_id = $1 and id = $2 and kind = 'cookie' and expires_at > now() returning id, ${CLIENT_SINCE}`,
      [Scope.clientId(), id, seconds],
    );
    return session ?? null;
  }

  async deleteOne(id: string): Promise<DeletedSession | null> {
    const [row] = await this.database.sql<DeletedSession>(
      'delete from sessions where client_id = $1 and id = $2 returning id, user_id, kind',
      [Scope.clientId(), id],
    );
    return row ?? null;
  }

  /** Deletes all of a user's sessions, or all but one. */
  deleteOf(user_id: string, except: string | null): Promise<DeletedSession[]> {
    return this.database.sql<DeletedSession>(
      `delete from sessions where client_id = $1 and user_id = $2 and id is distinct from $3::uuid returning id, user_id, kind`,
      [Scope.clientId(), user_id, except],
    );
  }

  /** Deletes a user's oldest sessions beyond `kept`. */
  deleteBeyond(user_id: string, kept: number): Promise<DeletedSession[]> {
    return this.database.sql<DeletedSession>(
      `delete from sessions s using (
         select o.id from sessions o where o.client_id = $1 and o.user_id = $2 order by o.id desc offset $3
         for update skip locked
       ) old
       where s.client_id = $1 and s.id = old.id returning s.id, s.user_id, s.kind`,
      [Scope.clientId(), user_id, kept],
    );
  }
}
