import { describe, expect, it } from '@jest/globals';
import { AppError, type ErrorCode } from '../../platform/errors/index.js';
import type { Actor, UserActor } from '../../platform/scope/index.js';
import { assertCanDelete, assertCanEdit, assertCanRead, canEdit, editorOf, makerOf } from './page.policy.js';

const person = (id: string, role: UserActor['role'] = 'member'): UserActor => ({
  kind: 'user',
  id,
  email: `${id}@example.com`,
  role,
  sid: 's',
  room_id: 'lobby',
  credential: 'bearer',
  exp: 0,
});
const system: Actor = { kind: 'api_key', id: 'k', name: 'k', scopes: ['pages'] };
const operator: Actor = { kind: 'operator', id: 'operator' };
const page = { creator_id: 'creator', co_editor_user_ids: ['editor'] };

const refusal = (work: () => void): ErrorCode | null => {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof AppError ? error.code : 'INTERNAL_ERROR';
  }
};

describe('who may do what with a page', () => {
  it('its creator and co-editors edit it, and the systems of the tenant; no other role does', () => {
    for (const actor of [person('creator'), person('editor'), system, operator]) expect(canEdit(actor, page)).toBe(true);
    for (const actor of [person('reader'), person('admin', 'admin'), person('owner', 'owner')]) {
      expect(refusal(() => assertCanRead(actor, page))).toBe('FORBIDDEN');
      expect(refusal(() => assertCanEdit(actor, page))).toBe('PAGE_NOT_EDITABLE');
    }
  });

  it('its creator alone deletes it', () => {
    for (const actor of [person('creator'), system, operator]) expect(refusal(() => assertCanDelete(actor, page))).toBeNull();
    for (const actor of [person('editor'), person('owner', 'owner')]) {
      expect(refusal(() => assertCanDelete(actor, page))).toBe('PAGE_NOT_EDITABLE');
    }
  });

  it('people make their own, systems say whose', () => {
    expect(makerOf(person('a'), undefined)).toBe('a');
    expect(makerOf(person('a'), 'a')).toBe('a');
    expect(refusal(() => makerOf(person('a'), 'b'))).toBe('NOT_YOURSELF');
    expect(makerOf(system, 'b')).toBe('b');
    expect(refusal(() => makerOf(system, null))).toBe('VALIDATION_FAILED');
    expect([editorOf(person('a')), editorOf(system)]).toEqual(['a', null]);
  });
});
