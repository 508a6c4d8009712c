import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Credential, UserActor } from '../../platform/scope/index.js';
import { RevocationList } from './revocation-list.js';
import { VerifiedCredentials } from './verified-credentials.js';

const SOON = Date.now() + 60_000;

function userCredential(changes: Partial<UserActor> = {}): Credential {
  const actor: UserActor = {
    kind: 'user',
    id: 'u1',
    email: 'a@example.com',
    role: 'admin',
    sid: 's1',
    room_id: 'lobby',
    credential: 'bearer',
    exp: SOON / 1_000,
    ...changes,
  };
  return { actor, client_id: 'acme' };
}

describe('VerifiedCredentials', () => {
  let list: RevocationList;
  let verified: VerifiedCredentials;
  const put = (credential = userCredential(), until_ms = SOON): Credential | null =>
    verified.put('token', 'bearer', credential, until_ms, verified.ticket());

  beforeEach(() => {
    list = new RevocationList();
    verified = new VerifiedCredentials(list);
  });

  it('knows a credential by its token and by how it came', () => {
    put();
    expect(verified.get('token', 'bearer')).toMatchObject({ client_id: 'acme', actor: { id: 'u1', role: 'admin' } });
    expect(verified.get('token', 'cookie')).toBeUndefined();
    expect(verified.get('other', 'bearer')).toBeUndefined();
  });

  it('forgets it when it ends', () => {
    put(userCredential(), Date.now() - 1);
    expect(verified.get('token', 'bearer')).toBeUndefined();
  });

  it('does not know it once its session has ended, and does not take it up again', () => {
    put();
    list.endSession('s1', SOON);
    expect(verified.get('token', 'bearer')).toBeUndefined();
    expect(put()).toBeNull();
  });

  it('gives the role that the user has now, there and back', () => {
    put();
    list.setRole('u1', 'member', 1_000, SOON);
    expect(verified.get('token', 'bearer')?.actor).toMatchObject({ role: 'member' });
    list.setRole('u1', 'owner', 999, SOON);
    expect(verified.get('token', 'bearer')?.actor).toMatchObject({ role: 'member' });
    list.setRole('u1', 'admin', 2_000, SOON);
    expect(verified.get('token', 'bearer')?.actor).toMatchObject({ role: 'admin' });
  });

  it('does not keep what was read before something was forgotten', () => {
    const ticket = verified.ticket();
    verified.forget({ client_id: 'acme', actor_id: 'u1' });
    expect(verified.put('token', 'bearer', userCredential(), SOON, ticket)).not.toBeNull();
    expect(verified.get('token', 'bearer')).toBeUndefined();
  });

  it('forgets one actor, or a whole tenant', () => {
    put();
    verified.forget({ client_id: 'umbrella' });
    verified.forget({ client_id: 'acme', actor_id: 'u2' });
    expect(verified.get('token', 'bearer')).toBeDefined();
    verified.forget({ client_id: 'acme' });
    expect(verified.get('token', 'bearer')).toBeUndefined();
  });

  it('hands out what nobody can change', () => {
    put();
    const credential = verified.get('token', 'bearer');
    expect(Object.isFrozen(credential)).toBe(true);
    expect(Object.isFrozen(credential?.actor)).toBe(true);
  });
});

describe('RevocationList', () => {
  it('forgets what no living token can contradict', () => {
    const list = new RevocationList();
    list.endSession('s1', 1_000);
    list.setRole('u1', 'member', 1, 1_000);
    list.endIdentity('i1', 5, 1_000);
    expect(list.isIdentityEnded('i1', 5)).toBe(true);
    expect(list.isIdentityEnded('i1', 6)).toBe(false);
    list.sweep(999);
    expect(list.size).toBe(3);
    list.sweep(1_000);
    expect(list.size).toBe(0);
  });

  it('says whether an end is news', () => {
    const list = new RevocationList();
    expect([list.endSession('s1', 1_000), list.endSession('s1', 2_000)]).toEqual([true, false]);
  });
});
