import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTenant, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import type { Answer, Api, TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import { stopWell, openStage } from '../support/stage.js';
import { type Room, type Failure, NOBODY } from '../support/views.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('rooms', () => {
  let server: TestServer;
  let owner: TestUser;
  let alice: TestUser;
  let bob: TestUser;
  /** Somebody of another tenant. */
  let stranger: TestUser;
  /** An API key with the scope `rooms`. */
  let system: Api;

  beforeAll(async () => {
    ({ server, owner, alice, bob, stranger, system } = await openStage(['rooms']));
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
  const rolesIn = async (id: string): Promise<Record<string, string>> => {
    const rows = await sql<{ user_id: string; role: string }>(
      server.database_url,
      'select user_id, role from room_members where client_id = $1 and room_id = $2',
      [owner.client_id, id],
    );
    return Object.fromEntries(rows.map((row) => [row.user_id, row.role]));
  };

  describe('making one', () => {
    it('with an id of its own, whose maker is its admin', async () => {
      const id = uniqueName('desk-');
      const made = await alice.api<Room>('/rooms', {
        method: 'POST',
        json: { id, name: 'サポート窓口', visibility: 'open', message_ttl_seconds: 60 },
      });
      expect(made.status).toBe(201);
      expect(made.body).toEqual({
        id,
        name: 'サポート窓口',
        visibility: 'open',
        message_ttl_seconds: 60,
        created_by: alice.id,
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        my_role: 'admin',
        last_seq: 0,
        last_message: null,
        unread: 0,
      });
      expect((await get(alice, id)).body).toEqual(made.body);
    });

    it('with an id that the server makes', async () => {
      expect((await make(alice)).id).toMatch(UUID_V7);
    });

    it('an id that is taken is refused, also of a private room; another tenant may have the same', async () => {
      const { id } = await make(alice, { id: uniqueName('r') });
      const again = await bob.api<Failure>('/rooms', { method: 'POST', json: { id, name: 'x', visibility: 'open' } });
      expect(again).toMatchObject({ status: 409, body: { code: 'ROOM_ID_TAKEN', message: 'Room id already taken' } });
      expect((await make(stranger, { id })).id).toBe(id);
    });

    it('of two that make the same one at once, one is refused', async () => {
      const id = uniqueName('r');
      const answers = await Promise.all(
        [alice, bob, alice, bob].map((who) => who.api('/rooms', { method: 'POST', json: { id, name: 'x', visibility: 'open' } })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    });

    it('with members, who are in it from the start', async () => {
      const { id } = await make(alice, { member_ids: [bob.id, alice.id, bob.id] });
      expect(await rolesIn(id)).toEqual({ [alice.id]: 'admin', [bob.id]: 'member' });
      expect((await get(bob, id)).body.my_role).toBe('member');
    });

    it('with a member who is nobody, or of another tenant, makes nothing', async () => {
      for (const member_id of [NOBODY, stranger.id]) {
        const id = uniqueName('r');
        const made = await alice.api<Failure>('/rooms', {
          method: 'POST',
          json: { id, name: 'x', visibility: 'private', member_ids: [member_id] },
        });
        expect(made).toMatchObject({ status: 404, body: { code: 'USER_NOT_FOUND', message: 'User not found' } });
        expect((await get(alice, id)).status).toBe(404);
      }
    });

    it.each<[string, object, string[]]>([
      ['nothing', {}, ['name', 'visibility']],
      ['no text for a name', { name: 5, visibility: 'open' }, ['name']],
      ['an empty name', { name: '', visibility: 'open' }, ['name']],
      ['a name with NUL', { name: 'a\0', visibility: 'open' }, ['name']],
      ['a name that is too long', { name: 'あ'.repeat(201), visibility: 'open' }, ['name']],
      ['no such visibility', { name: 'x', visibility: 'secret' }, ['visibility']],
      ['an id with capitals', { id: 'Desk', name: 'x', visibility: 'open' }, ['id']],
      ['an id that is a way', { id: '../x', name: 'x', visibility: 'open' }, ['id']],
      ['an id that is too long', { id: 'a'.repeat(65), name: 'x', visibility: 'open' }, ['id']],
      ['a lifetime of nothing', { name: 'x', visibility: 'open', message_ttl_seconds: 0 }, ['message_ttl_seconds']],
      ['a broken lifetime', { name: 'x', visibility: 'open', message_ttl_seconds: 1.5 }, ['message_ttl_seconds']],
      ['members that are no ids', { name: 'x', visibility: 'open', member_ids: [7] }, ['member_ids']],
      ['what only the server knows', { name: 'x', visibility: 'open', is_anonymous: true, last_seq: 5 }, ['is_anonymous', 'last_seq']],
    ])('%s is refused, naming each wrong field', async (_, json, fields) => {
      const refused = await alice.api<Failure>('/rooms', { method: 'POST', json });
      expect(refused).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
      expect(refused.body.details?.map(({ field }) => field).sort()).toEqual(fields.sort());
    });

    it('by a system: a room without an admin, which the system runs', async () => {
      const room = await make({ api: system }, { member_ids: [alice.id] });
      expect(room).toMatchObject({ created_by: null, my_role: null });
      expect((await alice.api(`/rooms/${room.id}`, { method: 'PATCH', json: { name: 'mine' } })).status).toBe(403);
      expect((await system(`/rooms/${room.id}`, { method: 'PATCH', json: { name: 'ours' } })).status).toBe(200);
    });
  });

  describe('listing them', () => {
    it('shows mine and the open ones, with the last message and what is unread', async () => {
      const mine = await make(alice, { member_ids: [bob.id] });
      const open = await make(bob, { visibility: 'open' });
      const closed = await make(bob);
      await say(bob, mine.id, 'first');
      await say(bob, mine.id, 'second');
      await say(alice, mine.id, 'my own');
      const rooms = new Map((await alice.api<Room[]>('/rooms?limit=200')).body.map((room) => [room.id, room]));
      expect(rooms.get(mine.id)).toMatchObject({ last_seq: 3, unread: 2, my_role: 'admin', last_message: { seq: 3, content: 'my own' } });
      expect(rooms.get(open.id)).toMatchObject({ last_seq: 0, unread: 0, my_role: null, last_message: null });
      expect(rooms.has('lobby')).toBe(true);
      expect(rooms.has(closed.id)).toBe(false);
      expect((await get(alice, mine.id)).body).toEqual(rooms.get(mine.id));
    });

    it('walks through all of them by Link, without one twice', async () => {
      const { api } = await makeTenant(server.api);
      for (let index = 0; index < 7; index++) await make({ api }, { id: `r${index}` });
      const seen: string[] = [];
      let pages = 0;
      for (let path: string | undefined = '/rooms?limit=3'; path; pages++) {
        const page: Answer<Room[]> = await api<Room[]>(path);
        expect(page.body.length).toBeLessThanOrEqual(3);
        seen.push(...page.body.map(({ id }) => id));
        path = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
      }
      expect(seen).toEqual(['lobby', 'r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6']);
      expect(pages).toBe(3);
      expect((await api('/rooms?limit=8')).headers.has('link')).toBe(false);
      expect(await api('/rooms?cursor=bm9uZQ')).toMatchObject({ status: 400, body: { code: 'INVALID_CURSOR' } });
      expect((await api('/rooms?limit=201')).status).toBe(400);
    });

    it('is written as compactly as every other answer, whatever is in it', async () => {
      const { id } = await make(alice, { name: 'a "b" : c, d' });
      await alice.api(`/rooms/${id}/messages`, { method: 'POST', json: { content: 'x, "y" : z' } });
      for (const emoji of ['👍', '🎉'])
        await alice.api(`/rooms/${id}/messages/1/reactions/${encodeURIComponent(emoji)}`, { method: 'PUT' });
      const headers = { authorization: `Bearer ${alice.access_token}` };
      for (const path of ['/rooms?limit=200', `/rooms/${id}`, `/rooms/${id}/messages`, `/rooms/${id}/members`]) {
        const answer = await fetch(new URL(path, server.url), { headers });
        const text = await answer.text();
        expect(answer.status).toBe(200);
        expect(text).toBe(JSON.stringify(JSON.parse(text)));
      }
    });

    it('a system sees the private ones too, but not anonymous ones', async () => {
      const seen = await make(alice, { id: uniqueName('a') });
      const unseen = await make(alice, { id: uniqueName('a'), member_ids: [bob.id] });
      await sql(server.database_url, 'update rooms set is_anonymous = true, is_fixed = true where id = $1', [unseen.id]);
      const ids = (await system<Room[]>('/rooms?limit=200')).body.map(({ id }) => id);
      expect(ids).toContain(seen.id);
      expect(ids).not.toContain(unseen.id);
      expect((await system(`/rooms/${unseen.id}`)).status).toBe(404);
      expect((await system(`/rooms/${unseen.id}/messages`)).status).toBe(404);
    });
  });

  it('a private room is 404 to those who are not members, on every route', async () => {
    const { id } = await make(alice);
    await say(alice, id);
    const routes: Array<[string, string, object?]> = [
      ['GET', ''],
      ['PATCH', '', { name: 'x' }],
      ['DELETE', ''],
      ['GET', '/members'],
      ['PUT', `/members/${bob.id}`, {}],
      ['DELETE', `/members/${alice.id}`],
      ['GET', '/connections'],
      ['GET', '/messages'],
      ['POST', '/messages', { content: 'x' }],
      ['PATCH', '/messages/1', { content: 'x' }],
      ['DELETE', '/messages/1'],
      ['PUT', '/messages/1/reactions/%F0%9F%91%8D'],
      ['DELETE', '/messages/1/reactions/%F0%9F%91%8D'],
      ['PUT', '/read', { seq: 1 }],
    ];
    // Not even the tenant's owner; and another tenant's people see exactly what they would of a room that never was.
    for (const who of [bob, owner, stranger]) {
      for (const [method, path, json] of routes) {
        const answer = await who.api<Failure>(`/rooms/${id}${path}`, { method, json });
        const missing = await who.api<Failure>(`/rooms/${uniqueName('none')}${path}`, { method, json });
        expect([method, path, answer.status, answer.body]).toEqual([
          method,
          path,
          404,
          { ...missing.body, request_id: expect.any(String) },
        ]);
        expect(answer.body).toMatchObject({ code: 'ROOM_NOT_FOUND', message: 'Room not found' });
      }
    }
    const search = await bob.api<Failure>(`/messages/search?q=word&room_id=${id}`);
    expect(search).toMatchObject({ status: 404, body: { code: 'ROOM_NOT_FOUND' } });
    expect(await rolesIn(id)).toEqual({ [alice.id]: 'admin' });
    expect((await get(alice, id)).body).toMatchObject({ name: 'a room', last_seq: 1 });
  });

  it('every route wants a credential, and an API key the scope', async () => {
    const made = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'phone' } });
    const phone = withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': owner.client_id });
    for (const path of ['/rooms', '/rooms/lobby', '/rooms/lobby/members', '/rooms/lobby/connections', '/rooms/lobby/messages']) {
      expect(await server.api(path)).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } });
      expect(await phone(path)).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING' } });
    }
    expect((await system('/rooms/lobby/read', { method: 'PUT', json: { seq: 1 } })).status).toBe(403);
  });

  describe('changing one', () => {
    it('by its admin, what is named and nothing else', async () => {
      const { id } = await make(alice, { message_ttl_seconds: 60, member_ids: [bob.id] });
      const renamed = await alice.api<Room>(`/rooms/${id}`, { method: 'PATCH', json: { name: 'anew' } });
      expect(renamed).toMatchObject({ status: 200, body: { name: 'anew', visibility: 'private', message_ttl_seconds: 60 } });
      const cleared = await alice.api<Room>(`/rooms/${id}`, { method: 'PATCH', json: { message_ttl_seconds: null } });
      expect(cleared.body).toMatchObject({ name: 'anew', message_ttl_seconds: null });
      expect((await alice.api(`/rooms/${id}`, { method: 'PATCH', json: {} })).status).toBe(200);
      for (const json of [{ name: '' }, { visibility: 'secret' }, { id: 'other' }, { message_ttl_seconds: -1 }]) {
        expect(await alice.api(`/rooms/${id}`, { method: 'PATCH', json })).toMatchObject({ status: 400 });
      }
      expect(await bob.api(`/rooms/${id}`, { method: 'PATCH', json: { name: 'x' } })).toMatchObject({
        status: 403,
        body: { code: 'FORBIDDEN' },
      });
    });

    it('an open one by the tenant’s admins too, but not a private one that they are in', async () => {
      const open = await make(alice, { visibility: 'open' });
      expect((await owner.api(`/rooms/${open.id}`, { method: 'PATCH', json: { name: 'x' } })).status).toBe(200);
      expect((await bob.api(`/rooms/${open.id}`, { method: 'PATCH', json: { name: 'x' } })).status).toBe(403);
      const closed = await make(alice, { member_ids: [owner.id] });
      expect((await owner.api(`/rooms/${closed.id}`, { method: 'PATCH', json: { name: 'x' } })).status).toBe(403);
    });

    it('what was open becomes private for those who are not in it', async () => {
      const { id } = await make(alice, { visibility: 'open' });
      expect((await get(bob, id)).status).toBe(200);
      expect((await alice.api(`/rooms/${id}`, { method: 'PATCH', json: { visibility: 'private' } })).status).toBe(200);
      expect((await get(bob, id)).status).toBe(404);
    });
  });

  describe('closing an open one', () => {
    const close = (who: TestUser, id: string): Promise<Answer<Room>> =>
      who.api<Room>(`/rooms/${id}`, { method: 'PATCH', json: { visibility: 'private' } });

    it('whoever does it goes on running it, also who was not in it', async () => {
      const { id } = await make(alice, { visibility: 'open', member_ids: [bob.id] });
      expect(await close(owner, id)).toMatchObject({ status: 200, body: { visibility: 'private', my_role: 'admin' } });
      expect(await rolesIn(id)).toEqual({ [alice.id]: 'admin', [bob.id]: 'member', [owner.id]: 'admin' });
      const mine = await make(alice, { visibility: 'open', member_ids: [owner.id] });
      expect(await close(owner, mine.id)).toMatchObject({ status: 200, body: { my_role: 'admin' } });
    });

    it('by a system: where no admin is left in it, the longest-standing member runs it', async () => {
      const { id } = await make(alice, { visibility: 'open', member_ids: [bob.id] });
      expect((await alice.api(`/rooms/${id}/members/${alice.id}`, { method: 'DELETE' })).status).toBe(204);
      const closed = await system<Room>(`/rooms/${id}`, { method: 'PATCH', json: { visibility: 'private' } });
      expect(closed).toMatchObject({ status: 200, body: { visibility: 'private' } });
      expect(await rolesIn(id)).toEqual({ [bob.id]: 'admin' });
    });
  });

  describe('deleting one', () => {
    it('by its admin, with all that was said', async () => {
      const { id } = await make(alice, { member_ids: [bob.id] });
      await say(bob, id, 'gone with the room');
      expect((await bob.api(`/rooms/${id}`, { method: 'DELETE' })).status).toBe(403);
      expect((await alice.api(`/rooms/${id}`, { method: 'DELETE' })).status).toBe(204);
      expect((await get(alice, id)).status).toBe(404);
      expect((await alice.api(`/rooms/${id}`, { method: 'DELETE' })).status).toBe(404);
      expect((await alice.api(`/rooms/${id}/messages`, { method: 'POST', json: { content: 'x' } })).status).toBe(404);
      for (const table of ['messages', 'room_members', 'message_search', 'reactions', 'connections']) {
        expect(await sql(server.database_url, `select 1 from ${table} where room_id = $1`, [id])).toEqual([]);
      }
    });

    it('and making it anew begins at 1, with nobody of the old one in it', async () => {
      const { id } = await make(alice, { visibility: 'open' });
      await say(bob, id);
      await alice.api(`/rooms/${id}`, { method: 'DELETE' });
      await make(alice, { id, visibility: 'open' });
      expect((await get(bob, id)).body).toMatchObject({ my_role: null, last_seq: 0 });
      await say(bob, id);
      expect((await get(bob, id)).body).toMatchObject({ my_role: 'member', last_seq: 1 });
    });

    it('the lobby stays, and stays open', async () => {
      expect(await owner.api('/rooms/lobby', { method: 'DELETE' })).toMatchObject({ status: 409, body: { code: 'ROOM_NOT_DELETABLE' } });
      expect(await owner.api('/rooms/lobby', { method: 'PATCH', json: { visibility: 'private' } })).toMatchObject({
        status: 409,
        body: { code: 'ROOM_NOT_CHANGEABLE' },
      });
      expect((await owner.api('/rooms/lobby', { method: 'PATCH', json: { name: 'ロビー' } })).status).toBe(200);
      expect((await alice.api('/rooms/lobby', { method: 'DELETE' })).status).toBe(403);
    });
  });

  it('one tenant’s room is not the other’s of the same name', async () => {
    const id = uniqueName('same');
    await make(alice, { id, visibility: 'open' });
    await say(alice, id, 'ours');
    expect((await get(stranger, id)).status).toBe(404);
    await make(stranger, { id, visibility: 'open' });
    expect((await stranger.api<unknown[]>(`/rooms/${id}/messages`)).body).toEqual([]);
    await say(stranger, id, 'theirs');
    expect((await stranger.api(`/rooms/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await get(alice, id)).body).toMatchObject({ last_seq: 1, last_message: { content: 'ours' } });
    expect((await alice.api(`/rooms/${id}`, { headers: { 'x-client-id': stranger.client_id } })).status).toBe(403);
  });
});
