import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimsOf, makeTenant, makeUser, operatorOf, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

interface Pair {
  access_token: string;
  refresh_token: string;
  token_type: string;
  expires_in: number;
  room_id: string;
}

/** The value of a cookie that an answer sets; undefined where it sets none. */
function cookieOf(answer: Answer): string | undefined {
  return answer.headers.getSetCookie().find((cookie) => cookie.startsWith('token='));
}

describe('signing in and out', () => {
  let server: TestServer;
  let user: TestUser;

  beforeAll(async () => {
    server = await startServer();
    user = await makeUser(server.api);
  });

  afterAll(async () => {
    await server.stop();
  });

  const post = <T = Record<string, unknown>>(path: string, json: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> =>
    server.api<T>(path, { method: 'POST', json, headers });
  const cookieLogin = async (who = user): Promise<string> => {
    const answer = await post('/login', { usernameOrEmail: who.username, password: who.password }, { 'x-client-id': who.client_id });
    expect(answer.status).toBe(200);
    return (cookieOf(answer) ?? '').split(';')[0] ?? '';
  };

  describe('POST /login', () => {
    it.each(['username', 'email'] as const)('signs in by %s, whatever its case, and sets the cookie', async (field) => {
      const answer = await post('/login', { usernameOrEmail: user[field].toUpperCase(), password: user.password });
      expect(answer).toMatchObject({ status: 200, body: { message: 'Logged in' } });
      const cookie = cookieOf(answer) ?? '';
      expect(cookie).toMatch(/; Max-Age=604800/);
      expect(cookie).toMatch(/; Path=\//);
      expect(cookie).toMatch(/; HttpOnly/);
      expect(cookie).toMatch(/; SameSite=Lax/);
      expect(cookie).not.toMatch(/Secure/);
      const me = await server.api('/getUserInfo', { headers: { cookie: cookie.split(';')[0] ?? '' } });
      expect(me).toMatchObject({ status: 200, body: { id: user.id, username: user.username, email: user.email } });
    });

    it('is served under both prefixes', async () => {
      expect((await post('/api/login', { usernameOrEmail: user.username, password: user.password })).status).toBe(200);
    });

    it('refuses a wrong password with 403 and an unknown name with 404', async () => {
      const wrong = await post('/login', { usernameOrEmail: user.username, password: 'not the password' });
      expect(wrong).toMatchObject({ status: 403, body: { statusCode: 403, code: 'INCORRECT_PASSWORD', message: 'Incorrect password' } });
      expect(cookieOf(wrong)).toBeUndefined();
      for (const usernameOrEmail of [uniqueName('nobody'), `${uniqueName('nobody')}@example.com`]) {
        expect(await post('/login', { usernameOrEmail, password: user.password })).toMatchObject({
          status: 404,
          body: { code: 'USER_NOT_FOUND', message: 'User not found' },
        });
      }
    });

    it('names every wrong field at once', async () => {
      const answer = await post<{ details: Array<{ field: string }> }>('/login', { usernameOrEmail: 7, extra: true });
      expect(answer.status).toBe(400);
      expect(answer.body.details.map(({ field }) => field).sort()).toEqual(['extra', 'password', 'usernameOrEmail']);
    });

    it('finds nobody in another tenant', async () => {
      const { client_id } = await makeTenant(server.api);
      const answer = await post('/login', { usernameOrEmail: user.username, password: user.password }, { 'x-client-id': client_id });
      expect(answer.status).toBe(404);
    });

    it('refuses an Idempotency-Key: the answer holds a secret', async () => {
      const answer = await post('/login', { usernameOrEmail: user.username, password: user.password }, { 'idempotency-key': 'k' });
      expect(answer).toMatchObject({ status: 400, body: { code: 'IDEMPOTENCY_NOT_SUPPORTED' } });
    });

    it('ignores a stale credential that comes along', async () => {
      const headers = { authorization: 'Bearer stale', cookie: 'token=stale' };
      expect((await post('/login', { usernameOrEmail: user.username, password: user.password }, headers)).status).toBe(200);
    });
  });

  describe('POST /auth/v1/login', () => {
    it('answers a pair of tokens', async () => {
      const { status, body } = await post<Pair>('/auth/v1/login', { email: user.email.toUpperCase(), password: user.password });
      expect(status).toBe(200);
      expect(body).toEqual({
        access_token: expect.any(String),
        refresh_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 900,
        room_id: 'lobby',
      });
      const claims = claimsOf(body.access_token);
      expect(claims).toMatchObject({
        sub: user.id,
        client_id: 'default',
        email: user.email,
        room_id: 'lobby',
        role: 'member',
        sid: expect.any(String),
        iss: 'kaiwa',
        aud: 'kaiwa',
      });
      expect(claims.exp).toBeGreaterThan(Date.now() / 1_000 + 890);
    });

    it('answers a wrong email and a wrong password alike', async () => {
      const answers = await Promise.all([
        post('/auth/v1/login', { email: user.email, password: 'not the password' }),
        post('/auth/v1/login', { email: `${uniqueName('nobody')}@example.com`, password: user.password }),
      ]);
      for (const { status, body } of answers) {
        expect(status).toBe(401);
        expect(body).toMatchObject({ code: 'INVALID_CREDENTIALS', message: 'Email or password is incorrect' });
      }
    });

    it('takes as long for a wrong email as for a wrong password', async () => {
      const timed = async (email: string): Promise<number> => {
        const took: number[] = [];
        for (let n = 0; n < 7; n++) {
          const start = performance.now();
          await post('/auth/v1/login', { email, password: 'not the password' });
          took.push(performance.now() - start);
        }
        return took.sort((a, b) => a - b)[3] ?? 0;
      };
      const [unknown, known] = [await timed('nobody@example.com'), await timed(user.email)];
      expect(unknown).toBeGreaterThan(known * 0.5);
      expect(unknown).toBeLessThan(known * 2);
    });

    it('signs in to a room that the user can see, and to no other', async () => {
      const room = uniqueName('r');
      expect((await user.api('/rooms', { method: 'POST', json: { id: room, name: 'Room', visibility: 'private' } })).status).toBe(201);
      const login = (email: string, room_id: string): Promise<Answer> =>
        post('/auth/v1/login', { email, password: user.password, room_id });
      expect(await login(user.email, room)).toMatchObject({ status: 200, body: { room_id: room } });
      expect(await login(user.email, uniqueName('r'))).toMatchObject({ status: 404, body: { message: 'Room not found' } });
      const other = await makeUser(server.api);
      expect((await login(other.email, room)).status).toBe(404);
      expect((await post('/auth/v1/login', { email: user.email, password: 'not the password', room_id: uniqueName('r') })).status).toBe(
        401,
      );
    });
  });

  describe('a disabled account', () => {
    it('opens no door', async () => {
      const owner = await makeTenant(server.api);
      const member = await makeUser(server.api, { client_id: owner.client_id });
      const headers = { 'x-client-id': owner.client_id };
      expect((await owner.api(`/users/${member.id}`, { method: 'PATCH', json: { disabled: true } })).status).toBe(200);
      expect((await member.api('/getUserInfo')).status).toBe(401);
      const { email, username, password, refresh_token } = member;
      expect(await post('/auth/v1/login', { email, password }, headers)).toMatchObject({ status: 403, body: { code: 'ACCOUNT_DISABLED' } });
      expect(await post('/login', { usernameOrEmail: username, password }, headers)).toMatchObject({
        status: 403,
        body: { code: 'ACCOUNT_DISABLED' },
      });
      expect((await post('/login', { usernameOrEmail: username, password: 'not it' }, headers)).body).toMatchObject({
        code: 'INCORRECT_PASSWORD',
      });
      expect((await post('/auth/v1/refresh', { refresh_token }, headers)).status).toBe(401);
    });

    it('has no session left that started while it was being disabled', async () => {
      const owner = await makeTenant(server.api);
      const member = await makeUser(server.api, { client_id: owner.client_id });
      const headers = { 'x-client-id': owner.client_id };
      const logins = Array.from({ length: 12 }, () =>
        post<Pair>('/auth/v1/login', { email: member.email, password: member.password }, headers),
      );
      const disabled = owner.api(`/users/${member.id}`, { method: 'PATCH', json: { disabled: true } });
      const tokens = (await Promise.all(logins)).flatMap(({ status, body }) => (status === 200 ? [body.access_token] : []));
      expect((await disabled).status).toBe(200);
      for (const token of tokens) {
        expect((await server.api('/getUserInfo', { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
      }
      expect(await sql(server.database_url, 'select 1 from sessions where user_id = $1', [member.id])).toEqual([]);
    });
  });

  describe('POST /auth/v1/refresh', () => {
    const refresh = (refresh_token: string, headers = {}): Promise<Answer<Pair>> =>
      post<Pair>('/auth/v1/refresh', { refresh_token }, headers);
    const age = (token: string, seconds: number): Promise<unknown> =>
      sql(server.database_url, `update sessions set rotated_at = rotated_at - make_interval(secs => $2) where id = $1`, [
        sidOf(token),
        seconds,
      ]);
    const sidOf = (token: string): string => token.slice(3, 39);
    const login = async (): Promise<Pair> => (await post<Pair>('/auth/v1/login', { email: user.email, password: user.password })).body;

    it('answers a new pair of the same session', async () => {
      const first = await login();
      const { status, body } = await refresh(first.refresh_token);
      expect(status).toBe(200);
      expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900, room_id: 'lobby' });
      expect(body.refresh_token).not.toBe(first.refresh_token);
      expect(claimsOf(body.access_token).sid).toBe(claimsOf(first.access_token).sid);
      expect((await refresh(body.refresh_token)).status).toBe(200);
    });

    it('honours the token just before for 10 seconds, with the current one', async () => {
      const first = await login();
      const second = (await refresh(first.refresh_token)).body;
      const again = await refresh(first.refresh_token);
      expect(again).toMatchObject({ status: 200, body: { refresh_token: second.refresh_token } });
      await age(first.refresh_token, 9);
      expect((await refresh(first.refresh_token)).status).toBe(200);
    });

    it('ends the whole session where the token before comes later than that', async () => {
      const first = await login();
      const second = (await refresh(first.refresh_token)).body;
      await age(first.refresh_token, 11);
      expect(await refresh(first.refresh_token)).toMatchObject({ status: 401, body: { code: 'INVALID_REFRESH_TOKEN' } });
      expect((await refresh(second.refresh_token)).status).toBe(401);
      expect((await server.api('/getUserInfo', { headers: { authorization: `Bearer ${second.access_token}` } })).status).toBe(401);
    });

    it('ends the whole session where a token comes that is older still', async () => {
      const first = await login();
      const second = (await refresh(first.refresh_token)).body;
      const third = (await refresh(second.refresh_token)).body;
      expect((await refresh(first.refresh_token)).status).toBe(401);
      expect((await refresh(third.refresh_token)).status).toBe(401);
    });

    it('rotates once where several come at once, and gives all of them the same', async () => {
      const first = await login();
      const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(first.refresh_token)));
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
      expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
    });

    it('refuses what is none, what is another tenant’s, what has ended and what is too old', async () => {
      expect((await refresh('rt_nothing')).status).toBe(401);
      const { client_id } = await makeTenant(server.api);
      const pair = await login();
      expect((await refresh(pair.refresh_token, { 'x-client-id': client_id })).status).toBe(401);
      expect((await refresh(pair.refresh_token)).status).toBe(200);
      const old = await login();
      await sql(server.database_url, `update sessions set expires_at = now() - interval '1 second' where id = $1`, [
        sidOf(old.refresh_token),
      ]);
      expect((await refresh(old.refresh_token)).status).toBe(401);
    });
  });

  it('keeps a thousand sessions of one account, and ends the oldest beyond', async () => {
    const member = await makeUser(server.api);
    await sql(
      server.database_url,
      `insert into sessions (client_id, id, user_id, kind, room_id, expires_at)
       select 'default', ('f0000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, 'bearer', 'lobby', now() + interval '1 day'
       from generate_series(1, 999) n`,
      [member.id],
    );
    expect((await member.api('/getUserInfo')).status).toBe(200);
    expect((await post('/auth/v1/login', { email: member.email, password: member.password })).status).toBe(200);
    expect((await member.api('/getUserInfo')).status).toBe(401);
    const [row] = await sql(server.database_url, 'select count(*)::int as sessions from sessions where user_id = $1', [member.id]);
    expect(row).toEqual({ sessions: 1_000 });
  });

  describe('POST /logout', () => {
    it('clears the cookie and ends its session', async () => {
      const cookie = await cookieLogin();
      const answer = await post('/logout', undefined, { cookie });
      expect(answer).toMatchObject({ status: 200, body: { message: 'Logged out' } });
      expect(cookieOf(answer)).toMatch(/^token=;.*Expires=Thu, 01 Jan 1970/);
      expect((await server.api('/getUserInfo', { headers: { cookie } })).status).toBe(401);
    });

    it('ends a bearer’s session, its refresh token with it', async () => {
      const { access_token, refresh_token } = (await post<Pair>('/auth/v1/login', { email: user.email, password: user.password })).body;
      const authorization = `Bearer ${access_token}`;
      expect((await post('/logout', undefined, { authorization })).status).toBe(200);
      expect((await server.api('/getUserInfo', { headers: { authorization } })).status).toBe(401);
      expect((await post('/auth/v1/refresh', { refresh_token })).status).toBe(401);
    });

    it('ends the session in its own tenant, whichever the request names', async () => {
      const owner = await makeTenant(server.api);
      const cookie = await cookieLogin(owner);
      expect((await post('/logout', undefined, { cookie })).status).toBe(200);
      expect((await server.api('/getUserInfo', { headers: { cookie } })).status).toBe(401);
    });

    it.each([
      ['{"x":', 'application/json'],
      ['bye', 'text/plain'],
    ])('whatever is sent along: %s', async (body, type) => {
      const cookie = await cookieLogin();
      const answer = await server.api('/logout', { method: 'POST', body, headers: { cookie, 'content-type': type } });
      expect(answer.status).toBe(200);
      expect((await server.api('/getUserInfo', { headers: { cookie } })).status).toBe(401);
    });

    it.each([{}, { cookie: 'token=stale' }, { authorization: 'Bearer stale' }, { 'x-client-id': 'no-such-tenant' }])(
      'answers 200 to %j too',
      async (headers) => {
        expect((await post('/logout', undefined, headers as Record<string, string>)).status).toBe(200);
      },
    );
  });

  describe('credentials', () => {
    it.each(['Bearer', 'Bearer ', 'Bearer nonsense', 'Bearer a.b.c', 'Bearer kw_nothing'])('refuses %s', async (authorization) => {
      expect(await server.api('/getUserInfo', { headers: { authorization } })).toMatchObject({
        status: 401,
        body: { code: 'UNAUTHORIZED' },
      });
    });

    it('refuses nobody at all, and says how to come', async () => {
      const answer = await server.api('/getUserInfo');
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    });

    it('refuses a token whose signature, algorithm or claims were changed', async () => {
      const [head = '', claims = '', signature = ''] = user.access_token.split('.');
      const changed = { ...claimsOf(user.access_token), role: 'owner' };
      const forged = [
        `${head}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}.${signature}`,
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`,
        `${head}.${claims}.${signature.slice(0, -2)}AA`,
      ];
      for (const token of forged) {
        expect((await server.api('/getUserInfo', { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
      }
    });

    it('takes the header before the cookie', async () => {
      const cookie = await cookieLogin();
      expect((await server.api('/getUserInfo', { headers: { cookie, authorization: 'Bearer nonsense' } })).status).toBe(401);
    });

    it('refuses a token of a tenant that was deleted, also once there is one by that name again', async () => {
      const owner = await makeTenant(server.api);
      expect((await owner.api('/getUserInfo')).status).toBe(200);
      await operatorOf(server.api)(`/tenants/${owner.client_id}`, { method: 'DELETE' });
      expect((await owner.api('/getUserInfo')).status).toBe(401);
      await sql(server.database_url, 'select pg_sleep(1.1)');
      await makeTenant(server.api, owner.client_id);
      expect((await owner.api('/getUserInfo')).status).toBe(401);
    });

    it('takes an API key with its tenant’s x-client-id, until it is deleted', async () => {
      const owner = await makeTenant(server.api);
      const made = await owner.api<{ id: string; key: string }>('/api-keys', { method: 'POST', json: { name: 'desk', scopes: ['users'] } });
      expect(made.status).toBe(201);
      const authorization = `Bearer ${made.body.key}`;
      const ask = async (headers: object): Promise<number> =>
        (await server.api(`/users/${owner.id}`, { headers: { authorization, ...headers } })).status;
      expect(await ask({ 'x-client-id': owner.client_id })).toBe(200);
      expect(await ask({})).toBe(401);
      expect(await ask({ 'x-client-id': 'default' })).toBe(401);
      expect(await ask({ 'x-client-id': 'no-such-tenant' })).toBe(401);
      expect((await owner.api(`/api-keys/${made.body.id}`, { method: 'DELETE' })).status).toBe(204);
      await sql(server.database_url, 'select pg_sleep(0.3)');
      expect(await ask({ 'x-client-id': owner.client_id })).toBe(401);
    });

    it('lets the operator act in the tenant that x-client-id names', async () => {
      const owner = await makeTenant(server.api);
      const operator = operatorOf(server.api);
      expect((await withHeaders(operator, { 'x-client-id': owner.client_id })(`/users/${owner.id}`)).status).toBe(200);
      expect((await operator('/tenants')).status).toBe(200);
    });
  });
});
