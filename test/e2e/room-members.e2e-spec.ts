import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeUser, type TestUser } from '../support/client.js';
import type { Answer, Api, TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import { stopWell, openStage } from '../support/stage.js';
import { type Room, type Failure, NOBODY } from '../support/views.js';

describe('members of rooms', () => {
  let server: TestServer;
  let owner: TestUser;
  let alice: TestUser;
  let bob: TestUser;
  /** Somebody of another tenant. */
  let stranger: TestUser;

  beforeAll(async () => {
    ({ server, owner, alice, bob, stranger } = await openStage(['rooms']));
  });

  afterAll(async () => {
    await stopWell(server);
  });

  const make = async (who: { api: Api }, json: object = {}): Promise<Room> => {
    const made = await who.api<Room>('/rooms', { method: 'POST', json: { name: 'a room', visibility: 'private', ...json } });
    expect(made.status).toBe(201);
    return made.body;
  };
  const get = (who: { api: Api }, id: string): Promise<Answer<Room>> => who.api<Room>(`/rooms/${id}`);
  const say = async (who: { api: Api }, id: string, content = 'a word'): Promise<void> => {
    expect((await who.api(`/rooms/${id}/messages`, { method: 'POST', json: { content } })).status).toBe(201);
  };
  const member = (who: { api: Api }, id: string, user: TestUser, json: object = {}): Promise<Answer<Failure & { role: string }>> =>
    who.api(`/rooms/${id}/members/${user.id}`, { method: 'PUT', json });
  const rolesIn = async (id: string): Promise<Record<string, string>> => {
    const rows = await sql<{ user_id: string; role: string }>(
      server.database_url,
      'select user_id, role from room_members where client_id = $1 and room_id = $2',
      [owner.client_id, id],
    );
    return Object.fromEntries(rows.map((row) => [row.user_id, row.role]));
  };

  describe('who is in it', () => {
    it('everybody may come into an open room by themselves, but bring nobody and rule nothing', async () => {
      const { id } = await make(alice, { visibility: 'open' });
      expect(await member(bob, id, bob)).toMatchObject({
        status: 200,
        body: { role: 'member', user: { id: bob.id, username: bob.username } },
      });
      expect((await member(bob, id, owner)).status).toBe(403);
      expect((await member(bob, id, bob, { role: 'admin' })).status).toBe(403);
      expect(await rolesIn(id)).toEqual({ [alice.id]: 'admin', [bob.id]: 'member' });
    });

    it('nobody becomes the lobby’s admin by coming into it', async () => {
      expect(await member(bob, 'lobby', bob)).toMatchObject({ status: 200, body: { role: 'member' } });
      expect(await member(alice, 'lobby', alice)).toMatchObject({ status: 200, body: { role: 'member' } });
      expect(Object.values(await rolesIn('lobby'))).not.toContain('admin');
    });

    it('the admin brings people in, gives them roles, and puts them out', async () => {
      const { id } = await make(alice);
      expect(await member(alice, id, bob)).toMatchObject({ status: 200, body: { role: 'member' } });
      expect(await member(bob, id, owner)).toMatchObject({ status: 403 });
      expect(await member(alice, id, bob, { role: 'admin' })).toMatchObject({ body: { role: 'admin' } });
      expect(await member(alice, id, bob)).toMatchObject({ body: { role: 'admin' } });
      expect(await member(bob, id, alice, { role: 'member' })).toMatchObject({ body: { role: 'member' } });
      expect((await alice.api(`/rooms/${id}/members/${bob.id}`, { method: 'DELETE' })).status).toBe(403);
      expect((await bob.api(`/rooms/${id}/members/${alice.id}`, { method: 'DELETE' })).status).toBe(204);
      expect((await get(alice, id)).status).toBe(404);
    });

    it('who is nobody, or of another tenant, cannot be brought in', async () => {
      const { id } = await make(alice);
      for (const user_id of [NOBODY, stranger.id, 'no-id']) {
        const answer = await alice.api(`/rooms/${id}/members/${user_id}`, { method: 'PUT', json: {} });
        expect(answer).toMatchObject({ status: 404, body: { code: 'USER_NOT_FOUND' } });
      }
      expect(await alice.api(`/rooms/${id}/members/${bob.id}`, { method: 'DELETE' })).toMatchObject({
        status: 404,
        body: { code: 'MEMBER_NOT_FOUND' },
      });
      expect((await member(alice, id, bob, { role: 'owner' })).status).toBe(400);
    });

    it('when the last admin leaves, is demoted or is gone, the longest-standing member runs a private room', async () => {
      const carol = await makeUser(server.api, { client_id: owner.client_id });
      const [left, demoted, gone] = await Promise.all([make(alice), make(alice), make(carol)]);
      for (const room of [left, demoted]) {
        await member(alice, room.id, bob);
        await member(alice, room.id, carol);
      }
      await member(carol, gone.id, bob);
      await member(carol, gone.id, alice);
      expect((await alice.api(`/rooms/${left.id}/members/${alice.id}`, { method: 'DELETE' })).status).toBe(204);
      expect(await rolesIn(left.id)).toEqual({ [bob.id]: 'admin', [carol.id]: 'member' });
      await member(alice, demoted.id, alice, { role: 'member' });
      expect(Object.values(await rolesIn(demoted.id)).filter((role) => role === 'admin')).toHaveLength(1);
      expect((await carol.api('/user', { method: 'DELETE' })).status).toBe(200);
      expect(await rolesIn(gone.id)).toEqual({ [bob.id]: 'admin', [alice.id]: 'member' });
    });

    it('of two admins who leave at once, the room keeps one', async () => {
      const { id } = await make(alice);
      await member(alice, id, bob, { role: 'admin' });
      await member(alice, id, owner);
      await Promise.all([alice, bob].map((who) => who.api(`/rooms/${id}/members/${who.id}`, { method: 'DELETE' })));
      expect(await rolesIn(id)).toEqual({ [owner.id]: 'admin' });
    });

    it('lists them page by page', async () => {
      const { id } = await make(alice, { member_ids: [bob.id, owner.id] });
      const first = await alice.api<Array<{ user: object; role: string; joined_at: string }>>(`/rooms/${id}/members?limit=2`);
      const path = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
      const second = await alice.api<typeof first.body>(path);
      expect(second.headers.has('link')).toBe(false);
      expect([...first.body, ...second.body].map(({ user }) => user)).toEqual(
        expect.arrayContaining([alice, bob, owner].map(({ id: user_id, username }) => ({ id: user_id, username }))),
      );
      expect(first.body[0]).toEqual({ user: expect.anything(), role: expect.any(String), joined_at: expect.stringMatching(/\.\d{3}Z$/) });
    });

    it('whoever leaves an open room is in it again by writing', async () => {
      const { id } = await make(alice, { visibility: 'open' });
      await say(bob, id);
      expect((await bob.api(`/rooms/${id}/members/${bob.id}`, { method: 'DELETE' })).status).toBe(204);
      expect((await get(bob, id)).body.my_role).toBeNull();
      await say(bob, id);
      expect((await get(bob, id)).body.my_role).toBe('member');
    });
  });

  it('takes a null role for none, from whoever is in the room and whoever is not', async () => {
    const { id } = await make(alice, { visibility: 'open' });
    expect((await member(bob, id, bob, { role: null })).body).toMatchObject({ role: 'member' });
    expect(await member(bob, id, bob, { role: null })).toMatchObject({ status: 200, body: { role: 'member' } });
    expect(await member(alice, id, alice, { role: null })).toMatchObject({ status: 200, body: { role: 'admin' } });
  });
});
