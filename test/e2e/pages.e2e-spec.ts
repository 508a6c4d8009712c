import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTenant, makeUser, operatorOf, type TestUser, withHeaders } from '../support/client.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* Pages as source 004 and the contract's section 5 write them, to the letter: who makes, reads, changes and deletes them. */

interface Page {
  id: string;
  title: string;
  content: string;
  access_type: number;
  password: string | null;
  allowed_user_ids: string[];
  co_editor_user_ids: string[];
  creator_id: string;
  thumbnail: string | null;
  created_at: string;
  updated_at: string;
}

interface Failure {
  statusCode: number;
  error: string;
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

interface Version {
  version: number;
  title: string;
  content?: string;
  created_by: string | null;
  created_at: string;
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const NOBODY = '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';
const CONTENT = '<h1>夏のご案内</h1><p>8月10日から<b>休業</b>いたします。</p>';

describe('pages', () => {
  let server: TestServer;
  let owner: TestUser;
  let alice: TestUser;
  let bob: TestUser;
  let carol: TestUser;
  /** Somebody of another tenant. */
  let stranger: TestUser;
  /** An API key with the scope `pages`. */
  let system: Api;

  beforeAll(async () => {
    server = await startServer();
    owner = await makeTenant(server.api);
    const { client_id } = owner;
    [alice, bob, carol, stranger] = await Promise.all([
      makeUser(server.api, { client_id }),
      makeUser(server.api, { client_id }),
      makeUser(server.api, { client_id }),
      makeTenant(server.api),
    ]);
    const made = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'system', scopes: ['pages'] } });
    system = withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': client_id });
  });

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
  });

  const post = (api: Api, fields: object = {}): Promise<Answer<Page & Failure>> =>
    api('/pages', { method: 'POST', json: { title: 'ご案内', content: CONTENT, access_type: 0, ...fields } });

  const make = async (user: TestUser, fields: object = {}): Promise<Page> => {
    const answer = await post(user.api, fields);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };

  const get = (user: TestUser, id: string): Promise<Answer<Page & Failure>> => user.api(`/pages/${id}`);
  const put = (user: TestUser, id: string, json: object, headers: Record<string, string> = {}): Promise<Answer<Failure>> =>
    user.api(`/pages/${id}`, { method: 'PUT', json, headers });
  const remove = (user: TestUser, id: string): Promise<Answer<Failure>> => user.api(`/pages/${id}`, { method: 'DELETE' });

  describe('making one', () => {
    it('answers 200 and the page', async () => {
      const made = await post(alice.api, { allowed_user_ids: [carol.id, bob.id], co_editor_user_ids: [bob.id], password: '合言葉' });
      expect(made.status).toBe(200);
      expect(made.body).toEqual({
        id: expect.stringMatching(UUID_V7),
        title: 'ご案内',
        content: CONTENT,
        access_type: 0,
        password: '合言葉',
        allowed_user_ids: [carol.id, bob.id],
        co_editor_user_ids: [bob.id],
        creator_id: alice.id,
        thumbnail: null,
        created_at: expect.stringMatching(TIME),
        updated_at: expect.stringMatching(TIME),
      });
      expect(made.headers.get('etag')).toBe('"1"');
      const seen = await get(alice, made.body.id);
      expect({ ...seen.body, thumbnail: null }).toEqual(made.body);
      expect(seen.headers.get('etag')).toBe('"1"');
    });

    it('takes the least, and names everybody once', async () => {
      const page = await make(alice);
      expect(page).toMatchObject({ password: null, allowed_user_ids: [], co_editor_user_ids: [] });
      expect((await make(alice, { allowed_user_ids: [bob.id, bob.id] })).allowed_user_ids).toEqual([bob.id]);
      expect(await make(alice, { content: '', password: null })).toMatchObject({ content: '', password: null });
    });

    it('names every wrong field at once', async () => {
      const answer = await alice.api<Failure>('/pages', {
        method: 'POST',
        json: { title: '', access_type: 3, password: 7, allowed_user_ids: [7], creator_id: bob.id },
      });
      expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
      expect(answer.body.details?.map(({ field }) => field).sort()).toEqual([
        'access_type',
        'allowed_user_ids',
        'content',
        'creator_id',
        'password',
        'title',
      ]);
      for (const content of ['\u0000', '\ud800']) expect((await post(alice.api, { content })).status).toBe(400);
    });

    it('with users who are none, or of another tenant, is refused, and nothing is stored', async () => {
      const before = await count('pages');
      const answer = await post(alice.api, { allowed_user_ids: [bob.id, NOBODY, 'x'], co_editor_user_ids: [stranger.id] });
      expect(answer.status).toBe(400);
      expect(answer.body.details).toEqual([
        { field: 'allowed_user_ids', message: 'names users who do not exist' },
        { field: 'co_editor_user_ids', message: 'names users who do not exist' },
      ]);
      expect(await count('pages')).toBe(before);
    });

    it('by password needs one', async () => {
      for (const fields of [{}, { password: null }]) {
        const answer = await post(alice.api, { access_type: 1, ...fields });
        expect(answer).toMatchObject({
          status: 400,
          body: { details: [{ field: 'password', message: 'is required with access_type 1' }] },
        });
      }
    });

    it('takes 2 MiB of content, in whatever way it is written, and not a byte more', async () => {
      const most = 'あ'.repeat(699_050) + 'xx';
      expect(Buffer.byteLength(most)).toBe(2 * 1024 * 1024);
      expect((await make(alice, { content: most })).content).toBe(most);
      expect(await post(alice.api, { content: `${most}x` })).toMatchObject({ status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } });
      const escaped = JSON.stringify({ title: 'x', access_type: 0, content: '' }).replace('""', `"${'\\u3042'.repeat(699_050)}"`);
      const headers = { 'content-type': 'application/json' };
      expect((await alice.api('/pages', { method: 'POST', body: escaped, headers })).status).toBe(200);
      expect((await alice.api('/pages', { method: 'POST', body: `"${'x'.repeat(7 * 1024 * 1024)}"`, headers })).status).toBe(413);
      expect(await put(alice, (await make(alice)).id, { content: `${most}x` })).toMatchObject({ status: 413 });
    });

    it('is done by a system for a user that it names', async () => {
      expect((await post(system, { user_id: alice.id })).body.creator_id).toBe(alice.id);
      expect(await post(system)).toMatchObject({ status: 400, body: { details: [{ field: 'user_id' }] } });
      for (const user_id of [NOBODY, stranger.id]) {
        expect(await post(system, { user_id })).toMatchObject({ status: 404, body: { message: 'User not found' } });
      }
      expect((await post(alice.api, { user_id: alice.id })).status).toBe(200);
      expect(await post(alice.api, { user_id: bob.id })).toMatchObject({ status: 403, body: { code: 'NOT_YOURSELF' } });
    });

    it('again with the same Idempotency-Key is done once; the stored answer does not show the password', async () => {
      const headers = { 'idempotency-key': `key-${Math.random()}` };
      const json = { title: 'x', content: 'y', access_type: 1, password: 'kakushigoto' };
      const first = await alice.api<Page>('/pages', { method: 'POST', json, headers });
      const again = await alice.api<Page>('/pages', { method: 'POST', json, headers });
      expect(again.body).toEqual(first.body);
      expect([again.headers.get('idempotency-replayed'), again.headers.get('etag')]).toEqual(['true', '"1"']);
      expect(again.body.password).toBe('kakushigoto');
      const stored = await sql(server.database_url, 'select t::text from idempotency_keys t where key = $1', [headers['idempotency-key']]);
      expect(stored).toHaveLength(1);
      expect(JSON.stringify(stored)).not.toContain('kakushigoto');
    });
  });

  describe('the password', () => {
    it('is shown to creator and co-editors, and stands encrypted in the database', async () => {
      const page = await make(alice, { access_type: 1, password: 'himitsu-no-kotoba', co_editor_user_ids: [bob.id] });
      expect((await get(bob, page.id)).body.password).toBe('himitsu-no-kotoba');
      // A system sees the page, which is not to say the secret of those who made it.
      expect((await system<Page>(`/pages/${page.id}`)).body).toMatchObject({ id: page.id, password: null });
      expect(JSON.stringify((await system<Page[]>('/pages')).body)).not.toContain('himitsu-no-kotoba');
      const rows = await sql(
        server.database_url,
        'select p::text, v::text from pages p left join page_versions v on v.page_id = p.id where p.id = $1',
        [page.id],
      );
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).not.toContain('himitsu-no-kotoba');
      expect(server.logs()).not.toContain('himitsu-no-kotoba');
    });

    it('stays where a PUT leaves it out, and goes by null', async () => {
      const { id } = await make(alice, { access_type: 1, password: 'one' });
      await put(alice, id, { title: 'x' });
      expect((await get(alice, id)).body.password).toBe('one');
      expect(await put(alice, id, { password: null })).toMatchObject({ status: 400, body: { details: [{ field: 'password' }] } });
      expect((await put(alice, id, { access_type: 0, password: null })).status).toBe(200);
      expect((await get(alice, id)).body).toMatchObject({ access_type: 0, password: null });
      expect(await put(alice, id, { access_type: 1 })).toMatchObject({ status: 400, body: { details: [{ field: 'password' }] } });
      expect((await put(alice, id, { access_type: 1, password: 'two' })).status).toBe(200);
    });
  });

  describe('reading one', () => {
    it('is for its creator and co-editors: 403 to others, 404 where there is none', async () => {
      const { id } = await make(alice, { access_type: 2, allowed_user_ids: [carol.id], co_editor_user_ids: [bob.id] });
      expect((await get(alice, id)).status).toBe(200);
      expect((await get(bob, id)).status).toBe(200);
      expect((await system(`/pages/${id}`)).status).toBe(200);
      for (const user of [carol, owner]) {
        expect(await get(user, id)).toMatchObject({ status: 403, body: { message: 'Do not have permission' } });
      }
      for (const path of [`/pages/${NOBODY}`, '/pages/no-id']) {
        expect(await alice.api(path)).toMatchObject({ status: 404, body: { message: 'Page not found' } });
      }
      expect(await get(stranger, id)).toMatchObject({ status: 404, body: { message: 'Page not found' } });
      expect((await server.api(`/pages/${id}`)).status).toBe(401);
    });
  });

  describe('the list', () => {
    it('has what one has made and co-edits, newest first, without contents', async () => {
      const dora = await makeUser(server.api, { client_id: owner.client_id });
      const mine = await make(dora);
      const shared = await make(alice, { co_editor_user_ids: [dora.id] });
      await make(alice, { allowed_user_ids: [dora.id] });
      const newest = await make(dora, { password: 'shown', co_editor_user_ids: [dora.id] });
      const { status, body } = await dora.api<Page[]>('/pages');
      expect(status).toBe(200);
      expect(body.map(({ id }) => id)).toEqual([newest.id, shared.id, mine.id]);
      const { content: _content, ...summary } = newest;
      expect({ ...body[0], thumbnail: null }).toEqual(summary);
      expect((await server.api('/pages')).status).toBe(401);
    });

    it('is paged, each page once', async () => {
      const dora = await makeUser(server.api, { client_id: owner.client_id });
      const ids: string[] = [];
      for (let n = 0; n < 5; n++) ids.unshift((await make(n % 2 ? alice : dora, n % 2 ? { co_editor_user_ids: [dora.id] } : {})).id);
      const seen: string[] = [];
      for (let path: string | undefined = '/pages?limit=2'; path;) {
        const answer: Answer<Page[]> = await dora.api<Page[]>(path);
        seen.push(...answer.body.map(({ id }) => id));
        path = /<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1];
      }
      expect(seen).toEqual(ids);
      expect(await dora.api('/pages?cursor=nonsense')).toMatchObject({ status: 400 });
      expect((await stranger.api<Page[]>('/pages')).body).toEqual([]);
    });

    it("of a system has all of the tenant's", async () => {
      const { id } = await make(alice);
      const { body } = await system<Page[]>('/pages?limit=1');
      expect(body.map((page) => page.id)).toEqual([id]);
    });
  });

  describe('changing one', () => {
    it('answers 200 and a message; what is left out stays', async () => {
      const page = await make(alice, { co_editor_user_ids: [bob.id], allowed_user_ids: [carol.id], password: 'p' });
      const answer = await put(bob, page.id, { title: '新しい', content: '<p>新</p>', access_type: 2 });
      expect(answer).toMatchObject({ status: 200, body: { message: 'Page updated' } });
      const changed = (await get(alice, page.id)).body;
      expect({ ...changed, thumbnail: null }).toEqual({
        ...page,
        title: '新しい',
        content: '<p>新</p>',
        access_type: 2,
        updated_at: changed.updated_at,
      });
      expect(changed.updated_at > page.updated_at).toBe(true);
      await put(alice, page.id, { allowed_user_ids: [], co_editor_user_ids: [carol.id, bob.id] });
      expect((await get(alice, page.id)).body).toMatchObject({ allowed_user_ids: [], co_editor_user_ids: [carol.id, bob.id] });
    });

    it('is refused to others as if there were none', async () => {
      const { id } = await make(alice, { allowed_user_ids: [carol.id] });
      const refusal = { status: 404, body: { message: 'Page not found or Do not have permission', code: 'PAGE_NOT_EDITABLE' } };
      for (const user of [bob, carol, owner, stranger]) expect(await put(user, id, { title: 'x' })).toMatchObject(refusal);
      expect(await put(alice, NOBODY, { title: 'x' })).toMatchObject(refusal);
      expect((await server.api(`/pages/${id}`, { method: 'PUT', json: { title: 'x' } })).status).toBe(401);
      expect((await get(alice, id)).body.title).toBe('ご案内');
    });

    it('with unknown users or wrong fields changes nothing', async () => {
      const page = await make(alice, { co_editor_user_ids: [bob.id] });
      for (const json of [
        { title: 'x', co_editor_user_ids: [NOBODY] },
        { title: 'x', allowed_user_ids: [stranger.id] },
        { title: 'x', access_type: '1' },
      ]) {
        expect((await put(alice, page.id, json)).status).toBe(400);
      }
      expect({ ...(await get(alice, page.id)).body, thumbnail: null }).toEqual(page);
    });

    it('with If-Match wins only over the state that was read', async () => {
      const { id } = await make(alice, { co_editor_user_ids: [bob.id] });
      const changed = await put(alice, id, { title: 'a' }, { 'if-match': '"1"' });
      expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
      expect((await get(alice, id)).headers.get('etag')).toBe('"2"');
      for (const stale of ['"1"', 'W/"2"', '"20"', 'x', '"1", "3"']) {
        expect(await put(bob, id, { title: 'b' }, { 'if-match': stale })).toMatchObject({ status: 412, body: { code: 'PAGE_CHANGED' } });
      }
      expect((await put(bob, id, { title: 'b' }, { 'if-match': '"1", "2"' })).status).toBe(200);
      expect((await put(bob, id, { title: 'c' }, { 'if-match': '*' })).status).toBe(200);
      expect((await get(alice, id)).body.title).toBe('c');
      expect((await alice.api(`/pages/${id}`, { method: 'DELETE', headers: { 'if-match': '"1"' } })).status).toBe(412);
    });

    it('of ten at once with one If-Match, one wins', async () => {
      const { id } = await make(alice);
      const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => put(alice, id, { title: `t${n}` }, { 'if-match': '"1"' })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(412)]);
      expect(await count('page_versions', 'page_id', id)).toBe(2);
    });
  });

  describe('deleting one', () => {
    it('is for its creator alone, and takes everything', async () => {
      const { id } = await make(alice, { co_editor_user_ids: [bob.id] });
      const refusal = { status: 404, body: { message: 'Page not found or Do not have permission' } };
      for (const user of [bob, carol, owner, stranger]) expect(await remove(user, id)).toMatchObject(refusal);
      expect((await server.api(`/pages/${id}`, { method: 'DELETE' })).status).toBe(401);
      expect(await remove(alice, id)).toMatchObject({ status: 200, body: { message: 'Page deleted' } });
      expect(await remove(alice, id)).toMatchObject(refusal);
      expect(await get(alice, id)).toMatchObject({ status: 404, body: { message: 'Page not found' } });
      for (const table of ['page_users', 'page_versions']) expect(await count(table, 'page_id', id)).toBe(0);
    });
  });

  describe('versions', () => {
    const versions = (user: TestUser, id: string, rest = ''): Promise<Answer<Version[] & Failure>> =>
      user.api(`/pages/${id}/versions${rest}`);

    it('are kept of each PUT, newest first, and can be restored', async () => {
      const { id } = await make(alice, { title: 'v1', content: 'one', co_editor_user_ids: [bob.id] });
      await put(bob, id, { title: 'v2', content: 'two' });
      await put(alice, id, { access_type: 2, allowed_user_ids: [carol.id] });
      const { body } = await versions(alice, id);
      expect(body.map(({ version, title, created_by }) => [version, title, created_by])).toEqual([
        [3, 'v2', alice.id],
        [2, 'v2', bob.id],
        [1, 'v1', alice.id],
      ]);
      expect(Object.keys(body[0] ?? {}).sort()).toEqual(['created_at', 'created_by', 'title', 'version']);
      expect((await versions(bob, id, '/1')).body).toEqual({ ...body[2], content: 'one' });

      const restored = await alice.api<Page>(`/pages/${id}/versions/1/restore`, { method: 'POST' });
      expect(restored.status).toBe(200);
      expect(restored.headers.get('etag')).toBe('"4"');
      expect(restored.body).toMatchObject({ title: 'v1', content: 'one', access_type: 2, allowed_user_ids: [carol.id] });
      expect((await versions(alice, id)).body.map(({ version, title }) => [version, title])[0]).toEqual([4, 'v1']);
    });

    it('are read and restored by those who edit the page', async () => {
      const { id } = await make(alice, { allowed_user_ids: [carol.id] });
      expect(await versions(carol, id)).toMatchObject({ status: 403, body: { message: 'Do not have permission' } });
      expect(await versions(carol, id, '/1')).toMatchObject({ status: 403 });
      expect(await versions(stranger, id)).toMatchObject({ status: 404, body: { message: 'Page not found' } });
      const restore = (user: TestUser, version: string, headers = {}): Promise<Answer<Failure>> =>
        user.api(`/pages/${id}/versions/${version}/restore`, { method: 'POST', headers });
      for (const user of [carol, stranger])
        expect((await restore(user, '1')).body.message).toBe('Page not found or Do not have permission');
      for (const version of ['2', '0', 'x', '99999999999999']) {
        expect(await restore(alice, version)).toMatchObject({ status: 404, body: { message: 'Version not found' } });
        expect(await versions(alice, id, `/${version}`)).toMatchObject({ status: 404, body: { message: 'Version not found' } });
      }
      expect((await restore(alice, '1', { 'if-match': '"7"' })).status).toBe(412);
      expect((await server.api(`/pages/${id}/versions`)).status).toBe(401);
    });

    it('are paged, and the newest hundred stay', async () => {
      const { id } = await make(alice);
      await sql(server.database_url, 'update pages set version = 120 where id = $1', [id]);
      await sql(
        server.database_url,
        `insert into page_versions (client_id, page_id, version, title, content)
         select $1, $2, n, 'old', 'old' from generate_series(2, 120) n`,
        [owner.client_id, id],
      );
      await put(alice, id, { title: 'new' });
      const first = await versions(alice, id, '?limit=60');
      expect(first.body.map(({ version }) => version)[0]).toBe(121);
      const next = /<([^>]+)>/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
      const second = await alice.api<Version[]>(next);
      expect([first.body.length, second.body.length, second.body.at(-1)?.version]).toEqual([60, 40, 22]);
      expect(second.headers.get('link')).toBeNull();
    });
  });

  describe("a user's deletion", () => {
    it('takes its pages; pages that it co-edits stay, without it on their lists', async () => {
      const dora = await makeUser(server.api, { client_id: owner.client_id });
      const own = await make(dora, { co_editor_user_ids: [alice.id] });
      const shared = await make(alice, { co_editor_user_ids: [dora.id, bob.id], allowed_user_ids: [dora.id] });
      expect((await dora.api('/user', { method: 'DELETE' })).status).toBe(200);
      expect((await get(alice, own.id)).status).toBe(404);
      expect((await server.api(`/page/${own.id}`)).status).toBe(404);
      const left = await get(alice, shared.id);
      expect(left.body).toMatchObject({ co_editor_user_ids: [bob.id], allowed_user_ids: [] });
      expect(left.headers.get('etag')).toBe('"2"');
      expect(await count('page_versions', 'page_id', own.id)).toBe(0);
    });

    it('that fails takes nothing', async () => {
      const page = await make(owner);
      // The last owner cannot leave; its pages stay with it.
      expect((await owner.api('/user', { method: 'DELETE' })).status).toBe(409);
      expect((await get(owner, page.id)).status).toBe(200);
    });

    it('and writes that list the user do not wait for each other without end', async () => {
      const [dora, emil] = await Promise.all([
        makeUser(server.api, { client_id: owner.client_id }),
        makeUser(server.api, { client_id: owner.client_id }),
      ]);
      const pages = await Promise.all(Array.from({ length: 6 }, () => make(alice, { co_editor_user_ids: [dora.id, emil.id] })));
      const writes = pages.flatMap(({ id }) => [0, 1].map(() => put(alice, id, { co_editor_user_ids: [emil.id, dora.id] })));
      const answers = await Promise.all([...writes, dora.api('/user', { method: 'DELETE' }), emil.api('/user', { method: 'DELETE' })]);
      expect(answers.slice(-2).map(({ status }) => status)).toEqual([200, 200]);
      for (const { status } of answers.slice(0, -2)) expect([200, 400]).toContain(status);
      for (const { id } of pages) expect((await get(alice, id)).body.co_editor_user_ids).toEqual([]);
    });
  });

  it('the operator works in the tenant that it names', async () => {
    const { id } = await make(alice);
    expect((await operatorOf(server.api, owner.client_id)(`/pages/${id}`)).status).toBe(200);
    expect((await operatorOf(server.api, stranger.client_id)(`/pages/${id}`)).status).toBe(404);
  });

  it('are served at /api too', async () => {
    const { id } = await make(alice);
    expect((await alice.api(`/api/pages/${id}`)).status).toBe(200);
    expect((await server.api(`/api/page/${id}`)).body).toEqual({ content: CONTENT });
  });

  const count = async (table: string, column?: string, value?: string): Promise<number> => {
    const where = column ? `where ${column} = $1` : '';
    const [row] = await sql<{ count: number }>(
      server.database_url,
      `select count(*)::int as count from ${table} ${where}`,
      column ? [value] : [],
    );
    return row?.count ?? -1;
  };
});
