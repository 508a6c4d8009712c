import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../../platform/cache/index.js';
import { Config } from '../../platform/config/index.js';
import { Database } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Scope, type UserActor } from '../../platform/scope/index.js';
import { type Account, AccountRepository } from './account.repository.js';
import { readRefreshToken, writeRefreshToken } from './refresh-token.js';
import { RevocationService } from './revocation.service.js';
import type { SessionKind } from './session.entity.js';
import type { EndReason } from './session-ends.js';
import { type LivingSession, SessionRepository } from './session.repository.js';
import { BEARER_SECONDS, COOKIE_SECONDS, REFRESH_SECONDS, type SignedToken, type TokenSubject, TokenService } from './token.service.js';

/** How long the refresh token before the current one is honoured: for a lost reply or a second tab (contract, section 2). */
const GRACE_SECONDS = 10;
/** Sign-ins that one account keeps; the oldest end. */
const MAX_SESSIONS = 1_000;
/** A cookie older than this is renewed by its use. */
const RENEW_AFTER_SECONDS = 24 * 60 * 60;
/** How long a renewal is handed to parallel requests of the same cookie. */
const RENEWAL_SHARED_MS = 60_000;

/** What a client of bearer tokens gets. */
export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly room_id: string;
}

type Rotation =
  | { readonly ended: EndReason | 'unknown' }
  | { readonly account: Account; readonly session: LivingSession; readonly room_id: string; readonly generation: number };

/** Starts, renews and ends sessions. */
@Injectable()
export class SessionService {
  /** Renewals that run or have just run, by session. */
  private readonly renewals = new BoundedCache<string, { readonly at_ms: number; readonly token: Promise<SignedToken | null> }>(5_000);

  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly sessions: SessionRepository,
    private readonly accounts: AccountRepository,
    private readonly tokens: TokenService,
    private readonly revocations: RevocationService,
  ) {}

  /** Signs an account in for the cookie. */
  async startCookie(checked: Account, room_id: string): Promise<SignedToken> {
    const { account, session } = await this.start(checked, 'cookie', room_id, COOKIE_SECONDS);
    return this.tokens.sign(subjectOf(account, session, room_id), COOKIE_SECONDS);
  }

  /** Signs an account in for bearer tokens. */
  async startBearer(checked: Account, room_id: string): Promise<TokenPair> {
    const { account, session } = await this.start(checked, 'bearer', room_id, REFRESH_SECONDS);
    return this.pair(account, session, room_id, 1);
  }

  /**
   * A new pair for a refresh token. The token just before the current one gets the current pair for 10 s; an older one was copied
   * by somebody, so the whole
   * session ends.
   * @throws INVALID_REFRESH_TOKEN
   */
  async refresh(refresh_token: string): Promise<TokenPair> {
    const claims = readRefreshToken(this.config.jwt_secrets, Scope.clientId(), refresh_token);
    if (!claims) throw new AppError('INVALID_REFRESH_TOKEN');
    const rotation = await this.database.transaction(() => this.rotate(claims.sid, claims.generation));
    if ('ended' in rotation) throw new AppError('INVALID_REFRESH_TOKEN');
    return this.pair(rotation.account, rotation.session, rotation.room_id, rotation.generation);
  }

  /** Ends one session; nothing happens where it has ended already. */
  async end(sid: string, reason: EndReason): Promise<void> {
    await this.database.transaction(async () => {
      const session = await this.sessions.deleteOne(sid);
      if (session) await this.revocations.endSessions([session], reason);
    });
  }

  /**
   * Ends all of a user's sessions, or all but one, in the open transaction. Call it with the user's row locked, so that none
   * starts meanwhile.
   */
  async endAll(user_id: string, reason: EndReason, except: string | null = null): Promise<void> {
    await this.revocations.endSessions(await this.sessions.deleteOf(user_id, except), reason);
  }

  /** True where a cookie's token is old enough to be renewed by its use. */
  needsRenewal(actor: UserActor): boolean {
    return actor.sid !== null && actor.exp - Date.now() / 1_000 < COOKIE_SECONDS - RENEW_AFTER_SECONDS;
  }

  /** A new token of the same session, which lasts on; null where the session has ended. Runs in the tenant's scope. */
  async renew(actor: UserActor): Promise<SignedToken | null> {
    const { sid } = actor;
    if (sid === null) return null;
    const shared = this.renewals.get(sid);
    if (shared && Date.now() - shared.at_ms < RENEWAL_SHARED_MS) return shared.token;
    const token = this.renewNow(actor, sid);
    this.renewals.set(sid, { at_ms: Date.now(), token });
    try {
      return await token;
    } catch (error) {
      this.renewals.delete(sid);
      throw error;
    }
  }

  private async renewNow(actor: UserActor, sid: string): Promise<SignedToken | null> {
    const account = await this.accounts.findById(actor.id);
    if (!account || account.disabled_at) return null;
    const session = await this.sessions.extend(sid, COOKIE_SECONDS);
    return session && this.tokens.sign(subjectOf(account, session, actor.room_id), COOKIE_SECONDS);
  }

  /**
   * The user's row is held while the session starts, and is looked at again: disabling or a new password that came between the
   * check and this
   * would else miss the session in its list.
   */
  private start(
    checked: Account,
    kind: SessionKind,
    room_id: string,
    seconds: number,
  ): Promise<{ account: Account; session: LivingSession }> {
    return this.database.transaction(async () => {
      const account = await this.accounts.lockShared(checked.id);
      if (!account || account.password_hash !== checked.password_hash) throw new AppError('INVALID_CREDENTIALS');
      if (account.disabled_at) throw new AppError('ACCOUNT_DISABLED');
      const session = await this.sessions.start(account.id, kind, room_id, seconds);
      await this.revocations.endSessions(await this.sessions.deleteBeyond(account.id, MAX_SESSIONS), 'too_many_sessions');
      return { account, session };
    });
  }

  /** Answers what happened, since throwing would undo the end of a session. */
  private async rotate(sid: string, generation: number): Promise<Rotation> {
    const session = await this.sessions.lock(sid, GRACE_SECONDS);
    if (!session || session.kind !== 'bearer') return { ended: 'unknown' };
    const current = session.generation === generation;
    const before = session.generation === generation + 1 && session.just_rotated;
    if (!current && !before) return this.endLocked(sid, 'token_reused');
    if (session.expired) return this.endLocked(sid, 'logout');
    const account = await this.accounts.findById(session.user_id);
    if (!account || account.disabled_at) return this.endLocked(sid, 'account_disabled');
    const next = current ? await this.sessions.rotate(sid, REFRESH_SECONDS) : session.generation;
    return { account, session, room_id: session.room_id, generation: next };
  }

  private async endLocked(sid: string, reason: EndReason): Promise<Rotation> {
    await this.end(sid, reason);
    return { ended: reason };
  }

  private async pair(account: Account, session: LivingSession, room_id: string, generation: number): Promise<TokenPair> {
    const [secret = ''] = this.config.jwt_secrets;
    const { token } = await this.tokens.sign(subjectOf(account, session, room_id), BEARER_SECONDS);
    const refresh_token = writeRefreshToken(secret, Scope.clientId(), { sid: session.id, generation });
    return { access_token: token, refresh_token, expires_in: BEARER_SECONDS, room_id };
  }
}

function subjectOf({ id, email, role }: Account, session: LivingSession, room_id: string): TokenSubject {
  const client_since_ms = session.client_since.getTime();
  return { sub: id, client_id: Scope.clientId(), email, room_id, role, sid: session.id, client_since_ms };
}
