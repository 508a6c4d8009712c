import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../../platform/cache/index.js';
import type { Credential, UserActor } from '../../platform/scope/index.js';
import { RevocationList } from './revocation-list.js';

/** How a token came. */
export type Via = 'bearer' | 'cookie';

interface Entry {
  /** Replaced when the user's role changes. */
  credential: Credential;
  /** When it must be looked up again. */
  readonly until_ms: number;
}

const MAX_ENTRIES = 20_000;

/**
 * Credentials that were verified once: a look-up by the token's SHA-256 takes the place of verifying it. Bounded, and good until
 * the credential ends;
 * what ended or changed meanwhile is asked each time, in memory.
 */
@Injectable()
export class VerifiedCredentials {
  private readonly entries = new BoundedCache<string, Entry>(MAX_ENTRIES);
  private forgotten = 0;

  constructor(private readonly revocations: RevocationList) {}

  /** The credential as it is now, or undefined where the token must be verified. `context` is what else decides: an API key's tenant. */
  get(token: string, via: Via, context = ''): Credential | undefined {
    const key = keyOf(token, via, context);
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    const { actor, client_id } = entry.credential;
    if (entry.until_ms <= Date.now()) {
      this.entries.delete(key);
      return undefined;
    }
    if (actor.kind !== 'user') return entry.credential;
    const current = this.asOfNow(actor);
    if (current === null) {
      this.entries.delete(key);
      return undefined;
    }
    if (current !== actor) entry.credential = Object.freeze({ actor: current, client_id });
    return entry.credential;
  }

  /**
   * To be taken before a credential is read from the database, and handed to {@link put}: what was read before something was
   * forgotten may be what should have been.
   */
  ticket(): number {
    return this.forgotten;
  }

  /** Keeps a verified credential until `until_ms`, and answers it as it is now; null where it has ended. */
  put(token: string, via: Via, credential: Credential, until_ms: number, ticket: number, context = ''): Credential | null {
    const { actor, client_id } = credential;
    const current = actor.kind === 'user' ? this.asOfNow(actor) : actor;
    if (current === null) return null;
    const kept = Object.freeze({ actor: Object.freeze(current), client_id });
    if (ticket === this.forgotten) this.entries.set(keyOf(token, via, context), { credential: kept, until_ms });
    return kept;
  }

  /** The actor with the role that it has now; null where its session has ended. Costs two look-ups in memory. */
  asOfNow(actor: UserActor): UserActor | null {
    if (actor.sid !== null && this.revocations.isEnded(actor.sid)) return null;
    const role = this.revocations.roleOf(actor.id, actor.role);
    return role === actor.role ? actor : Object.freeze({ ...actor, role });
  }

  /** Forgets what was verified of a user, an API key or a whole tenant. */
  forget(whose: { client_id: string; actor_id?: string }): void {
    this.forgotten++;
    this.entries.deleteWhere(
      ({ credential }) =>
        credential.client_id === whose.client_id && (whose.actor_id === undefined || credential.actor.id === whose.actor_id),
    );
  }

  /** Forgets everything: each credential is verified anew. */
  clear(): void {
    this.forgotten++;
    this.entries.clear();
  }
}

function keyOf(token: string, via: Via, context: string): string {
  const digest = hash('sha256', token, 'base64');
  if (via === 'bearer' && context === '') return digest;
  return `${via} ${context} ${digest}`;
}
