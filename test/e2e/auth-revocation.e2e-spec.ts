import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  claimsOf,
  connectSocket,
  emit,
  eventually,
  makeTenant,
  makeUser,
  next,
  operatorOf,
  signIn,
  type TestUser,
} from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/** Everywhere within a second (contract, section 0). */
const SOON_MS = 1_000;

describe('what ends on one node ends on all', () => {
  let database: TestDatabase;
  let one: TestServer;
  let two: TestServer;
  let owner: TestUser;
  let user: TestUser;

  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
  const statusOn = async (server: TestServer, token: string, path = '/getUserInfo'): Promise<number> =>
    (await server.api(path, { headers: bearer(token) })).status;
  const endsOnTwo = (token: string): Promise<number> =>
    eventually(
      () => statusOn(two, token),
      (status) => status === 401,
      SOON_MS,
    );

  beforeAll(async () => {
    database = await createDatabase();
    [one, two] = await Promise.all([startServer({ database }), startServer({ database })]);
    owner = await makeTenant(one.api);
  });

  afterAll(async () => {
    await Promise.all([one.stop(), two.stop()]);
    await database.drop();
  });

  beforeEach(async () => {
    user = await makeUser(one.api, { client_id: owner.client_id });
    expect(await statusOn(one, user.access_token)).toBe(200);
    expect(await statusOn(two, user.access_token)).toBe(200);
  });

  it('a logout', async () => {
    expect((await one.api('/logout', { method: 'POST', headers: bearer(user.access_token) })).status).toBe(200);
    expect(await statusOn(one, user.access_token)).toBe(401);
    await endsOnTwo(user.access_token);
  });

  it('a disabled account, whose other sessions end too, until it is enabled and signs in anew', async () => {
    const second = await signIn(two.api, user);
    expect(
      (await one.api(`/users/${user.id}`, { method: 'PATCH', json: { disabled: true }, headers: bearer(owner.access_token) })).status,
    ).toBe(200);
    expect(await statusOn(one, second.access_token)).toBe(401);
    await endsOnTwo(user.access_token);
    await endsOnTwo(second.access_token);
    await one.api(`/users/${user.id}`, { method: 'PATCH', json: { disabled: false }, headers: bearer(owner.access_token) });
    expect(await statusOn(two, user.access_token)).toBe(401);
    expect(await statusOn(two, (await signIn(two.api, user)).access_token)).toBe(200);
  });

  it('a deleted account', async () => {
    expect((await one.api('/user', { method: 'DELETE', headers: bearer(user.access_token) })).status).toBe(200);
    expect(await statusOn(one, user.access_token)).toBe(401);
    await endsOnTwo(user.access_token);
  });

  it('a role: the token in use has the new one, up and down', async () => {
    const setRole = async (role: string): Promise<void> => {
      const answer = await one.api(`/users/${user.id}`, { method: 'PATCH', json: { role }, headers: bearer(owner.access_token) });
      expect(answer.status).toBe(200);
    };
    const allowed = (status: number) => (): Promise<number> =>
      eventually(
        () => statusOn(two, user.access_token, '/audit-log'),
        (is) => is === status,
        SOON_MS,
      );
    await allowed(403)();
    await setRole('admin');
    expect(await statusOn(one, user.access_token, '/audit-log')).toBe(200);
    await allowed(200)();
    await setRole('member');
    expect(await statusOn(one, user.access_token, '/audit-log')).toBe(403);
    await allowed(403)();
  });

  it('a password: all other sessions, not the one that changed it', async () => {
    const second = await signIn(two.api, user);
    const json = { current_password: user.password, new_password: 'another-horse-battery-8' };
    expect((await one.api('/user/password', { method: 'PUT', json, headers: bearer(user.access_token) })).status).toBe(200);
    expect(await statusOn(one, second.access_token)).toBe(401);
    await endsOnTwo(second.access_token);
    expect(await statusOn(two, user.access_token)).toBe(200);
  });

  it('a tenant: its tokens, and the sockets of its people', async () => {
    const gone = await makeTenant(one.api);
    expect(await statusOn(two, gone.access_token)).toBe(200);
    const [socket, other] = [await connectSocket(two.url, gone.access_token), await connectSocket(two.url, user.access_token)];
    const told = next(socket, 'session:ended');
    expect((await operatorOf(one.api)(`/tenants/${gone.client_id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await statusOn(one, gone.access_token)).toBe(401);
    expect(await told).toEqual({ reason: 'tenant_deleted' });
    await endsOnTwo(gone.access_token);
    expect(await emit(other, 'sendMessage', { content: 'still here' })).toMatchObject({ ok: true });
    other.disconnect();
  });

  it('an API key', async () => {
    const made = await owner.api<{ id: string; key: string }>('/api-keys', { method: 'POST', json: { name: 'desk', scopes: ['users'] } });
    const ask = async (server: TestServer): Promise<number> =>
      (await server.api(`/users/${user.id}`, { headers: { ...bearer(made.body.key), 'x-client-id': owner.client_id } })).status;
    expect([await ask(one), await ask(two)]).toEqual([200, 200]);
    await owner.api(`/api-keys/${made.body.id}`, { method: 'DELETE' });
    await eventually(
      () => ask(two),
      (status) => status === 401,
      SOON_MS,
    );
  });

  it('an API key, on the node that deletes it with the answer: it does not wait for its own notification', async () => {
    const json = { name: 'desk', scopes: ['users'] };
    const made = await owner.api<{ id: string; key: string }>('/api-keys', { method: 'POST', json });
    const headers = { ...bearer(made.body.key), 'x-client-id': owner.client_id };
    expect((await one.api(`/users/${user.id}`, { headers })).status).toBe(200);
    const listeners = await sql<{ pid: number }>(
      database.url,
      `select pid from pg_stat_activity where application_name = 'kaiwa:listen' and datname = $1`,
      [database.name],
    );
    try {
      for (const { pid } of listeners) process.kill(pid, 'SIGSTOP');
      await owner.api(`/api-keys/${made.body.id}`, { method: 'DELETE' });
      expect((await one.api(`/users/${user.id}`, { headers })).status).toBe(401);
    } finally {
      for (const { pid } of listeners) process.kill(pid, 'SIGCONT');
    }
  });

  it('what a node missed while it could not listen is reloaded', async () => {
    const { sid } = claimsOf(user.access_token);
    await sql(
      database.url,
      `insert into revocations (client_id, kind, subject_id, reason, expires_at) values ($1, 'session', $2, 'logout', now() + interval '1 hour')`,
      [owner.client_id, sid],
    );
    expect(await statusOn(two, user.access_token)).toBe(200);
    await sql(
      database.url,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kaiwa:listen' and datname = $1`,
      [database.name],
    );
    await eventually(
      () => statusOn(two, user.access_token),
      (status) => status === 401,
    );
  });

  it('and so are accounts and tenants that went meanwhile, of whose sessions nothing is kept', async () => {
    const gone = await makeTenant(one.api);
    const [socket, shut, other] = [
      await connectSocket(two.url, gone.access_token),
      await connectSocket(two.url, (await makeUser(two.api, { client_id: owner.client_id })).access_token),
      await connectSocket(two.url, user.access_token),
    ];
    const told = [next(socket, 'session:ended'), next(shut, 'session:ended')];
    // Past the server, as if its words had been lost.
    await sql(database.url, 'delete from tenants where client_id = $1', [gone.client_id]);
    await sql(database.url, 'update users set disabled_at = now() where client_id = $1 and id not in ($2, $3)', [
      owner.client_id,
      owner.id,
      user.id,
    ]);
    await sql(
      database.url,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kaiwa:listen' and datname = $1`,
      [database.name],
    );
    expect(await Promise.all(told)).toEqual([{ reason: 'ended' }, { reason: 'ended' }]);
    expect(await emit(other, 'sendMessage', { content: 'still here' })).toMatchObject({ ok: true });
    other.disconnect();
  });

  it('a node that starts later knows what ended before', async () => {
    await one.api('/logout', { method: 'POST', headers: bearer(user.access_token) });
    const promoted = await makeUser(one.api, { client_id: owner.client_id });
    await one.api(`/users/${promoted.id}`, { method: 'PATCH', json: { role: 'admin' }, headers: bearer(owner.access_token) });
    const three = await startServer({ database });
    try {
      expect(await statusOn(three, user.access_token)).toBe(401);
      expect(await statusOn(three, promoted.access_token, '/audit-log')).toBe(200);
    } finally {
      await three.stop();
    }
  });
});
