import { AppError } from '../../../platform/errors/index.js';
import type { MatchingStatus } from '../matching.entity.js';
import type { MeetingProviderName } from './meeting.entity.js';

/** Who somebody is in a talk. */
export type TalkRole = 'speaker' | 'listener';

/** A meeting with what its matching says of it. */
export interface Talk {
  readonly id: string;
  readonly matching_id: string;
  readonly provider: MeetingProviderName;
  readonly provider_meeting: Record<string, unknown> | null;
  readonly met_at: Date | null;
  readonly ended_at: Date | null;
  readonly recorded_at: Date | null;
  /** Whether a browser has recorded any of it. */
  readonly is_recorded: boolean;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly status: MatchingStatus;
  readonly room_id: string;
  readonly speaker_id: string | null;
  readonly speaker_name: string | null;
  /** True also where the account is gone. */
  readonly speaker_is_barred: boolean;
  readonly listener_id: string | null;
  readonly listener_name: string | null;
  readonly listener_is_barred: boolean;
}

/** A participant's place in a meeting. */
export interface Seat {
  readonly client_id: string;
  readonly meeting_id: string;
  readonly user_id: string;
  readonly role: TalkRole;
}

/** `early`: nobody is let in yet; `open`; `over`; `cancelled`. */
export const TALK_PHASES = ['early', 'open', 'over', 'cancelled'] as const;
export type TalkPhase = (typeof TALK_PHASES)[number];

/** So long before its beginning the two may come in. */
export const EARLY_MS = 10 * 60_000;
/** So long after its end its links still lead somewhere, and what was recorded may still arrive. */
export const GRACE_MS = 15 * 60_000;

/** Where a talk stands. */
export function phaseOf(talk: Talk, now_ms = Date.now()): TalkPhase {
  if (talk.status === 'cancelled') return 'cancelled';
  if (talk.ended_at || talk.status !== 'booked' || talk.ends_at.getTime() <= now_ms) return 'over';
  return talk.starts_at.getTime() - EARLY_MS > now_ms ? 'early' : 'open';
}

/** Who a user is in the talk, while their link is good. @throws MEETING_NOT_FOUND */
export function roleIn(talk: Talk, user_id: string, now_ms = Date.now()): TalkRole {
  const role = talk.speaker_id === user_id ? 'speaker' : talk.listener_id === user_id ? 'listener' : null;
  const is_barred = role === 'speaker' ? talk.speaker_is_barred : talk.listener_is_barred;
  if (!role || is_barred || talk.ends_at.getTime() + GRACE_MS <= now_ms) throw new AppError('MEETING_NOT_FOUND');
  return role;
}
