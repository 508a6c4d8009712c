import { describe, expect, it } from '@jest/globals';
import { type Actor, API_SCOPES, type Role, ROLES, type UserActor } from '../../platform/scope/index.js';
import { canInviteAs, canTenancy, TENANCY_NEEDS, type TenancyAct } from './tenancy.policy.js';

const person = (role: Role): UserActor => ({
  kind: 'user',
  id: 'u',
  email: 'u@example.com',
  role,
  sid: 's',
  room_id: 'lobby',
  credential: 'bearer',
  exp: 0,
});
const operator: Actor = { kind: 'operator', id: 'operator' };
const key = (...scopes: Extract<Actor, { kind: 'api_key' }>['scopes'][number][]): Actor => ({
  kind: 'api_key',
  id: 'k',
  name: 'k',
  scopes,
});

/** The contract's table, written once more: the weakest role that may, or `operator`. */
const TABLE: Record<TenancyAct, Role | 'operator'> = {
  'tenant.read': 'member',
  'tenant.change': 'owner',
  'tenants.manage': 'operator',
  'api_keys.manage': 'admin',
  'invitations.manage': 'admin',
  'usage.read': 'admin',
  'audit_log.read': 'admin',
};

describe('who may do what to a tenant', () => {
  it.each(Object.entries(TABLE) as Array<[TenancyAct, Role | 'operator']>)('%s: %s and above', (act, weakest) => {
    for (const role of ROLES) {
      const may = weakest !== 'operator' && ROLES.indexOf(role) >= ROLES.indexOf(weakest);
      expect([role, canTenancy(person(role), act)]).toEqual([role, may]);
    }
    expect(canTenancy(operator, act)).toBe(true);
  });

  it('an API key with every scope reads the tenant and manages nothing', () => {
    for (const act of Object.keys(TENANCY_NEEDS) as TenancyAct[]) {
      expect([act, canTenancy(key(...API_SCOPES), act)]).toEqual([act, act === 'tenant.read']);
    }
    expect(canTenancy(key('files'), 'tenant.read')).toBe(false);
  });

  it('admins invite members and staff; owners whomever they like', () => {
    const invites = (actor: Actor): Role[] => ROLES.filter((role) => canInviteAs(actor, role));
    expect(invites(person('member'))).toEqual([]);
    expect(invites(person('staff'))).toEqual([]);
    expect(invites(person('admin'))).toEqual(['member', 'staff']);
    expect(invites(person('owner'))).toEqual([...ROLES]);
    expect(invites(operator)).toEqual([...ROLES]);
    expect(invites(key(...API_SCOPES))).toEqual([]);
  });
});
