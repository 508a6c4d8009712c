import { Injectable } from '@nestjs/common';
import type { Role } from '../../platform/scope/index.js';

/** A user's role as it is since `at_ms`, whatever tokens say. */
interface CurrentRole {
  readonly role: Role;
  readonly at_ms: number;
  readonly until_ms: number;
}

/**
 * What has ended before its token did, in this process's memory: two map look-ups for each request, and no database read. Each
 * entry stays until
 * no token can contradict it.
 */
@Injectable()
export class RevocationList {
  /** When each may be forgotten, by session. */
  private readonly sessions = new Map<string, number>();
  private readonly roles = new Map<string, CurrentRole>();
  /** When each identity of another issuer lost its account, in seconds. */
  private readonly identities = new Map<string, { readonly at: number; readonly until_ms: number }>();

  /** True where the session was ended. */
  isEnded(sid: string): boolean {
    return this.sessions.has(sid);
  }

  /** The role that the user has now; `claimed` where nothing changed since any living token was signed. */
  roleOf(user_id: string, claimed: Role): Role {
    if (this.roles.size === 0) return claimed;
    return this.roles.get(user_id)?.role ?? claimed;
  }

  /** True where a token that another issuer signed at `iat` (seconds) came before the end of that identity's account. */
  isIdentityEnded(identity_id: string, iat: number): boolean {
    const ended = this.identities.get(identity_id);
    return ended !== undefined && iat <= ended.at;
  }

  /** False where it was known already. */
  endSession(sid: string, until_ms: number): boolean {
    const known = this.sessions.get(sid);
    this.sessions.set(sid, Math.max(until_ms, known ?? 0));
    return known === undefined;
  }

  /** Takes the newest word: notices and a reload may come in any order. */
  setRole(user_id: string, role: Role, at_ms: number, until_ms: number): void {
    const known = this.roles.get(user_id);
    if (!known || known.at_ms <= at_ms) this.roles.set(user_id, { role, at_ms, until_ms });
  }

  endIdentity(identity_id: string, at: number, until_ms: number): void {
    const known = this.identities.get(identity_id);
    if (!known || known.at < at) this.identities.set(identity_id, { at, until_ms });
  }

  /** Forgets what no living token can contradict. */
  sweep(now_ms = Date.now()): void {
    for (const [sid, until_ms] of this.sessions) if (until_ms <= now_ms) this.sessions.delete(sid);
    for (const [id, { until_ms }] of this.roles) if (until_ms <= now_ms) this.roles.delete(id);
    for (const [id, { until_ms }] of this.identities) if (until_ms <= now_ms) this.identities.delete(id);
  }

  /** How much is remembered; for the metrics. */
  get size(): number {
    return this.sessions.size + this.roles.size + this.identities.size;
  }
}
