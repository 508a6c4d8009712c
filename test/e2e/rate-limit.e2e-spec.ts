import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTenant, makeUser, signIn, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';

/** As if the request came from `address`, through the proxy that `TRUST_PROXY` trusts. */
const from = (address: string, api: Api): Api => withHeaders(api, { 'x-forwarded-for': address });

async function statuses(times: number, ask: () => Promise<Answer>): Promise<number[]> {
  const found: number[] = [];
  for (let n = 0; n < times; n++) found.push((await ask()).status);
  return found;
}

describe('rate limits', () => {
  let server: TestServer;
  let owner: TestUser;
  let user: TestUser;

  beforeAll(async () => {
    server = await startServer({ env: { RATE_LIMIT: '20/150', TRUST_PROXY: '1' } });
    owner = await makeTenant(from('198.51.100.1', server.api));
    user = await makeUser(from('198.51.100.2', server.api));
  });

  afterAll(async () => {
    await server.stop();
  });

  it('says what is left, and refuses by 429 what is too much', async () => {
    const first = await user.api('/getUserInfo');
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-policy')).toBe('"caller";q=20;w=60, "tenant";q=150;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"caller";r=19;t=(59|60)$/);
    expect(new Set(await statuses(19, () => user.api('/getUserInfo')))).toEqual(new Set([200]));
    const refused = await user.api('/getUserInfo');
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED', message: 'Too many requests' } });
    expect(refused.headers.get('ratelimit')).toMatch(/^"caller";r=0;t=\d+$/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  });

  it('counts each caller, and each anonymous address, by itself', async () => {
    const other = await makeUser(from('198.51.100.3', server.api));
    expect((await other.api('/getUserInfo')).status).toBe(200);
    const ask = (address: string): Promise<Answer> =>
      from(address, server.api)('/auth/v1/refresh', { method: 'POST', json: { refresh_token: 'none' } });
    expect((await statuses(21, () => ask('203.0.113.1'))).at(-1)).toBe(429);
    expect((await ask('203.0.113.2')).status).toBe(401);
    await statuses(20, () => ask('2001:db8::1'));
    expect((await ask('2001:db8::2')).status).toBe(429);
    expect((await ask('2001:db8:0:1::1')).status).toBe(401);
  });

  it('counts what the tenant’s callers do together, and no other tenant’s', async () => {
    const crowd = await makeTenant(from('198.51.100.20', server.api));
    const headers = { 'x-client-id': crowd.client_id };
    const ask = (n: number): Promise<Answer> =>
      withHeaders(from(`203.0.113.${100 + (n % 10)}`, server.api), headers)('/auth/v1/refresh', {
        method: 'POST',
        json: { refresh_token: 'none' },
      });
    let n = 0;
    expect((await statuses(160, () => ask(n++))).at(-1)).toBe(429);
    const refused = await crowd.api('/getUserInfo');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('ratelimit')).toMatch(/^"tenant";r=0;t=\d+$/);
    expect((await owner.api('/getUserInfo')).status).toBe(200);
  });

  it('counts credentials that are not valid by address, so that keys cannot be guessed', async () => {
    const guess = (): Promise<Answer> =>
      from('203.0.113.60', server.api)('/getUserInfo', {
        headers: { authorization: `Bearer kw_${uniqueName('')}`, 'x-client-id': owner.client_id },
      });
    expect((await statuses(21, guess)).slice(-2)).toEqual([401, 429]);
  });

  it('lets monitors ask as often as they like', async () => {
    const ask = (): Promise<Answer> => from('203.0.113.70', server.api)('/health/live');
    expect(new Set(await statuses(30, ask))).toEqual(new Set([200]));
    expect((await ask()).headers.get('ratelimit')).toBeNull();
  });
});

describe('guessing passwords', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ env: { TRUST_PROXY: '1', RATE_LIMIT: 'on' } });
  });

  afterAll(async () => {
    await server.stop();
  });

  const attempt = (user: { email: string }, password: string, address: string, path = '/auth/v1/login'): Promise<Answer> => {
    const json = path === '/login' ? { usernameOrEmail: user.email, password } : { email: user.email, password };
    return from(address, server.api)(path, { method: 'POST', json });
  };

  it('locks the account after ten failures by any door, but not to its owner where they signed in before', async () => {
    const user = await makeUser(from('198.51.100.1', server.api));
    const [home, away] = ['198.51.100.1', '203.0.113.1'];
    expect(new Set(await statuses(5, () => attempt(user, 'not the password', away)))).toEqual(new Set([401]));
    expect(new Set(await statuses(5, () => attempt(user, 'not the password', away, '/login')))).toEqual(new Set([403]));
    const refused = await attempt(user, user.password, away);
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(15 * 60);
    expect((await attempt(user, user.password, '203.0.113.2')).status).toBe(429);
    expect((await attempt(user, 'not the password', home)).status).toBe(401);
    expect((await attempt(user, user.password, home)).status).toBe(200);
    // The owner's success takes the lock off.
    expect((await attempt(user, user.password, '203.0.113.2')).status).toBe(200);
  });

  it('refuses unknown accounts as it does known ones', async () => {
    const nobody = { email: `${uniqueName('nobody')}@example.com` };
    expect((await statuses(11, () => attempt(nobody, 'not the password', '203.0.113.3'))).slice(-2)).toEqual([401, 429]);
  });

  it('bounds registrations for one email, whatever the address', async () => {
    const user = await makeUser(from('198.51.100.6', server.api));
    let n = 0;
    const register = (): Promise<Answer> =>
      from(`203.0.113.${n++}`, server.api)('/auth/v1/register', { method: 'POST', json: { email: user.email, password: user.password } });
    expect((await statuses(100, register)).slice(-2)).toEqual([409, 429]);
  });

  it('bounds registrations by somebody who is signed in, too', async () => {
    const user = await makeUser(from('198.51.100.7', server.api));
    const json = { email: user.email, password: user.password };
    const register = (): Promise<Answer> => from('198.51.100.7', user.api)('/auth/v1/register', { method: 'POST', json });
    expect((await statuses(100, register)).slice(-2)).toEqual([409, 429]);
  });

  it('does not count those who are signed in, nor successes', async () => {
    const user = await makeUser(from('198.51.100.4', server.api));
    expect(new Set(await statuses(15, () => attempt(user, user.password, '198.51.100.4')))).toEqual(new Set([200]));
    await expect(signIn(from('198.51.100.5', server.api), user)).resolves.toMatchObject({ id: user.id });
  });
});
