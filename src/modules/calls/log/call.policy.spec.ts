import { describe, expect, it } from '@jest/globals';
import type { Actor, ApiScope, Role } from '../../../platform/scope/index.js';
import { canCalls, onlyOwnOf } from './call.policy.js';

const person = (role: Role): Actor => ({
  kind: 'user',
  id: 'u1',
  email: 'u1@example.com',
  role,
  sid: null,
  room_id: 'lobby',
  credential: 'bearer',
  exp: 0,
});
const key = (...scopes: ApiScope[]): Actor => ({ kind: 'api_key', id: 'k1', name: 'k', scopes });
const operator: Actor = { kind: 'operator', id: 'operator' };

describe('the phone desk', () => {
  it('is staffed by staff and those above, by keys of its scope, and by the operator', () => {
    for (const act of ['calls.read', 'calls.write', 'recordings.read'] as const) {
      expect([person('member'), key('rooms')].map((actor) => canCalls(actor, act))).toEqual([false, false]);
      const may = [person('staff'), person('admin'), person('owner'), key('phone'), operator];
      expect(may.map((actor) => canCalls(actor, act))).toEqual(may.map(() => true));
    }
  });

  it('shows members their own calls with other users alone', () => {
    expect(canCalls(person('member'), 'calls.list')).toBe(true);
    expect(onlyOwnOf(person('member'))).toBe('u1');
    expect([person('staff'), key('phone'), operator].map(onlyOwnOf)).toEqual([undefined, undefined, undefined]);
    expect(canCalls(key('rooms'), 'calls.list')).toBe(false);
  });
});
