import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { connectSocket, eventually, makeTenant, makeUser, operatorOf, type TestUser, uniqueName } from '../support/client.js';
import { OidcIssuer } from '../support/oidc-issuer.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

interface UserInfo {
  id: string;
  username: string;
  email: string;
}

describe('ID tokens of an issuer that the tenant trusts', () => {
  let server: TestServer;
  let issuer: OidcIssuer;
  let owner: TestUser;

  const trust = async (client_id: string, oidc: object | null): Promise<void> => {
    const answer = await operatorOf(server.api)(`/tenants/${client_id}`, { method: 'PATCH', json: { oidc } });
    expect(answer.status).toBe(200);
  };
  const person = (changes: JWTPayload = {}): JWTPayload => ({
    sub: randomUUID(),
    email: `${uniqueName('p')}@example.com`,
    email_verified: true,
    'custom:tenant_id': owner.client_id,
    ...changes,
  });
  const ask = (token: string, path = '/getUserInfo'): Promise<Answer<UserInfo>> =>
    server.api<UserInfo>(path, { headers: { authorization: `Bearer ${token}` } });
  const comes = async (claims: JWTPayload, options = {}): Promise<Answer<UserInfo>> => ask(await issuer.idToken(claims, options));

  beforeAll(async () => {
    issuer = await OidcIssuer.start();
    server = await startServer();
    owner = await makeTenant(server.api);
    await trust(owner.client_id, { issuer: issuer.url, audience: [issuer.audience] });
  });

  afterAll(async () => {
    await server.stop();
    await issuer.stop();
  });

  it('make a new person a member, once', async () => {
    const claims = person({ email: 'Hanako.Suzuki@example.com' });
    const answers = await Promise.all([comes(claims), comes({ ...claims, nonce: 'a' }), comes({ ...claims, nonce: 'b' })]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers[0]?.body).toMatchObject({ username: 'hanako.suzuki', email: 'Hanako.Suzuki@example.com' });
    const [row] = await sql(server.database_url, 'select role, email_verified, password_hash from users where id = $1', [
      answers[0]?.body.id,
    ]);
    expect(row).toEqual({ role: 'member', email_verified: true, password_hash: null });
  });

  it('also where registration is closed', async () => {
    const closed = await makeTenant(server.api, undefined, { registration: 'closed' });
    await trust(closed.client_id, { issuer: issuer.url, audience: [issuer.audience] });
    expect((await comes(person({ 'custom:tenant_id': closed.client_id }))).status).toBe(200);
  });

  it('open the local account that has the verified email, and keep to it', async () => {
    const local = await makeUser(server.api, { client_id: owner.client_id });
    const claims = person({ email: local.email.toUpperCase() });
    expect(await comes(claims)).toMatchObject({ status: 200, body: { id: local.id, username: local.username } });
    expect((await comes({ ...claims, email: 'changed@example.com' })).body.id).toBe(local.id);
  });

  it('open no account by an email that is not verified', async () => {
    const local = await makeUser(server.api, { client_id: owner.client_id });
    for (const email_verified of [false, undefined, 'false']) {
      expect((await comes(person({ email: local.email, email_verified }))).status).toBe(401);
    }
    expect((await comes(person({ email_verified: false }))).status).toBe(200);
  });

  it('serve on sockets too', async () => {
    const claims = person();
    await comes(claims);
    const socket = await connectSocket(server.url, await issuer.idToken(claims));
    socket.disconnect();
  });

  it('are believed by RS256 and ES256', async () => {
    const other = await OidcIssuer.start('ES256');
    const tenant = await makeTenant(server.api);
    await trust(tenant.client_id, { issuer: other.url, audience: ['another-app', other.audience] });
    expect((await ask(await other.idToken(person({ 'custom:tenant_id': tenant.client_id })))).status).toBe(200);
    await other.stop();
  });

  it('of keys that are not known have the issuer asked once in a while, not at each', async () => {
    const rotating = await OidcIssuer.start();
    const tenant = await makeTenant(server.api);
    await trust(tenant.client_id, { issuer: rotating.url, audience: [rotating.audience] });
    const claims = person({ 'custom:tenant_id': tenant.client_id });
    expect((await ask(await rotating.idToken(claims))).status).toBe(200);
    for (let n = 0; n < 5; n++) {
      await rotating.rotate();
      expect((await ask(await rotating.idToken(claims))).status).toBe(401);
    }
    expect(rotating.key_fetches).toBe(1);
    await rotating.stop();
  });

  describe('are refused', () => {
    let own: OidcIssuer;
    let tenant: TestUser;
    let claims: JWTPayload;

    beforeAll(async () => {
      own = await OidcIssuer.start();
      tenant = await makeTenant(server.api);
      await trust(tenant.client_id, { issuer: own.url, audience: [own.audience] });
      claims = person({ 'custom:tenant_id': tenant.client_id });
      expect((await ask(await own.idToken(claims))).status).toBe(200);
    });

    afterAll(() => own.stop());

    it.each<[string, JWTPayload]>([
      ['another audience', { aud: 'another-app' }],
      ['another issuer', { iss: 'https://evil.example.com' }],
      ['no tenant', { 'custom:tenant_id': undefined }],
      ['a tenant that trusts nobody', { 'custom:tenant_id': 'default' }],
      ['no such tenant', { 'custom:tenant_id': 'no-such-tenant' }],
      ['client_id in place of the claim', { 'custom:tenant_id': undefined, client_id: 'default' }],
      ['an access token', { token_use: 'access' }],
      ['no subject', { sub: undefined }],
      ['no email, of somebody new', { email: undefined, sub: 'somebody-new' }],
      ['no end', { exp: undefined }],
      ['an end that has been', { exp: Math.floor(Date.now() / 1_000) - 60 }],
      ['a beginning that is to come', { nbf: Math.floor(Date.now() / 1_000) + 600 }],
    ])('with %s', async (_what, changes) => {
      expect((await ask(await own.idToken({ ...claims, ...changes }))).status).toBe(401);
    });

    it('but not a member whose token says no email any more', async () => {
      const { email: _email, ...nameless } = claims;
      expect((await ask(await own.idToken(nameless))).status).toBe(200);
    });

    it('with a key that is not published', async () => {
      expect((await ask(await own.idToken(claims, { forged: true }))).status).toBe(401);
    });

    it('in a tenant that trusts another issuer', async () => {
      expect((await ask(await own.idToken({ ...claims, 'custom:tenant_id': owner.client_id }))).status).toBe(401);
    });

    it('with our own issuer’s name', async () => {
      expect((await ask(await own.idToken({ ...claims, iss: 'kaiwa', aud: 'kaiwa' }))).status).toBe(401);
    });

    it('once the tenant trusts the issuer no more', async () => {
      const token = await own.idToken(claims);
      expect((await ask(token)).status).toBe(200);
      await trust(tenant.client_id, null);
      await eventually(
        () => ask(token),
        ({ status }) => status === 401,
        1_000,
      );
      await trust(tenant.client_id, { issuer: own.url, audience: [own.audience] });
    });
  });

  it('of a person who is disabled are refused at once', async () => {
    const claims = person();
    const token = await issuer.idToken(claims);
    const { id } = (await ask(token)).body;
    await owner.api(`/users/${id}`, { method: 'PATCH', json: { disabled: true } });
    expect((await ask(token)).status).toBe(401);
    expect((await comes(claims)).status).toBe(401);
    await owner.api(`/users/${id}`, { method: 'PATCH', json: { disabled: false } });
    expect((await ask(token)).status).toBe(200);
  });

  it('have the role that the person has now', async () => {
    const token = await issuer.idToken(person());
    const { id } = (await ask(token)).body;
    expect((await ask(token, '/audit-log')).status).toBe(403);
    await owner.api(`/users/${id}`, { method: 'PATCH', json: { role: 'admin' } });
    expect((await ask(token, '/audit-log')).status).toBe(200);
  });

  it('bring no deleted account back; a later sign-in makes a new one', async () => {
    const claims = person();
    const token = await issuer.idToken(claims);
    const { id } = (await ask(token)).body;
    expect((await server.api('/user', { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await ask(token)).status).toBe(401);
    const later = { iat: Math.floor(Date.now() / 1_000) + 2 };
    const again = await eventually(
      () => comes({ ...claims, ...later }),
      ({ status }) => status === 200,
    );
    expect(again.body.id).not.toBe(id);
  });

  it('cannot be checked while the issuer is away: 503, and no matter on a public route', async () => {
    const away = await OidcIssuer.start();
    const tenant = await makeTenant(server.api);
    await trust(tenant.client_id, { issuer: away.url, audience: [away.audience] });
    const token = await away.idToken(person({ 'custom:tenant_id': tenant.client_id }));
    away.broken = true;
    const answer = await ask(token);
    expect(answer).toMatchObject({ status: 503, body: { code: 'ISSUER_UNAVAILABLE' } });
    expect(answer.headers.get('retry-after')).toBe('10');
    expect((await server.api('/logout', { method: 'POST', headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    await away.stop();
  });

  it('are not asked for at a private address that the tenant itself names', async () => {
    const { port } = new URL(issuer.url);
    for (const name of [
      `https://127.0.0.1:${port}/pool`,
      'https://[::ffff:127.0.0.1]/pool',
      'https://169.254.169.254/pool',
      'https://localhost/pool',
    ]) {
      const answer = await owner.api('/tenant', { method: 'PATCH', json: { oidc: { issuer: name, audience: ['app'] } } });
      expect(answer).toMatchObject({ status: 400, body: { details: [{ field: 'oidc.issuer' }] } });
    }
    const fetches = issuer.key_fetches;
    const tenant = await makeTenant(server.api);
    await sql(server.database_url, `update tenants set oidc = $2 where client_id = $1`, [
      tenant.client_id,
      JSON.stringify({ issuer: issuer.url, audience: [issuer.audience], allow_private: false }),
    ]);
    await operatorOf(server.api)(`/tenants/${tenant.client_id}`, { method: 'PATCH', json: { name: 'T' } });
    expect((await comes(person({ 'custom:tenant_id': tenant.client_id }))).status).toBe(503);
    expect(issuer.key_fetches).toBe(fetches);
  });
});
