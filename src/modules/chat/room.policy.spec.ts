import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../platform/errors/index.js';
import type { Actor, Role } from '../../platform/scope/index.js';
import type { RoomRole } from './room-member.entity.js';
import { assertCanRun, assertNotFixed, canRun, personOf, readerOf, type RoomForReader, speakerOf } from './room.policy.js';
import type { Visibility } from './room.entity.js';

const ME = '019ac1f0-7b1e-7c3a-9d5e-000000000001';
const OTHER = '019ac1f0-7b1e-7c3a-9d5e-000000000002';

const person = (role: Role = 'member'): Actor => ({
  kind: 'user',
  id: ME,
  email: 'me@example.com',
  role,
  sid: 's',
  room_id: 'lobby',
  credential: 'bearer',
  exp: 0,
});
const system: Actor = { kind: 'api_key', id: OTHER, name: 'x', scopes: ['rooms'] };
const operator: Actor = { kind: 'operator', id: 'operator' };
const room = (visibility: Visibility, my_role: RoomRole | null, is_fixed = false): RoomForReader =>
  ({ id: 'r', visibility, my_role, is_fixed, is_anonymous: false }) as RoomForReader;
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof AppError ? error.code : 'none of ours';
  }
  return 'allowed';
};

describe('the rules of rooms', () => {
  it('people read with their own eyes, systems with the tenant’s', () => {
    expect([person(), system, operator].map(readerOf)).toEqual([ME, null, null]);
  });

  it('people speak for themselves alone; systems name somebody', () => {
    expect(speakerOf(person('owner'), undefined, 'sender_id')).toBe(ME);
    expect(speakerOf(person(), null, 'sender_id')).toBe(ME);
    expect(speakerOf(person(), ME, 'sender_id')).toBe(ME);
    expect(codeOf(() => speakerOf(person('owner'), OTHER, 'sender_id'))).toBe('NOT_YOURSELF');
    expect(speakerOf(system, OTHER, 'sender_id')).toBe(OTHER);
    for (const named of [undefined, null]) expect(codeOf(() => speakerOf(system, named, 'sender_id'))).toBe('VALIDATION_FAILED');
  });

  it('only people react, read and type', () => {
    expect(personOf(person())).toBe(ME);
    expect(codeOf(() => personOf(system))).toBe('FORBIDDEN');
    expect(codeOf(() => personOf(operator))).toBe('FORBIDDEN');
  });

  it.each<[Actor, Visibility, RoomRole | null, boolean]>([
    [person('member'), 'open', 'admin', true],
    [person('member'), 'private', 'admin', true],
    [person('member'), 'open', 'member', false],
    [person('staff'), 'open', 'member', false],
    [person('admin'), 'open', null, true],
    [person('owner'), 'open', 'member', true],
    [person('owner'), 'private', 'member', false],
    [person('owner'), 'private', null, false],
    [system, 'private', null, true],
    [operator, 'open', null, true],
  ])('%j in a room that is %s, being %s there, runs it: %s', (actor, visibility, my_role, may) => {
    expect(canRun(actor, room(visibility, my_role))).toBe(may);
    expect(codeOf(() => assertCanRun(actor, room(visibility, my_role)))).toBe(may ? 'allowed' : 'FORBIDDEN');
  });

  it('a room that the system made is not theirs to delete', () => {
    expect(codeOf(() => assertNotFixed(room('open', 'admin', true), 'ROOM_NOT_DELETABLE'))).toBe('ROOM_NOT_DELETABLE');
    expect(codeOf(() => assertNotFixed(room('open', 'admin'), 'ROOM_NOT_DELETABLE'))).toBe('allowed');
  });
});
