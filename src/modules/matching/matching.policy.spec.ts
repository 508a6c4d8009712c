import { describe, expect, it } from '@jest/globals';
import type { Actor, Role, UserActor } from '../../platform/scope/index.js';
import { MATCHING_STATUSES, type MatchingStatus } from './matching.entity.js';
import { assertMatching, isDesk, MATCHING_RULES, type MatchingAct, partyOf, serverStatus } from './matching.policy.js';

const person = (id: string, role: Role = 'member'): UserActor => ({
  kind: 'user',
  id,
  email: `${id}@example.com`,
  role,
  sid: null,
  room_id: 'lobby',
  credential: 'bearer',
  exp: 0,
});
const system = (...scopes: Array<'matching' | 'phone'>): Actor => ({ kind: 'api_key', id: 'k', name: 'k', scopes });
const operator: Actor = { kind: 'operator', id: 'operator' };
const WHO: Record<string, Actor> = {
  speaker: person('s'),
  listener: person('l'),
  stranger: person('x'),
  staff: person('x', 'staff'),
  admin: person('x', 'admin'),
  system: system('matching'),
  phone: system('phone'),
  operator,
};

function outcome(actor: Actor, act: MatchingAct, status: MatchingStatus, hours_ahead = 100, cutoff_hours = 0): string {
  try {
    return assertMatching(
      actor,
      act,
      { speaker_id: 's', listener_id: 'l', status, date: new Date(Date.now() + hours_ahead * 3_600_000) },
      cutoff_hours,
    );
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('who is what to a matching', () => {
  it('is one of the two, the desk, or a stranger', () => {
    const parties = Object.fromEntries(
      Object.entries(WHO).map(([name, actor]) => [name, partyOf(actor, { speaker_id: 's', listener_id: 'l' })]),
    );
    expect(parties).toEqual({
      speaker: 'speaker',
      listener: 'listener',
      stranger: null,
      staff: null,
      admin: 'desk',
      system: 'desk',
      phone: null,
      operator: 'desk',
    });
    expect(Object.keys(WHO).filter((name) => isDesk(WHO[name]!))).toEqual(['admin', 'system', 'operator']);
  });

  it('is nobody where both accounts are gone', () => {
    expect(partyOf(person('s'), { speaker_id: null, listener_id: null })).toBeNull();
  });
});

describe('who may do what', () => {
  const among = (act: MatchingAct): Record<string, string> =>
    Object.fromEntries(Object.entries(WHO).map(([name, actor]) => [name, outcome(actor, act, 'booked')]));
  const ABSENT = 'MATCHING_NOT_FOUND';
  const NONE = { stranger: ABSENT, staff: ABSENT, phone: ABSENT };
  const DESK = { admin: 'desk', system: 'desk', operator: 'desk' };

  it('is one table', () => {
    for (const act of ['read', 'move', 'cancel'] as const) {
      expect(among(act)).toEqual({ speaker: 'speaker', listener: 'listener', ...DESK, ...NONE });
    }
    expect(among('pay')).toEqual({ speaker: 'FORBIDDEN', listener: 'listener', ...DESK, ...NONE });
    const nobody = { admin: ABSENT, system: ABSENT, operator: ABSENT };
    expect(among('write')).toEqual({ speaker: 'speaker', listener: 'listener', ...nobody, ...NONE });
  });

  it('depends on the status', () => {
    const open = (act: MatchingAct): string[] => MATCHING_STATUSES.filter((status) => outcome(person('l'), act, status) === 'listener');
    expect(open('read')).toEqual([...MATCHING_STATUSES]);
    expect(open('write')).toEqual([...MATCHING_STATUSES]);
    expect(open('move')).toEqual(['booked']);
    expect(open('cancel')).toEqual(['booked']);
    expect(open('pay')).toEqual(['booked', 'done']);
    expect(outcome(person('l'), 'cancel', 'done')).toBe('MATCHING_OVER');
  });

  it('ends at the cut-off for the two, and not for the desk', () => {
    for (const act of ['move', 'cancel'] as const) {
      expect(outcome(person('l'), act, 'booked', 2.1, 2)).toBe('listener');
      expect(outcome(person('l'), act, 'booked', 1.9, 2)).toBe('CUTOFF_PASSED');
      expect(outcome(person('s'), act, 'booked', -0.1, 0)).toBe('CUTOFF_PASSED');
      expect(outcome(operator, act, 'booked', 1.9, 2)).toBe('desk');
    }
    expect(outcome(person('l'), 'read', 'booked', -5, 2)).toBe('listener');
  });

  it('leaves to the server what is the server’s', () => {
    for (const act of ['finish', 'miss', 'abandon'] as const) {
      expect(Object.values(among(act)).every((who) => ['FORBIDDEN', ABSENT].includes(who))).toBe(true);
      const reached = Object.fromEntries(MATCHING_STATUSES.map((status) => [status, serverStatus(act, status)]));
      const { from, to } = MATCHING_RULES[act];
      expect(reached).toEqual(
        Object.fromEntries(MATCHING_STATUSES.map((status) => [status, (from as readonly string[]).includes(status) ? to : null])),
      );
    }
    expect(serverStatus('finish', 'cancelled')).toBeNull();
    expect(serverStatus('miss', 'done')).toBeNull();
  });
});
