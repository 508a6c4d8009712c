import { describe, expect, it } from '@jest/globals';
import type { Actor } from '../../../platform/scope/index.js';
import { partyOf } from './ring.policy.js';

const person: Actor = { kind: 'user', id: 'me', email: '', role: 'owner', sid: null, room_id: '', credential: 'bearer', exp: 0 };
const systems: Actor[] = [
  { kind: 'api_key', id: 'key', name: 'PBX', scopes: ['phone'] },
  { kind: 'operator', id: 'operator' },
];

describe('partyOf', () => {
  it('a person is themselves, and nobody else', () => {
    expect(partyOf(person, undefined, 'caller_id')).toBe('me');
    expect(partyOf(person, null, 'caller_id')).toBe('me');
    expect(partyOf(person, 'me', 'caller_id')).toBe('me');
    expect(() => partyOf(person, 'you', 'caller_id')).toThrow('caller_id must be your own id');
  });

  it.each(systems)('$kind names the user that it acts for', (system) => {
    expect(partyOf(system, 'you', 'user_id')).toBe('you');
    for (const nobody of [null, undefined]) {
      expect(() => partyOf(system, nobody, 'user_id')).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
    }
  });
});
