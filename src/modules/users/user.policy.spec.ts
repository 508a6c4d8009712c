import { describe, expect, it } from '@jest/globals';
import { type Actor, type Role, ROLES, type UserActor } from '../../platform/scope/index.js';
import { type AccountChange, canChangeAccount, canUsers } from './user.policy.js';

const person = (role: Role, id = 'me'): UserActor => ({
  kind: 'user',
  id,
  email: 'u@example.com',
  role,
  sid: 's',
  room_id: 'lobby',
  credential: 'bearer',
  exp: 0,
});
const operator: Actor = { kind: 'operator', id: 'operator' };
const usersKey: Actor = { kind: 'api_key', id: 'k', name: 'k', scopes: ['users'] };
const phoneKey: Actor = { kind: 'api_key', id: 'k', name: 'k', scopes: ['phone'] };

/** Which roles `actor` may give to somebody who is `from`. */
const gives = (actor: Actor, from: Role): Role[] => ROLES.filter((role) => canChangeAccount(actor, { id: 'other', role: from }, { role }));
const may = (actor: Actor, id: string, role: Role, change: AccountChange): boolean => canChangeAccount(actor, { id, role }, change);

describe('who may change whose role', () => {
  it.each([
    ['member', [], [], [], []],
    ['staff', [], [], [], []],
    ['admin', ['member', 'staff'], ['member', 'staff'], [], []],
    ['owner', [...ROLES], [...ROLES], [...ROLES], [...ROLES]],
  ] as Array<[Role, Role[], Role[], Role[], Role[]]>)('%s', (role, ofMember, ofStaff, ofAdmin, ofOwner) => {
    const actor = person(role);
    expect(gives(actor, 'member')).toEqual(ofMember);
    expect(gives(actor, 'staff')).toEqual(ofStaff);
    expect(gives(actor, 'admin')).toEqual(ofAdmin);
    expect(gives(actor, 'owner')).toEqual(ofOwner);
  });

  it('a key with the scope does what an admin does, the operator what an owner does', () => {
    for (const from of ROLES) {
      expect(gives(usersKey, from)).toEqual(gives(person('admin'), from));
      expect(gives(phoneKey, from)).toEqual([]);
      expect(gives(operator, from)).toEqual([...ROLES]);
    }
  });

  it('an admin may step down, but neither rise nor shut the own account', () => {
    expect(may(person('admin'), 'me', 'admin', { role: 'member' })).toBe(true);
    expect(may(person('admin'), 'me', 'admin', { role: 'owner' })).toBe(false);
    expect(may(person('admin'), 'me', 'admin', { disabled: true })).toBe(false);
    expect(may(person('admin'), 'me', 'admin', { role: 'member', disabled: true })).toBe(false);
    expect(may(person('staff'), 'me', 'staff', { role: 'member' })).toBe(false);
  });
});

describe('who may shut whose account', () => {
  it.each([
    ['admin', ['member', 'staff']],
    ['owner', [...ROLES]],
    ['staff', []],
  ] as Array<[Role, Role[]]>)('%s', (role, targets) => {
    expect(ROLES.filter((target) => may(person(role), 'other', target, { disabled: true }))).toEqual(targets);
    expect(ROLES.filter((target) => may(person(role), 'other', target, { disabled: false }))).toEqual(targets);
  });
});

describe('who may see whole profiles', () => {
  it('is admins and above, keys with the scope and the operator', () => {
    expect(ROLES.filter((role) => canUsers(person(role), 'users.read_whole'))).toEqual(['admin', 'owner']);
    expect([usersKey, phoneKey, operator].map((actor) => canUsers(actor, 'users.read_whole'))).toEqual([true, false, true]);
  });
});
