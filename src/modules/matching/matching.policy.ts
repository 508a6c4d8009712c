import { AppError, type ErrorCode } from '../../platform/errors/index.js';
import { type Actor, roleCovers } from '../../platform/scope/index.js';
import type { Matching, MatchingStatus } from './matching.entity.js';

/** What somebody is to a matching: one of the two, the tenant's desk (admins and systems), or this server itself. */
export type Party = 'speaker' | 'listener' | 'desk' | 'server';

interface Rule {
  /** The statuses in which it may be done. */
  readonly from: readonly MatchingStatus[];
  /** The status that it leads to; null where it stays. */
  readonly to: MatchingStatus | null;
  readonly by: readonly Party[];
  /** The two may do it until the tenant's cut-off alone. */
  readonly until_cutoff?: true;
  /** What those read who may not. */
  readonly refusal?: ErrorCode;
}

const TWO = ['speaker', 'listener'] as const;
const ALWAYS = ['booked', 'cancelled', 'done', 'no_show'] as const;

/** The states of a matching, and who may do what in which (contract, section 8). */
export const MATCHING_RULES = {
  read: { from: ALWAYS, to: null, by: [...TWO, 'desk'] },
  move: { from: ['booked'], to: 'booked', by: [...TWO, 'desk'], until_cutoff: true },
  cancel: { from: ['booked'], to: 'cancelled', by: [...TWO, 'desk'], until_cutoff: true },
  pay: { from: ['booked', 'done'], to: null, by: ['listener', 'desk'] },
  /** To open the meeting. */
  meet: { from: ['booked'], to: null, by: [...TWO, 'desk'] },
  /** Direct messages are the two's alone: to everybody else there are none. */
  write: { from: ALWAYS, to: null, by: TWO, refusal: 'MATCHING_NOT_FOUND' },
  finish: { from: ['booked', 'no_show'], to: 'done', by: ['server'] },
  miss: { from: ['booked'], to: 'no_show', by: ['server'] },
  /** An account ends, and with it what was to come. */
  abandon: { from: ['booked'], to: 'cancelled', by: ['server'] },
} as const satisfies Record<string, Rule>;

export type MatchingAct = keyof typeof MATCHING_RULES;

type Seen = Pick<Matching, 'speaker_id' | 'listener_id' | 'status' | 'date'>;

/** What `actor` is to a matching; null for a stranger. */
export function partyOf(actor: Actor, matching: Pick<Matching, 'speaker_id' | 'listener_id'>): Party | null {
  if (actor.kind === 'operator') return 'desk';
  if (actor.kind === 'api_key') return actor.scopes.includes('matching') ? 'desk' : null;
  if (actor.id === matching.speaker_id) return 'speaker';
  if (actor.id === matching.listener_id) return 'listener';
  return roleCovers(actor.role, 'admin') ? 'desk' : null;
}

/** True where `actor` stands for the tenant rather than for themselves: may name another listener, and sees everybody's matchings. */
export function isDesk(actor: Actor): boolean {
  return partyOf(actor, { speaker_id: null, listener_id: null }) === 'desk';
}

/**
 * Who `actor` is to the matching, where they may do `act` in its status.
 * @throws MATCHING_NOT_FOUND to strangers, FORBIDDEN, MATCHING_OVER, CUTOFF_PASSED
 */
export function assertMatching(actor: Actor, act: MatchingAct, matching: Seen, cutoff_hours: number): Party {
  const rule: Rule = MATCHING_RULES[act];
  const party = partyOf(actor, matching);
  if (!party) throw new AppError('MATCHING_NOT_FOUND');
  if (!rule.by.includes(party)) throw new AppError(rule.refusal ?? 'FORBIDDEN');
  if (!rule.from.includes(matching.status)) throw new AppError('MATCHING_OVER');
  if (rule.until_cutoff && party !== 'desk' && isPastCutoff(matching.date, cutoff_hours)) throw new AppError('CUTOFF_PASSED');
  return party;
}

/** The status that this server's own `act` leads to from `status`; null where it does not go from there. */
export function serverStatus(act: 'finish' | 'miss' | 'abandon', status: MatchingStatus): MatchingStatus | null {
  const rule: Rule = MATCHING_RULES[act];
  return rule.from.includes(status) ? rule.to : null;
}

function isPastCutoff(date: Date, cutoff_hours: number): boolean {
  return Date.now() > date.getTime() - cutoff_hours * 3_600_000;
}
