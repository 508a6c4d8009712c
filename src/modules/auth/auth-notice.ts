import type { Role } from '../../platform/scope/index.js';
import type { EndReason } from './session-ends.js';

/** The channel by which nodes tell each other what ended (contract, section 0: everywhere within 1 s). */
export const AUTH_CHANNEL = 'kaiwa_auth';

/** What the channel carries, as JSON; a notification holds 8,000 bytes. Times are in milliseconds since 1970. */
export type AuthNotice =
  | { kind: 'session'; client_id: string; user_id: string; sids: string[]; reason: EndReason; until_ms: number }
  | { kind: 'role'; client_id: string; user_id: string; role: Role; at_ms: number; until_ms: number }
  /** The user changed or went: what was verified of it by another issuer's token is read anew. */
  | { kind: 'user'; client_id: string; user_id: string; ended: EndReason | null }
  | { kind: 'identity'; client_id: string; id: string; at: number; until_ms: number }
  | { kind: 'api_key'; client_id: string; id: string };

/** Sessions that one notice names at most. */
export const SIDS_PER_NOTICE = 150;

/** Reads a notice; null where it is none that this version knows (nodes of two versions may run side by side). */
export function readNotice(payload: string): AuthNotice | null {
  try {
    const notice = JSON.parse(payload) as Partial<AuthNotice> | null;
    return typeof notice?.client_id === 'string' && typeof notice.kind === 'string' ? (notice as AuthNotice) : null;
  } catch {
    return null;
  }
}
