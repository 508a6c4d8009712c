import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { claimsOf, makeTenant, makeUser, operatorOf, type TestUser, uniqueName } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

const SECRET = 'the-secret-of-the-cookie-tests-0123456789';
const OLD_SECRET = 'the-secret-before-the-rotation-0123456789';

describe('the cookie', () => {
  let server: TestServer;
  let user: TestUser;
  let cookie: string;

  const login = async (who: TestUser): Promise<string> => {
    const json = { usernameOrEmail: who.email, password: who.password };
    const answer = await server.api('/login', { method: 'POST', json, headers: { 'x-client-id': who.client_id } });
    return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  };
  const write = (headers: Record<string, string>): Promise<Answer> =>
    server.api('/users/me', { method: 'PUT', json: { name: 'Taro' }, headers: { cookie, ...headers } });

  beforeAll(async () => {
    server = await startServer({
      env: { JWT_SECRET: `${SECRET},${OLD_SECRET}`, CORS_ORIGINS: 'https://listed.example.com', PUBLIC_URL: 'https://public.example.com' },
    });
    user = await makeUser(server.api);
    cookie = await login(user);
  });

  afterAll(async () => {
    await server.stop();
  });

  it('writes for pages of ours, of the list, and for programs, which send no Origin', async () => {
    expect((await write({})).status).toBe(200);
    expect((await write({ origin: server.url })).status).toBe(200);
    expect((await write({ origin: 'https://public.example.com' })).status).toBe(200);
    const listed = await write({ origin: 'https://listed.example.com' });
    expect(listed.status).toBe(200);
    expect(listed.headers.get('access-control-allow-origin')).toBe('https://listed.example.com');
    expect(listed.headers.get('access-control-allow-credentials')).toBe('true');
  });

  it.each(['https://evil.example.com', 'null', 'https://listed.example.com.evil.example', 'http://listed.example.com'])(
    'does not write for a page of %s',
    async (origin) => {
      const answer = await write({ origin });
      expect(answer).toMatchObject({ status: 403, body: { code: 'ORIGIN_NOT_ALLOWED' } });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it('is not let out by a foreign page, and its session stays', async () => {
    const answer = await server.api('/logout', { method: 'POST', headers: { cookie, origin: 'https://evil.example.com' } });
    expect(answer.status).toBe(403);
    expect((await server.api('/getUserInfo', { headers: { cookie } })).status).toBe(200);
  });

  it('is ignored on other public routes where a foreign page sends it', async () => {
    const json = { username: uniqueName('u'), email: `${uniqueName('u')}@example.com`, password: user.password };
    const answer = await server.api('/register', { method: 'POST', json, headers: { cookie, origin: 'https://evil.example.com' } });
    expect(answer.status).toBe(201);
  });

  it('has no say where a bearer comes along', async () => {
    expect((await write({ origin: 'https://evil.example.com', authorization: `Bearer ${user.access_token}` })).status).toBe(200);
  });

  it('is its tenant’s: another tenant’s pages can neither write by it nor read what it reads', async () => {
    const [mine, others] = [`${uniqueName('a')}.example.com`, `${uniqueName('b')}.example.com`];
    const owner = await makeTenant(server.api, undefined, { domains: [mine] });
    await makeTenant(server.api, undefined, { domains: [others] });
    const own = await login(owner);
    const ask = (origin: string, method: string): Promise<Answer> =>
      server.api('/users/me', { method, json: method === 'PUT' ? { name: 'Owner' } : undefined, headers: { cookie: own, origin } });
    expect((await ask(`https://${mine}`, 'PUT')).status).toBe(200);
    expect((await ask(`https://${mine}`, 'GET')).headers.get('access-control-allow-origin')).toBe(`https://${mine}`);
    expect((await ask(`https://${others}`, 'PUT')).status).toBe(403);
    expect((await ask(`https://${others}`, 'GET')).headers.get('access-control-allow-origin')).toBeNull();
  });

  describe('renewal', () => {
    const aged = async (hours: number, secret = SECRET): Promise<string> => {
      const { sub, ...claims } = claimsOf(cookie.slice('token='.length));
      const iat = Math.floor(Date.now() / 1_000) - hours * 3_600;
      const kid = createHash('sha256').update(secret).digest('hex').slice(0, 8);
      const token = await new SignJWT({ ...claims, iat, exp: iat + 7 * 86_400 })
        .setSubject(sub)
        .setProtectedHeader({ alg: 'HS256', kid })
        .sign(new TextEncoder().encode(secret));
      return `token=${token}`;
    };
    const use = (old: string): Promise<Answer> => server.api('/getUserInfo', { headers: { cookie: old } });

    it('gives a new cookie of the same session after a day, and makes the session last', async () => {
      await sql(server.database_url, `update tenants set created_at = created_at - interval '30 days'`);
      await operatorOf(server.api)('/tenants/default', { method: 'PATCH', json: { name: 'Default' } });
      expect((await use(await aged(23))).headers.getSetCookie()).toEqual([]);
      const sid = claimsOf(cookie.slice(6)).sid;
      await sql(server.database_url, `update sessions set expires_at = now() + interval '1 day' where id = $1`, [sid]);
      const answers = await Promise.all([use(await aged(25)), use(await aged(25)), use(await aged(26, OLD_SECRET))]);
      for (const { status, headers } of answers) {
        expect(status).toBe(200);
        const renewed = headers.getSetCookie()[0] ?? '';
        expect(renewed).toMatch(/; Max-Age=604800.*; HttpOnly/);
        const claims = claimsOf(renewed.slice(6).split(';')[0] ?? '');
        expect(claims.sid).toBe(sid);
        expect(claims.exp).toBeGreaterThan(Date.now() / 1_000 + 7 * 86_400 - 60);
      }
      const [row] = await sql<{ lasts: boolean }>(
        server.database_url,
        `select expires_at > now() + interval '6 days' as lasts from sessions where id = $1`,
        [sid],
      );
      expect(row?.lasts).toBe(true);
    });

    it('does not renew what has ended', async () => {
      const old = await aged(48);
      expect((await server.api('/logout', { method: 'POST', headers: { cookie: old } })).status).toBe(200);
      expect((await use(old)).status).toBe(401);
      expect((await use(cookie)).status).toBe(401);
    });

    it('refuses a token that has expired, and one of a secret that is not in the list', async () => {
      cookie = await login(user);
      expect((await use(await aged(7 * 24 + 1))).status).toBe(401);
      expect((await use(await aged(1, 'a-secret-that-was-never-ours-0123456789'))).status).toBe(401);
    });
  });
});
