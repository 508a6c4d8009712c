import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { v5 as uuidv5 } from 'uuid';
import { Database, Listener, SystemDatabase } from '../../platform/database/index.js';
import { Logger } from '../../platform/http/index.js';
import { type Role, Scope } from '../../platform/scope/index.js';
import { TenantDirectory } from '../tenancy/index.js';
import { AUTH_CHANNEL, type AuthNotice, readNotice, SIDS_PER_NOTICE } from './auth-notice.js';
import { RevocationList } from './revocation-list.js';
import type { SessionKind } from './session.entity.js';
import { type EndReason, SessionEnds } from './session-ends.js';
import { BEARER_SECONDS, COOKIE_SECONDS } from './token.service.js';
import { VerifiedCredentials } from './verified-credentials.js';

/** Added to how long tokens live: another node may sign one last token before the word reaches it, by a clock of its own. */
const SLACK_SECONDS = 120;
/** How long a token of another issuer is believed at most, in seconds; Cognito's last a day at most. */
export const IDENTITY_SECONDS = 7 * 24 * 60 * 60;

const LOAD_BATCH = 10_000;
const SWEEP_EVERY_MS = 60_000;
const NAMESPACE = 'b3a1a1a0-5c5e-4f0a-9c53-6f9d5b6f7a10';

/** A session that is to end. */
export interface EndingSession {
  readonly id: string;
  readonly user_id: string;
  readonly kind: SessionKind;
}

interface RevocationRow {
  client_id: string;
  kind: 'session' | 'role' | 'identity';
  subject_id: string;
  role: Role | null;
  reason: string;
  created_at: Date;
  expires_at: Date;
}

/** The name under which an identity of another issuer is revoked. */
export function identityId(client_id: string, issuer: string, subject: string): string {
  return uuidv5(`${client_id}\n${issuer}\n${subject}`, NAMESPACE);
}

/**
 * Ends sessions and changes roles for every node at once: the row for nodes that start or reconnect, the notification for those
 * that listen, and this
 * node's memory right after the commit. The write methods are called inside the transaction of what they follow from.
 */
@Injectable()
export class RevocationService implements OnModuleInit, OnModuleDestroy {
  private sweeping: NodeJS.Timeout | undefined;
  private stop: (() => void) | undefined;

  constructor(
    private readonly database: Database,
    private readonly system: SystemDatabase,
    private readonly listener: Listener,
    private readonly list: RevocationList,
    private readonly verified: VerifiedCredentials,
    private readonly ends: SessionEnds,
    private readonly tenants: TenantDirectory,
    private readonly logger: Logger,
  ) {}

  /** Listens first and loads then, so that nothing falls between. */
  async onModuleInit(): Promise<void> {
    this.stop = await this.listener.on(AUTH_CHANNEL, (payload) => this.hear(payload));
    this.listener.onReconnected(() => this.reload());
    // A tenant may have taken its trust away from the issuer of what was verified.
    this.tenants.onChanged((client_id, is_deleted) => {
      this.verified.forget({ client_id });
      if (is_deleted) this.ends.tell({ client_id, sid: null, user_id: null, reason: 'tenant_deleted' });
    });
    await this.load();
    this.sweeping = setInterval(() => this.list.sweep(), SWEEP_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeping);
    this.stop?.();
  }

  /** Ends sessions whose rows the caller has deleted in the open transaction. */
  async endSessions(sessions: readonly EndingSession[], reason: EndReason): Promise<void> {
    if (sessions.length === 0) return;
    const lasting = (kind: SessionKind): number => (kind === 'cookie' ? COOKIE_SECONDS : BEARER_SECONDS) + SLACK_SECONDS;
    await this.database.sql(
      `insert into revocations (client_id, kind, subject_id, reason, created_at, expires_at)
       select $1, 'session', e.id, $2, clock_timestamp(), clock_timestamp() + make_interval(secs => e.lasting)
       from unnest($3::uuid[], $4::integer[]) as e (id, lasting)
       on conflict (client_id, kind, subject_id) do nothing`,
      [Scope.clientId(), reason, sessions.map(({ id }) => id), sessions.map(({ kind }) => lasting(kind))],
    );
    for (const [user_id, own] of Map.groupBy(sessions, ({ user_id }) => user_id)) {
      const until_ms = Date.now() + Math.max(...own.map(({ kind }) => lasting(kind))) * 1_000;
      for (let from = 0; from < own.length; from += SIDS_PER_NOTICE) {
        const sids = own.slice(from, from + SIDS_PER_NOTICE).map(({ id }) => id);
        await this.spread({ kind: 'session', client_id: Scope.clientId(), user_id, sids, reason, until_ms });
      }
    }
  }

  /** From now on the user has `role`, whatever its tokens say. Call it with the user's row locked. */
  async setRole(user_id: string, role: Role): Promise<void> {
    const [row] = await this.database.sql<{ created_at: Date; expires_at: Date }>(
      `insert into revocations (client_id, kind, subject_id, role, reason, created_at, expires_at)
       values ($1, 'role', $2, $3, 'role_changed', clock_timestamp(), clock_timestamp() + make_interval(secs => $4))
       on conflict (client_id, kind, subject_id) do update
         set role = excluded.role, created_at = excluded.created_at, expires_at = excluded.expires_at
       returning created_at, expires_at`,
      [Scope.clientId(), user_id, role, Math.max(COOKIE_SECONDS, IDENTITY_SECONDS) + SLACK_SECONDS],
    );
    if (!row) throw new Error('A role was not kept');
    const at_ms = row.created_at.getTime();
    await this.spread({ kind: 'role', client_id: Scope.clientId(), user_id, role, at_ms, until_ms: row.expires_at.getTime() });
  }

  /** Tokens of another issuer that were signed until now open no account any more; later ones make a new one. */
  async endIdentity(issuer: string, subject: string): Promise<void> {
    const client_id = Scope.clientId();
    const id = identityId(client_id, issuer, subject);
    const [row] = await this.database.sql<{ created_at: Date; expires_at: Date }>(
      `insert into revocations (client_id, kind, subject_id, reason, created_at, expires_at)
       values ($1, 'identity', $2, 'account_deleted', clock_timestamp(), clock_timestamp() + make_interval(secs => $3))
       on conflict (client_id, kind, subject_id) do update set created_at = excluded.created_at, expires_at = excluded.expires_at
       returning created_at, expires_at`,
      [client_id, id, IDENTITY_SECONDS + SLACK_SECONDS],
    );
    if (!row) throw new Error('An identity was not kept');
    await this.spread({
      kind: 'identity',
      client_id,
      id,
      at: Math.floor(row.created_at.getTime() / 1_000),
      until_ms: row.expires_at.getTime(),
    });
  }

  /** What nodes keep of the user in memory is read anew; with `ended`, whatever it has open is closed too. */
  async forgetUser(user_id: string, ended: EndReason | null = null): Promise<void> {
    await this.spread({ kind: 'user', client_id: Scope.clientId(), user_id, ended });
  }

  /** The API key signs in no more. Call it in the transaction that deletes it. */
  async endApiKey(id: string): Promise<void> {
    await this.spread({ kind: 'api_key', client_id: Scope.clientId(), id });
  }

  /** Tells every node with the commit, and this one as soon as it is through. */
  private async spread(notice: AuthNotice): Promise<void> {
    await this.database.sql('select pg_notify($1, $2)', [AUTH_CHANNEL, JSON.stringify(notice)]);
    this.database.afterCommit(() => this.apply(notice));
  }

  private hear(payload: string): void {
    const notice = readNotice(payload);
    if (notice) this.apply(notice);
    else this.logger.warn({ channel: AUTH_CHANNEL }, 'a notice could not be read');
  }

  /** Takes a notice into memory; the second time changes nothing. */
  private apply(notice: AuthNotice): void {
    const { client_id } = notice;
    switch (notice.kind) {
      case 'session':
        for (const sid of notice.sids) {
          if (this.list.endSession(sid, notice.until_ms))
            this.ends.tell({ client_id, sid, user_id: notice.user_id, reason: notice.reason });
        }
        break;
      case 'role':
        this.list.setRole(notice.user_id, notice.role, notice.at_ms, notice.until_ms);
        break;
      case 'identity':
        this.list.endIdentity(notice.id, notice.at, notice.until_ms);
        break;
      case 'user':
        this.verified.forget({ client_id, actor_id: notice.user_id });
        if (notice.ended) this.ends.tell({ client_id, sid: null, user_id: notice.user_id, reason: notice.ended });
        break;
      case 'api_key':
        this.verified.forget({ client_id, actor_id: notice.id });
        break;
    }
  }

  /** After a lost connection: what was ended meanwhile takes hold, and nothing that was verified before is believed. */
  private async reload(): Promise<void> {
    this.verified.clear();
    await this.load();
    this.verified.clear();
  }

  private async load(): Promise<void> {
    let after: [string, string, string] = ['', '', '00000000-0000-0000-0000-000000000000'];
    for (;;) {
      const rows = await this.system.cross('revocation-load', (sql) =>
        sql<RevocationRow>(
          `select client_id, kind, subject_id, role, reason, created_at, expires_at from revocations
           where expires_at > now() and (client_id, kind, subject_id) > ($1, $2, $3::uuid)
           order by client_id, kind, subject_id limit $4`,
          [...after, LOAD_BATCH],
        ),
      );
      for (const row of rows) this.take(row);
      const last = rows.at(-1);
      if (!last || rows.length < LOAD_BATCH) return;
      after = [last.client_id, last.kind, last.subject_id];
    }
  }

  private take({ client_id, kind, subject_id, role, reason, created_at, expires_at }: RevocationRow): void {
    const until_ms = expires_at.getTime();
    if (kind === 'role' && role) this.list.setRole(subject_id, role, created_at.getTime(), until_ms);
    else if (kind === 'identity') this.list.endIdentity(subject_id, Math.floor(created_at.getTime() / 1_000), until_ms);
    else if (kind === 'session' && this.list.endSession(subject_id, until_ms)) {
      this.ends.tell({ client_id, sid: subject_id, user_id: null, reason: reason as EndReason });
    }
  }
}
