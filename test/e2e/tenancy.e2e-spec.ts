import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually, makeTenant, makeUser, operatorOf, signIn, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import { type Api, OPERATOR_KEY, startServer, type TestServer } from '../support/server.js';

interface Tenant {
  client_id: string;
  name: string;
  timezone: string;
  phone_region: string;
  registration: string;
  domains: string[];
  phone_numbers: string[];
  oidc: { issuer: string; audience: string[] } | null;
  openai?: object | null;
  twilio?: object | null;
  created_at: string;
}
interface Refusal {
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

const PASSWORD = 'correct-horse-battery-7';
const NOWHERE = '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';

let server: TestServer;
let api: Api;
let operator: Api;
let owner: TestUser;
let other: TestUser;
let member: TestUser;

beforeAll(async () => {
  server = await startServer();
  api = server.api;
  operator = operatorOf(api);
  owner = await makeTenant(api);
  other = await makeTenant(api);
  member = await makeUser(api, { client_id: owner.client_id });
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

/** A member of `owner`'s tenant who was given a role. */
async function withRole(role: string): Promise<TestUser> {
  const user = await makeUser(api, { client_id: owner.client_id });
  const changed = await owner.api(`/users/${user.id}`, { method: 'PATCH', json: { role } });
  expect(changed.status).toBe(200);
  return signIn(api, user);
}

function newTenant(
  settings: object = {},
): { client_id: string; owner: { username: string; email: string; password: string } } & Record<string, unknown> {
  const client_id = uniqueName('t');
  return { client_id, name: client_id, owner: { username: 'owner', email: `owner@${client_id}.example`, password: PASSWORD }, ...settings };
}

describe('the default tenant', () => {
  it('is made at the first start, with an owner whose password is said once', async () => {
    const [, password] = /password {2}(\S+)/.exec(server.logs()) ?? [];
    const first = await signIn(api, { email: 'owner@localhost.localdomain', password: password ?? '' });
    expect(first.client_id).toBe('default');
    const { body } = await first.api<Tenant>('/tenant');
    expect(body).toMatchObject({ client_id: 'default', registration: 'open', timezone: 'Asia/Tokyo', phone_region: 'JP' });
  });

  it('is neither made anew nor said again by a second node, and cannot be deleted', async () => {
    const second = await startServer({ database: server.database });
    try {
      expect(second.logs()).not.toContain('password');
    } finally {
      expect(await second.stop()).toBe(0);
    }
    const refused = await operator<Refusal>('/tenants/default', { method: 'DELETE' });
    expect([refused.status, refused.body.code]).toEqual([409, 'DEFAULT_TENANT']);
  });
});

describe('POST /tenants', () => {
  it('makes a tenant with its owner, who can sign in at once', async () => {
    const host = `${uniqueName('app')}.example`;
    const asked = newTenant({ name: '東京サロン', domains: [host.toUpperCase()], phone_numbers: ['03-1234-5678'], registration: 'invite' });
    const { status, body } = await operator<Tenant>('/tenants', { method: 'POST', json: asked });
    expect(status).toBe(201);
    expect(body).toEqual({
      client_id: asked.client_id,
      name: '東京サロン',
      timezone: 'Asia/Tokyo',
      phone_region: 'JP',
      registration: 'invite',
      domains: [host],
      phone_numbers: ['03-1234-5678'],
      oidc: null,
      openai: null,
      twilio: null,
      assistant: { idle_minutes: 30, history_turns: 20, history_hours: 168 },
      storage_quota_bytes: null,
      matching: {
        price: null,
        currency: 'jpy',
        cancel_cutoff_hours: 0,
        refund_full_hours: 24,
        refund_late_percent: 50,
        message_ttl_days: 30,
        certificate_retention_days: 90,
        meeting_provider: null,
      },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    const made = await signIn(api, { ...asked.owner, client_id: asked.client_id });
    const me = await made.api<{ role: string }>('/users/me');
    expect(me.body).toMatchObject({ role: 'owner', username: 'owner', email: asked.owner.email });
    const rooms = await made.api<Array<{ id: string }>>('/rooms');
    expect(rooms.body.map(({ id }) => id)).toEqual(['lobby']);
    await operator(`/tenants/${asked.client_id}`, { method: 'DELETE' });
  });

  it('refuses a client_id, a domain or a phone number that is taken, and leaves nothing behind', async () => {
    const host = `${uniqueName('app')}.example`;
    const first = newTenant({ domains: [host], phone_numbers: ['+81312340001'] });
    expect((await operator('/tenants', { method: 'POST', json: first })).status).toBe(201);
    const refusals = [
      [{ ...newTenant(), client_id: first.client_id }, 'CLIENT_ID_TAKEN'],
      [newTenant({ domains: [host] }), 'DOMAIN_TAKEN'],
      [newTenant({ phone_numbers: ['03-1234-0001'] }), 'PHONE_NUMBER_TAKEN'],
    ] as const;
    for (const [json, code] of refusals) {
      const refused = await operator<Refusal>('/tenants', { method: 'POST', json });
      expect([refused.status, refused.body.code]).toEqual([409, code]);
    }
    const absent = await withHeaders(api, { 'x-client-id': refusals[1][0].client_id })<Refusal>('/login', {
      method: 'POST',
      json: { usernameOrEmail: 'owner', password: PASSWORD },
    });
    expect([absent.status, absent.body.message]).toEqual([404, 'Unknown client']);
  });

  it('of several at once makes one', async () => {
    const asked = newTenant();
    const answers = await Promise.all(Array.from({ length: 4 }, () => operator('/tenants', { method: 'POST', json: asked })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it('names every wrong field at once', async () => {
    const { status, body } = await operator<Refusal>('/tenants', {
      method: 'POST',
      json: {
        client_id: 'No!',
        name: '',
        timezone: 'Mars',
        registration: 'maybe',
        owner: { username: 'a@b', email: 'x', password: '12345678' },
      },
    });
    expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(body.details?.map(({ field }) => field).sort()).toEqual([
      'client_id',
      'name',
      'owner.email',
      'owner.password',
      'owner.username',
      'registration',
      'timezone',
    ]);
    const number = await operator<Refusal>('/tenants', { method: 'POST', json: newTenant({ phone_numbers: ['12'] }) });
    expect(number.body.details).toEqual([{ field: 'phone_numbers', message: '12 is not a phone number in JP' }]);
  });

  it('is for the operator alone', async () => {
    expect((await api('/tenants', { method: 'POST', json: newTenant() })).status).toBe(401);
    expect((await withHeaders(api, { authorization: 'Bearer not-the-operator-key-at-all' })('/tenants')).status).toBe(401);
    expect((await owner.api('/tenants', { method: 'POST', json: newTenant() })).status).toBe(403);
    expect((await owner.api('/tenants')).status).toBe(403);
    expect((await owner.api(`/tenants/${owner.client_id}`, { method: 'PATCH', json: {} })).status).toBe(403);
    expect((await owner.api(`/tenants/${owner.client_id}`, { method: 'DELETE' })).status).toBe(403);
  });
});

describe('GET /tenants', () => {
  it('pages through all of them by client_id', async () => {
    const seen: string[] = [];
    let path: string | null = '/tenants?limit=2';
    while (path) {
      const page: Awaited<ReturnType<typeof operator<Tenant[]>>> = await operator<Tenant[]>(path);
      expect(page.status).toBe(200);
      seen.push(...page.body.map(({ client_id }) => client_id));
      const [, next] = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '') ?? [];
      path = next ?? null;
    }
    expect(seen).toEqual([...new Set(seen)].sort());
    expect(seen).toEqual(expect.arrayContaining(['default', owner.client_id, other.client_id]));
    expect((await operator<Refusal>('/tenants?cursor=zzz')).body.code).toBe('INVALID_CURSOR');
  });
});

describe('GET and PATCH /tenant', () => {
  it('show and change one’s own tenant', async () => {
    expect((await member.api<Tenant>('/tenant')).body.client_id).toBe(owner.client_id);
    const oidc = { issuer: 'https://issuer.example/pool', audience: ['app-1'] };
    const changed = await owner.api<Tenant>('/tenant', {
      method: 'PATCH',
      json: { name: '大阪', timezone: 'UTC', phone_region: 'US', oidc },
    });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ name: '大阪', timezone: 'UTC', phone_region: 'US', registration: 'open', oidc });
    // Which accounts it uses is its admins' to know.
    const { openai, twilio, ...shown } = changed.body;
    expect([openai, twilio]).toEqual([null, null]);
    expect((await member.api<Tenant>('/tenant')).body).toEqual(shown);
    const cleared = await owner.api<Tenant>('/tenant', { method: 'PATCH', json: { oidc: null, phone_region: 'JP' } });
    expect(cleared.body).toMatchObject({ name: '大阪', oidc: null });
  });

  it('refuse what an owner may not set', async () => {
    for (const json of [{ domains: ['a.example'] }, { phone_numbers: [] }, { client_id: 'x' }, { created_at: null }]) {
      expect((await owner.api('/tenant', { method: 'PATCH', json })).status).toBe(400);
    }
    for (const issuer of [
      'http://issuer.example',
      'https://127.0.0.1/x',
      'https://[::ffff:10.0.0.1]',
      'https://0x7f.1',
      'https://localhost',
      'https://169.254.169.254',
    ]) {
      const refused = await owner.api<Refusal>('/tenant', { method: 'PATCH', json: { oidc: { issuer, audience: ['a'] } } });
      expect([issuer, refused.status, refused.body.details?.[0]?.field]).toEqual([issuer, 400, 'oidc.issuer']);
    }
  });

  it('are for the tenant’s people; changing is for its owner', async () => {
    expect((await api('/tenant')).status).toBe(401);
    const admin = await withRole('admin');
    for (const user of [member, admin]) {
      expect((await user.api<Refusal>('/tenant', { method: 'PATCH', json: { name: 'x' } })).body.code).toBe('FORBIDDEN');
    }
  });

  it('never reach another tenant: x-client-id beside a credential changes nothing but the answer, 403', async () => {
    const refused = await withHeaders(owner.api, { 'x-client-id': other.client_id })<Refusal>('/tenant');
    expect([refused.status, refused.body.code]).toEqual([403, 'CLIENT_MISMATCH']);
    expect((await withHeaders(owner.api, { 'x-client-id': owner.client_id })('/tenant')).status).toBe(200);
  });

  it('let the operator act in any tenant that it names', async () => {
    expect((await operatorOf(api, other.client_id)<Tenant>('/tenant')).body.client_id).toBe(other.client_id);
    const unnamed = await operator<Refusal>('/tenant');
    expect([unnamed.status, unnamed.body.details?.[0]?.field]).toEqual([400, 'x-client-id']);
    expect((await operatorOf(api, 'nobody-here')<Refusal>('/tenant')).body).toMatchObject({
      code: 'UNKNOWN_CLIENT',
      message: 'Unknown client',
    });
  });
});

describe('PATCH and DELETE /tenants/{client_id}', () => {
  it('move a domain from one tenant to another, and anonymous requests with it, on every node', async () => {
    const host = `${uniqueName('app')}.example`;
    const [a, b] = [newTenant({ domains: [host], registration: 'closed' }), newTenant({ registration: 'invite' })];
    for (const json of [a, b]) expect((await operator('/tenants', { method: 'POST', json })).status).toBe(201);
    const second = await startServer({ database: server.database });
    try {
      const register = async (node: TestServer): Promise<string> => (await registerAt(node, host)).code;
      expect(await register(second)).toBe('REGISTRATION_CLOSED');
      const patch = (client_id: string, domains: string[]) =>
        operator<Refusal>(`/tenants/${client_id}`, { method: 'PATCH', json: { domains } });
      expect((await patch(b.client_id, [host])).body.code).toBe('DOMAIN_TAKEN');
      expect((await patch(a.client_id, [])).status).toBe(200);
      expect((await patch(b.client_id, [host])).status).toBe(200);
      expect(await register(server)).toBe('INVITATION_REQUIRED');
      await eventually(
        () => register(second),
        (code) => code === 'INVITATION_REQUIRED',
        1_000,
      );
    } finally {
      await second.stop();
    }
  });

  it('delete a tenant with everything in it; its people are nobody from then on, on every node', async () => {
    const gone = await makeTenant(api, uniqueName('gone'), { phone_numbers: ['+81312349999'] });
    await gone.api('/api-keys', { method: 'POST', json: { name: 'k' } });
    const second = await startServer({ database: server.database });
    try {
      const there = withHeaders(second.api, { authorization: `Bearer ${gone.access_token}` });
      expect((await there('/tenant')).status).toBe(200);
      expect((await operator(`/tenants/${gone.client_id}`, { method: 'DELETE' })).status).toBe(204);
      expect((await gone.api('/tenant')).status).toBe(401);
      await eventually(
        async () => (await there('/tenant')).status,
        (status) => status === 401,
        1_000,
      );
    } finally {
      await second.stop();
    }
    const again = await operator<Refusal>(`/tenants/${gone.client_id}`, { method: 'DELETE' });
    expect([again.status, again.body.message]).toEqual([404, 'Unknown client']);
    expect((await operator(`/tenants/${gone.client_id}`, { method: 'PATCH', json: { name: 'x' } })).status).toBe(404);
    expect((await operator('/tenants/Not%20a%20name', { method: 'DELETE' })).status).toBe(404);

    const client = new pg.Client({ connectionString: server.database_url });
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'client_id'
          where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'operator_log'`,
      );
      expect(tables.length).toBeGreaterThan(10);
      for (const { name } of tables) {
        const { rows } = await client.query(`select count(*)::int as left_over from ${name} where client_id = $1`, [gone.client_id]);
        expect([name, rows[0]]).toEqual([name, { left_over: 0 }]);
      }
      const { rows: log } = await client.query('select action, request_id, address from operator_log where client_id = $1 order by id', [
        gone.client_id,
      ]);
      expect(log.map(({ action }) => action)).toEqual(['tenant.created', 'tenant.deleted']);
      expect(log[1]).toMatchObject({ request_id: expect.any(String), address: '127.0.0.1' });
    } finally {
      await client.end();
    }
  });

  it('a tenant that is made under the name of a deleted one, however soon, is another one: old tokens are nobody’s', async () => {
    const first = await makeTenant(api);
    const cookie = await api('/login', {
      method: 'POST',
      json: { usernameOrEmail: first.username, password: PASSWORD },
      headers: { 'x-client-id': first.client_id },
    });
    const old = `token=${/token=([^;]+)/.exec(cookie.headers.get('set-cookie') ?? '')?.[1] ?? ''}`;
    expect((await api('/tenant', { headers: { cookie: old } })).status).toBe(200);
    expect((await operator(`/tenants/${first.client_id}`, { method: 'DELETE' })).status).toBe(204);
    const second = await makeTenant(api, first.client_id);
    expect((await second.api('/tenant')).status).toBe(200);
    expect((await first.api('/tenant')).status).toBe(401);
    expect((await api('/tenant', { headers: { cookie: old } })).status).toBe(401);
    const renewed = await api('/auth/v1/refresh', {
      method: 'POST',
      json: { refresh_token: first.refresh_token },
      headers: { 'x-client-id': first.client_id },
    });
    expect(renewed.status).toBe(401);
  });
});

async function registerAt(node: TestServer, host: string): Promise<{ code: string }> {
  const { request } = await import('node:http');
  const body = JSON.stringify({ username: uniqueName('u'), email: `${uniqueName('u')}@example.com`, password: PASSWORD });
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL('/register', node.url),
      { method: 'POST', headers: { host, 'content-type': 'application/json' } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as { code: string }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('the tenant of an anonymous request', () => {
  it.each<[string, string, Record<string, string>]>([
    ['the header', '/register', { 'x-client-id': 'nobody-here' }],
    ['the query', '/register?client_id=nobody-here', {}],
    ['a header that cannot be a name', '/register', { 'x-client-id': 'No Body' }],
  ])('that %s names and that there is not is 404', async (_, path, headers) => {
    const refused = await api<Refusal>(path, { method: 'POST', headers, json: {} });
    expect([refused.status, refused.body.message]).toEqual([404, 'Unknown client']);
  });

  it('is the default one where nothing names one, and the named one by query', async () => {
    const person = { username: uniqueName('u'), email: `${uniqueName('u')}@example.com`, password: PASSWORD };
    expect((await api('/register', { method: 'POST', json: person })).status).toBe(201);
    expect((await api(`/register?client_id=${other.client_id}`, { method: 'POST', json: person })).status).toBe(201);
    expect((await api('/register', { method: 'POST', json: person })).status).toBe(409);
  });
});

describe('API keys', () => {
  interface Key {
    id: string;
    name: string;
    scopes: string[];
    expires_at: string | null;
    key?: string;
  }

  const signedBy = ({ key = '' }: Key): Record<string, string> => ({ authorization: `Bearer ${key}`, 'x-client-id': owner.client_id });

  it('are shown once, sign a system in, and end everywhere within a second', async () => {
    const { status, body } = await owner.api<Key>('/api-keys', { method: 'POST', json: { name: 'desk' } });
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: 'desk', scopes: ['phone'], expires_at: null, key: expect.stringMatching(/^kw_[\w-]{43}$/) });
    const listed = await owner.api<Key[]>('/api-keys');
    expect(listed.body.find(({ id }) => id === body.id)).toEqual({ ...body, key: undefined });
    expect(JSON.stringify(listed.body)).not.toContain(body.key);

    const second = await startServer({ database: server.database });
    try {
      const headers = signedBy(body);
      const [here, there] = [withHeaders(api, headers), withHeaders(second.api, headers)];
      expect((await here<Tenant>('/tenant')).body.client_id).toBe(owner.client_id);
      expect((await there('/tenant')).status).toBe(200);
      expect((await here<Refusal>('/users/me')).body.code).toBe('SCOPE_MISSING');
      expect((await withHeaders(api, { ...headers, 'x-client-id': other.client_id })('/tenant')).status).toBe(401);
      expect((await owner.api(`/api-keys/${body.id}`, { method: 'DELETE' })).status).toBe(204);
      for (const node of [here, there])
        await eventually(
          async () => (await node('/tenant')).status,
          (now) => now === 401,
          1_000,
        );
    } finally {
      await second.stop();
    }
    expect((await owner.api<Refusal>(`/api-keys/${body.id}`, { method: 'DELETE' })).body).toMatchObject({ code: 'API_KEY_NOT_FOUND' });
  });

  it('end at their time', async () => {
    const expires_at = new Date(Date.now() + 700).toISOString();
    const { body } = await owner.api<Key>('/api-keys', { method: 'POST', json: { name: 'brief', scopes: ['phone', 'phone'], expires_at } });
    expect(body).toMatchObject({ scopes: ['phone'], expires_at });
    const call = withHeaders(api, signedBy(body));
    expect((await call('/tenant')).status).toBe(200);
    await eventually(
      async () => (await call('/tenant')).status,
      (status) => status === 401,
      2_000,
    );
  });

  it('refuse wrong fields, and a replay of the answer that holds the key', async () => {
    for (const json of [
      {},
      { name: '' },
      { name: 'k', scopes: ['all'] },
      { name: 'k', expires_at: '2020-01-01T00:00:00Z' },
      { name: 'k', key: 'x' },
    ]) {
      expect((await owner.api('/api-keys', { method: 'POST', json })).status).toBe(400);
    }
    const replay = await owner.api<Refusal>('/api-keys', { method: 'POST', json: { name: 'k' }, headers: { 'idempotency-key': 'once' } });
    expect([replay.status, replay.body.code]).toEqual([400, 'IDEMPOTENCY_NOT_SUPPORTED']);
  });

  it('are the admins’ to make, list and end', async () => {
    expect((await api('/api-keys')).status).toBe(401);
    const staff = await withRole('staff');
    for (const user of [member, staff]) {
      expect((await user.api('/api-keys')).status).toBe(403);
      expect((await user.api('/api-keys', { method: 'POST', json: { name: 'k' } })).status).toBe(403);
      expect((await user.api(`/api-keys/${NOWHERE}`, { method: 'DELETE' })).status).toBe(403);
    }
  });

  it('of another tenant are as absent', async () => {
    const { body } = await other.api<Key>('/api-keys', { method: 'POST', json: { name: 'theirs' } });
    expect((await owner.api(`/api-keys/${body.id}`, { method: 'DELETE' })).status).toBe(404);
    expect((await owner.api<Key[]>('/api-keys')).body.map(({ id }) => id)).not.toContain(body.id);
    expect((await owner.api('/api-keys/no-id', { method: 'DELETE' })).status).toBe(404);
  });
});

describe('invitations', () => {
  interface Invitation {
    id: string;
    email: string;
    role: string;
    token: string;
    used_at: string | null;
  }

  const invite = (user: TestUser, json: object) => user.api<Invitation & Refusal>('/invitations', { method: 'POST', json });
  const register = (client_id: string, json: object) =>
    withHeaders(api, { 'x-client-id': client_id })<{ id: string } & Refusal>('/register', { method: 'POST', json });

  it('open a tenant that takes invited people alone: once, for that email, with that role', async () => {
    const host = await makeTenant(api, uniqueName('inv'), { registration: 'invite' });
    const username = uniqueName('u');
    const person = { username, email: `${username}@Example.com`, password: PASSWORD };
    expect((await register(host.client_id, person)).body.code).toBe('INVITATION_REQUIRED');

    const made = await invite(host, { email: `${username}@example.com`, role: 'staff' });
    expect(made.status).toBe(201);
    const { token: invitation, id } = made.body;
    const wrong = await register(host.client_id, { ...person, email: 'else@example.com', invitation });
    expect([wrong.status, wrong.body.code]).toEqual([403, 'INVITATION_INVALID']);
    expect((await register(owner.client_id, { ...person, invitation })).body.code).toBe('INVITATION_INVALID');

    const answers = await Promise.all([
      register(host.client_id, { ...person, invitation }),
      register(host.client_id, { ...person, username: `${username}2`, invitation }),
    ]);
    expect(answers.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1);
    const again = await register(host.client_id, { ...person, username: `${username}3`, invitation });
    expect([again.status, again.body.code]).toEqual([403, 'INVITATION_INVALID']);

    const people = await host.api<Array<{ role: string; email: string }>>(`/users?q=${username}`);
    expect(people.body).toMatchObject([{ role: 'staff', email: person.email }]);
    const listed = await host.api<Invitation[]>('/invitations');
    expect(listed.body).toMatchObject([{ id, used_at: expect.any(String) }]);
    expect(JSON.stringify(listed.body)).not.toContain(invitation);
  });

  it('bring their role along in an open tenant, and nothing in a closed one', async () => {
    const username = uniqueName('u');
    const person = { username, email: `${username}@example.com`, password: PASSWORD };
    const { body } = await invite(owner, { email: person.email, role: 'owner' });
    expect((await register(owner.client_id, { ...person, invitation: body.token })).status).toBe(201);
    const shut = await makeTenant(api, uniqueName('shut'), { registration: 'closed' });
    const { body: useless } = await invite(shut, { email: person.email });
    const refused = await register(shut.client_id, { ...person, invitation: useless.token });
    expect([refused.status, refused.body.code]).toEqual([403, 'REGISTRATION_CLOSED']);
  });

  it('are for nobody who has an account in the tenant already', async () => {
    const guest = await makeUser(api, { client_id: other.client_id });
    for (const email of [member.email, member.email.toUpperCase()]) {
      const refused = await invite(owner, { email });
      expect([refused.status, refused.body.code, refused.body.message]).toEqual([409, 'EMAIL_TAKEN', 'Email already registered']);
    }
    expect((await owner.api<Invitation[]>('/invitations?limit=200')).body.map(({ email }) => email)).not.toContain(member.email);
    // Who has one elsewhere is a stranger here, and members learn nothing.
    expect((await invite(owner, { email: guest.email })).status).toBe(201);
    expect((await invite(member, { email: member.email })).status).toBe(403);
  });

  it('make admins by owners alone, and are not the members’ to give', async () => {
    const admin = await withRole('admin');
    expect((await invite(admin, { email: 'a@example.com', role: 'owner' })).status).toBe(403);
    expect((await invite(admin, { email: 'a@example.com', role: 'admin' })).status).toBe(403);
    expect((await invite(admin, { email: 'a@example.com', role: 'staff' })).status).toBe(201);
    expect((await invite(member, { email: 'a@example.com' })).status).toBe(403);
    expect((await api('/invitations', { method: 'POST', json: { email: 'a@example.com' } })).status).toBe(401);
    expect((await invite(owner, { email: 'none', role: 'king' })).body.details?.map(({ field }) => field).sort()).toEqual([
      'email',
      'role',
    ]);
  });

  it('can be taken back, but not by another tenant', async () => {
    const email = `${uniqueName('u')}@example.com`;
    const { body } = await invite(owner, { email });
    expect((await other.api(`/invitations/${body.id}`, { method: 'DELETE' })).status).toBe(404);
    expect((await owner.api(`/invitations/${body.id}`, { method: 'DELETE' })).status).toBe(204);
    const late = await register(owner.client_id, { username: uniqueName('u'), email, password: PASSWORD, invitation: body.token });
    expect(late.body.code).toBe('INVITATION_INVALID');
  });
});

describe('GET /tenant/usage', () => {
  interface Day {
    day: string;
    requests: number;
    messages: number;
    ai_tokens: number;
    audio_seconds: number;
    stored_bytes: number;
  }

  it('counts requests and messages, per day', async () => {
    const fresh = await makeTenant(api);
    await fresh.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'one' } });
    await fresh.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'two' } });
    const { status, body } = await fresh.api<Day[]>('/tenant/usage');
    expect(status).toBe(200);
    // The sign-in, two messages, and the question itself.
    expect(body).toEqual([
      { day: new Date().toISOString().slice(0, 10), requests: 4, messages: 2, ai_tokens: 0, audio_seconds: 0, stored_bytes: 0 },
    ]);
    const day = body[0]?.day ?? '';
    expect((await fresh.api<Day[]>(`/tenant/usage?from=${day}`)).body).toHaveLength(1);
    expect((await fresh.api<Day[]>(`/tenant/usage?to=${day}`)).body).toEqual([]);
    expect((await fresh.api(`/tenant/usage?from=yesterday`)).status).toBe(400);
  });

  it('is for admins', async () => {
    expect((await api('/tenant/usage')).status).toBe(401);
    expect((await member.api('/tenant/usage')).status).toBe(403);
  });
});

describe('GET /audit-log', () => {
  interface Entry {
    id: string;
    at: string;
    actor: { kind: string; id: string | null };
    action: string;
    object_type: string;
    object_id: string | null;
    address: string;
    request_id: string;
    details: Record<string, unknown>;
  }

  it('says who did what to which object, when and from where, newest first', async () => {
    const audited = await makeTenant(api);
    await audited.api('/tenant', { method: 'PATCH', json: { name: 'renamed' } });
    const key = await audited.api<{ id: string; key: string }>('/api-keys', {
      method: 'POST',
      json: { name: 'k' },
      headers: { 'x-request-id': 'making-a-key' },
    });
    const { body } = await audited.api<Entry[]>('/audit-log');
    expect(body.map(({ action }) => action)).toEqual(['api_key.created', 'tenant.changed', 'tenant.created']);
    expect(body[0]).toEqual({
      id: expect.any(String),
      at: expect.any(String),
      actor: { kind: 'user', id: audited.id },
      action: 'api_key.created',
      object_type: 'api_key',
      object_id: key.body.id,
      address: '127.0.0.1',
      request_id: 'making-a-key',
      details: { name: 'k', scopes: ['phone'] },
    });
    expect(body[2]?.actor).toEqual({ kind: 'operator', id: 'operator' });
    expect(JSON.stringify(body)).not.toContain(key.body.key);

    const filtered = await audited.api<Entry[]>(`/audit-log?action=tenant.changed&actor_id=${audited.id}&from=2020-01-01T00:00:00Z`);
    expect(filtered.body).toHaveLength(1);
    const first = await audited.api<Entry[]>('/audit-log?limit=1');
    const [, next] = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '') ?? [];
    expect((await audited.api<Entry[]>(next ?? '')).body.map(({ action }) => action)).toEqual(['tenant.changed']);
  });

  it('is for admins of the tenant', async () => {
    expect((await api('/audit-log')).status).toBe(401);
    expect((await member.api('/audit-log')).status).toBe(403);
    const theirs = await other.api<Entry[]>('/audit-log');
    expect(theirs.body.every(({ object_id }) => object_id !== owner.client_id)).toBe(true);
  });

  it('can only be added to by the role that the server runs as', async () => {
    const client = new pg.Client({ connectionString: server.database_url });
    await client.connect();
    try {
      await client.query('set role kaiwa_app');
      for (const text of ['update audit_log set action = action', 'delete from audit_log', 'truncate audit_log']) {
        await expect(client.query(text)).rejects.toMatchObject({ code: '42501' });
      }
    } finally {
      await client.end();
    }
  });
});

describe('web origins', () => {
  const preflight = (origin: string) => api('/rooms', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });

  it('are the tenants’ domains, each for its own tenant', async () => {
    const host = `${uniqueName('app')}.example`;
    const mine = await makeTenant(api, uniqueName('web'), { domains: [host] });
    const origin = `https://${host}`;
    expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBe(origin);
    expect((await preflight('https://elsewhere.example')).headers.get('access-control-allow-origin')).toBeNull();
    const own = await withHeaders(mine.api, { origin })('/rooms');
    expect(own.headers.get('access-control-allow-origin')).toBe(origin);
    const foreign = await withHeaders(owner.api, { origin })('/rooms');
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  });
});

describe('the operator’s key', () => {
  it('may begin as API keys do', async () => {
    const key = 'kw_chosen-by-an-operator';
    const other = await startServer({ env: { OPERATOR_KEY: key } });
    try {
      const ask = withHeaders(other.api, { authorization: `Bearer ${key}` });
      for (let n = 0; n < 2; n++) expect((await ask('/tenants')).status).toBe(200);
      expect((await ask('/tenant', { headers: { 'x-client-id': 'default' } })).status).toBe(200);
      expect((await ask('/getUserInfo', { headers: { authorization: `Bearer ${key}x`, 'x-client-id': 'default' } })).status).toBe(401);
    } finally {
      await other.stop();
    }
  });

  it('is in no answer and no log', () => {
    expect(server.logs()).not.toContain(OPERATOR_KEY);
    expect(server.logs()).not.toContain(PASSWORD);
  });
});
