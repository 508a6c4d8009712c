import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTenant, makeUser, operatorOf, type TestUser, withHeaders } from '../support/client.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';

/* Delivery by access type (contract, section 5; source 004, section 10). */

interface Answered {
  content?: string;
  code?: string;
  message?: string;
}

const NOBODY = '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';
const CONTENT = '<h1>こんにちは "quoted" \\ \u2028 👍</h1>';

describe('a delivered page', () => {
  let server: TestServer;
  let owner: TestUser;
  let creator: TestUser;
  let editor: TestUser;
  let reader: TestUser;
  let other: TestUser;
  let stranger: TestUser;

  beforeAll(async () => {
    server = await startServer();
    owner = await makeTenant(server.api);
    const { client_id } = owner;
    const member = (): Promise<TestUser> => makeUser(server.api, { client_id });
    [creator, editor, reader, other, stranger] = await Promise.all([member(), member(), member(), member(), makeTenant(server.api)]);
  });

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
  });

  const make = async (fields: object = {}): Promise<string> => {
    const json = {
      title: 'x',
      content: CONTENT,
      access_type: 0,
      co_editor_user_ids: [editor.id],
      allowed_user_ids: [reader.id],
      ...fields,
    };
    const answer = await creator.api<{ id: string }>('/pages', { method: 'POST', json });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body.id;
  };
  const deliver = (api: Api, id: string, query = '', headers: Record<string, string> = {}): Promise<Answer<Answered>> =>
    api(`/page/${id}${query}`, { headers });
  const key = async (...scopes: string[]): Promise<Api> => {
    const made = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'k', scopes } });
    return withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': owner.client_id });
  };

  describe('that is open', () => {
    it('is for everybody, and nothing but its content', async () => {
      const id = await make();
      for (const api of [server.api, other.api, stranger.api, withHeaders(server.api, { cookie: 'token=garbage' })]) {
        expect(await deliver(api, id)).toMatchObject({ status: 200, body: { content: CONTENT } });
      }
      expect(Object.keys((await deliver(server.api, id)).body)).toEqual(['content']);
      expect((await deliver(server.api, id, '?password=whatever&utm_source=mail')).status).toBe(200);
    });

    it('is found by its id whatever the tenant of the link', async () => {
      const id = await make();
      const links: Array<Record<string, string>> = [{ 'x-client-id': stranger.client_id }, { 'x-client-id': 'nobody-at-all' }];
      for (const headers of links) {
        expect((await deliver(server.api, id, '', headers)).status).toBe(200);
      }
      expect((await deliver(server.api, id, `?client_id=${stranger.client_id}`)).status).toBe(200);
    });

    it('is not sent again to whoever has it: 304 until it changes', async () => {
      const id = await make();
      const first = await deliver(server.api, id);
      const tag = first.headers.get('etag') ?? '';
      expect(first.headers.get('cache-control')).toBe('public, no-cache');
      for (const known of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
        const again = await deliver(server.api, id, '', { 'if-none-match': known });
        expect([again.status, again.body, again.headers.get('etag')]).toEqual([304, null, tag]);
      }
      expect((await deliver(server.api, id, '', { 'if-none-match': '"0"' })).status).toBe(200);
      await creator.api(`/pages/${id}`, { method: 'PUT', json: { content: '<p>new</p>' } });
      expect(await deliver(server.api, id, '', { 'if-none-match': tag })).toMatchObject({ status: 200, body: { content: '<p>new</p>' } });
    });
  });

  it('is sent whole to whoever names its state otherwise than it does, and to those after them', async () => {
    const id = await make();
    for (const known of ['"01"', 'W/"001"', '"1 "', '1', '"+1"']) {
      expect(await deliver(server.api, id, '', { 'if-none-match': known })).toMatchObject({ status: 200, body: { content: CONTENT } });
      expect(await deliver(server.api, id)).toMatchObject({ status: 200, body: { content: CONTENT } });
    }
  });

  it('that is none is 404', async () => {
    for (const id of [NOBODY, 'no-id']) {
      expect(await deliver(server.api, id)).toMatchObject({ status: 404, body: { code: 'PAGE_NOT_FOUND', message: 'Page not found' } });
    }
    const id = await make();
    await deliver(server.api, id);
    await creator.api(`/pages/${id}`, { method: 'DELETE' });
    expect(await deliver(server.api, id)).toMatchObject({ status: 404, body: { message: 'Page not found' } });
  });

  describe('by password', () => {
    it('is for who knows it', async () => {
      const id = await make({ access_type: 1, password: '合言葉 &?=' });
      for (const api of [server.api, reader.api, stranger.api]) {
        expect(await deliver(api, id, `?password=${encodeURIComponent('合言葉 &?=')}`)).toMatchObject({
          status: 200,
          body: { content: CONTENT },
        });
        for (const query of ['', '?password=', '?password=wrong', '?password=%E5%90%88', '?password=a&password=b']) {
          expect(await deliver(api, id, query)).toMatchObject({
            status: 403,
            body: { code: 'INCORRECT_PASSWORD', message: 'Incorrect password' },
          });
        }
      }
      expect((await deliver(server.api, id, `?password=${encodeURIComponent('合言葉 &?=')}`)).headers.get('cache-control')).toBe(
        'private, no-cache',
      );
      // A tag opens nothing.
      expect((await deliver(server.api, id, '', { 'if-none-match': '*' })).status).toBe(403);
    });

    it("needs none from its creator and co-editors, nor from the tenant's own systems", async () => {
      const id = await make({ access_type: 1, password: 'p' });
      for (const api of [creator.api, editor.api, await key('pages'), operatorOf(server.api)]) {
        expect((await deliver(api, id)).status).toBe(200);
      }
      expect((await deliver(await key('rooms'), id)).status).toBe(403);
    });

    it('asks for the new one once it is changed', async () => {
      const id = await make({ access_type: 1, password: 'old' });
      await creator.api(`/pages/${id}`, { method: 'PUT', json: { password: 'new' } });
      expect((await deliver(server.api, id, '?password=old')).status).toBe(403);
      expect((await deliver(server.api, id, '?password=new')).status).toBe(200);
    });

    it('does not show the password in the log', async () => {
      const id = await make({ access_type: 1, password: 'zettai-himitsu' });
      await deliver(server.api, id, '?password=zettai-himitsu');
      await deliver(server.api, id, '?password=zettai-himitsu-x');
      expect(server.logs()).not.toContain('zettai-himitsu');
    });
  });

  describe('for listed users only', () => {
    it("is for those, its creator and co-editors, by their credential; 'Do not have permission' to others", async () => {
      const id = await make({ access_type: 2, password: 'p' });
      for (const user of [creator, editor, reader]) expect((await deliver(user.api, id)).status).toBe(200);
      for (const api of [server.api, other.api, owner.api, stranger.api]) {
        expect(await deliver(api, id, '?password=p')).toMatchObject({
          status: 403,
          body: { code: 'FORBIDDEN', message: 'Do not have permission' },
        });
      }
      expect((await deliver(reader.api, id)).headers.get('cache-control')).toBe('private, no-cache');
    });

    it('counts a cookie as well', async () => {
      const id = await make({ access_type: 2 });
      const login = await server.api('/login', {
        method: 'POST',
        headers: { 'x-client-id': owner.client_id },
        json: { usernameOrEmail: reader.username, password: reader.password },
      });
      const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      expect((await deliver(server.api, id, '', { cookie })).status).toBe(200);
    });

    it('is not for a user of the same id in another tenant', async () => {
      const id = await make({ access_type: 2 });
      // The credential says another tenant, so it counts as none here, whatever id it has.
      expect((await deliver(withHeaders(stranger.api, { 'x-client-id': owner.client_id }), id)).status).toBe(403);
    });
  });

  it('goes with its tenant', async () => {
    const gone = await makeTenant(server.api);
    const json = { title: 'x', content: 'x', access_type: 0 };
    const { body } = await gone.api<{ id: string }>('/pages', { method: 'POST', json });
    expect((await deliver(server.api, body.id)).status).toBe(200);
    expect((await operatorOf(server.api)(`/tenants/${gone.client_id}`, { method: 'DELETE' })).status).toBeLessThan(300);
    expect(await deliver(server.api, body.id)).toMatchObject({ status: 404, body: { message: 'Page not found' } });
  });

  it("counts as a request of the page's tenant, not of the link's", async () => {
    const id = await make();
    const used = async (): Promise<number> => {
      const { body } = await owner.api<Array<{ requests: number }>>('/tenant/usage');
      return body.reduce((sum, { requests }) => sum + requests, 0);
    };
    const before = await used();
    for (let n = 0; n < 5; n++) await deliver(server.api, id, '', { 'x-client-id': stranger.client_id });
    // Five, and the question itself.
    expect((await used()) - before).toBe(6);
  });
});

describe('guessing the password of a page', () => {
  let server: TestServer;
  let creator: TestUser;

  beforeAll(async () => {
    server = await startServer({ env: { RATE_LIMIT: '100000/1000000', TRUST_PROXY: 'true' } });
    creator = await makeUser(server.api);
  });

  afterAll(() => server.stop());

  const make = async (): Promise<string> => {
    const json = { title: 'x', content: 'x', access_type: 1, password: 'right' };
    return (await creator.api<{ id: string }>('/pages', { method: 'POST', json })).body.id;
  };
  const guess = async (id: string, password: string | null, address: string): Promise<Answer<Answered>> =>
    server.api(`/page/${id}${password === null ? '' : `?password=${password}`}`, { headers: { 'x-forwarded-for': address } });

  it('is limited by page and address', async () => {
    const [id, second] = [await make(), await make()];
    for (let n = 0; n < 20; n++) expect((await guess(id, `wrong${n}`, '192.0.2.1')).status).toBe(403);
    const refused = await guess(id, 'wrong', '192.0.2.1');
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    // Nor is the right one told now.
    expect((await guess(id, 'right', '192.0.2.1')).status).toBe(429);
    expect((await guess(id, 'right', '192.0.2.2')).status).toBe(200);
    expect((await guess(second, 'right', '192.0.2.1')).status).toBe(200);
    // Its editors need no password, and are not shut out.
    expect((await creator.api(`/page/${id}`, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status).toBe(200);
  });

  it('all at once gets no further', async () => {
    const id = await make();
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => guess(id, `wrong${n}`, '192.0.2.3')));
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40);
  });

  it('is not what a right password or none at all counts as', async () => {
    const id = await make();
    for (let n = 0; n < 30; n++) {
      expect((await guess(id, 'right', '192.0.2.4')).status).toBe(200);
      expect((await guess(id, null, '192.0.2.4')).status).toBe(403);
    }
  });
});
