import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, makeUser, operatorOf, signIn, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';

interface Refusal {
  statusCode: number;
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}
interface Whole {
  id: string;
  username: string;
  email: string;
  role: string;
  name: string | null;
  date_of_birth: string | null;
  phone_number: string | null;
  position: string | null;
  is_authenticated: boolean;
  notifications: number;
  disabled: boolean;
  created_at: string;
}

const PASSWORD = 'correct-horse-battery-7';
const NOWHERE = '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';
const PUBLIC_FIELDS = [
  'company_id',
  'department_id',
  'id',
  'is_authenticated',
  'job_id',
  'name',
  'position',
  'type',
  'university_id',
  'username',
];
const WHOLE_FIELDS = [
  ...PUBLIC_FIELDS,
  'certificate_id',
  'created_at',
  'date_of_birth',
  'disabled',
  'email',
  'notifications',
  'phone_number',
  'role',
].sort();

let server: TestServer;
let api: Api;
let owner: TestUser;
let other: TestUser;
let member: TestUser;

beforeAll(async () => {
  server = await startServer();
  api = server.api;
  owner = await makeTenant(api);
  other = await makeTenant(api);
  member = await makeUser(api, { client_id: owner.client_id });
});

afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

const inTenant = (client_id = owner.client_id): Api => withHeaders(api, { 'x-client-id': client_id });
const post = <T = Refusal>(path: string, json: unknown, client_id?: string): Promise<Answer<T>> =>
  inTenant(client_id)<T>(path, { method: 'POST', json });
const person = (): { username: string; email: string; password: string } => {
  const username = uniqueName('u');
  return { username, email: `${username}@example.com`, password: PASSWORD };
};

async function withRole(role: string): Promise<TestUser> {
  const user = await makeUser(api, { client_id: owner.client_id });
  expect((await setAccount(owner, user.id, { role })).status).toBe(200);
  return signIn(api, user);
}

function setAccount(by: TestUser, id: string, json: object): Promise<Answer<Whole & Refusal>> {
  return by.api<Whole & Refusal>(`/users/${id}`, { method: 'PATCH', json });
}

describe('registration', () => {
  it('answers as each of its doors does', async () => {
    const [a, b, c] = [person(), person(), person()];
    const first = await post<{ id: string }>('/register', a);
    expect([first.status, Object.keys(first.body)]).toEqual([201, ['id']]);
    const second = await post('/auth/v1/register', b);
    expect([second.status, second.body]).toEqual([201, { id: expect.any(String), username: b.username, email: b.email }]);
    const third = await post<Whole>('/users', {
      ...c,
      name: '田中',
      date_of_birth: '2001-02-28',
      phone_number: '090-1234-5678',
      position: '課長',
    });
    expect(third.status).toBe(201);
    expect(third.body).toEqual({
      id: expect.any(String),
      username: c.username,
      email: c.email,
      role: 'member',
      name: '田中',
      date_of_birth: '2001-02-28',
      phone_number: '090-1234-5678',
      type: null,
      university_id: null,
      company_id: null,
      job_id: null,
      department_id: null,
      position: '課長',
      certificate_id: null,
      is_authenticated: false,
      notifications: 0,
      disabled: false,
      created_at: expect.any(String),
    });
    for (const { username, password } of [a, b, c]) {
      expect((await post('/login', { usernameOrEmail: username, password })).status).toBe(200);
    }
  });

  it.each(['/auth/v1/register', '/users'])('%s makes a username from the email where none is given', async (path) => {
    const { username: expected, email, password } = person();
    const made = await post<{ username: string }>(path, { email, password });
    expect([made.status, made.body.username]).toEqual([201, expected]);
    // The next one of that name gets another.
    const again = await post<{ username: string }>(path, { email: `${expected}@elsewhere.example`, password });
    expect([again.status, again.body.username.startsWith(expected), again.body.username === expected]).toEqual([201, true, false]);
  });

  it.each(['/register', '/auth/v1/register', '/users'])(
    '%s tells a taken username first, then a taken email, whatever the case',
    async (path) => {
      const taken = person();
      expect((await post('/register', taken)).status).toBe(201);
      const shouted = { ...taken, username: taken.username.toUpperCase(), email: taken.email.toUpperCase() };
      const both = await post(path, shouted);
      expect([both.status, both.body.code, both.body.message]).toEqual([409, 'USERNAME_TAKEN', 'Username already registered']);
      const username = await post(path, { ...shouted, email: person().email });
      expect([username.status, username.body.message]).toEqual([409, 'Username already registered']);
      const email = await post(path, { ...shouted, username: uniqueName('u') });
      expect([email.status, email.body.code, email.body.message]).toEqual([409, 'EMAIL_TAKEN', 'Email already registered']);
    },
  );

  it('knows a name in any width', async () => {
    const username = `ﾀﾛｳ${uniqueName('')}`;
    expect((await post('/register', { ...person(), username })).status).toBe(201);
    expect((await post('/register', { ...person(), username: username.replace('ﾀﾛｳ', 'タロウ') })).body.message).toBe(
      'Username already registered',
    );
  });

  it('of many at once lets one in', async () => {
    const same = person();
    const answers = await Promise.all(Array.from({ length: 6 }, () => post('/register', same)));
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused).toHaveLength(5);
    expect(refused.map(({ body }) => body.message)).toEqual(Array(5).fill('Username already registered'));
  });

  it('makes a username from the email, and another where that is taken', async () => {
    const local = uniqueName('taro');
    const make = (domain: string) => post<{ username: string }>('/auth/v1/register', { email: `${local}+x@${domain}`, password: PASSWORD });
    const made = await Promise.all(['a.example', 'b.example', 'c.example'].map(make));
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(made.map(({ body }) => body.username).sort()).toEqual([`${local}x`, `${local}x_2`, `${local}x_3`]);
  });

  it('names every wrong field at once', async () => {
    const { status, body } = await post('/register', { username: 'a@b', email: 'none', password: 'password', invitation: '', admin: true });
    expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(body.details?.map(({ field }) => field).sort()).toEqual(['admin', 'email', 'invitation', 'password', 'username']);
    expect((await post('/register', {})).body.details?.map(({ field, message }) => `${field} ${message}`)).toEqual([
      'username is required',
      'email is required',
      'password is required',
    ]);
  });

  it.each(['12345678', 'PASSWORD', 'qwertyuiop', 'seven-7', 'x'.repeat(129)])('refuses the password %s', async (password) => {
    const { status, body } = await post('/register', { ...person(), password });
    expect([status, body.details?.map(({ field }) => field)]).toEqual([400, ['password']]);
  });

  it.each(['role', 'is_authenticated', 'notifications', 'certificate_id', 'disabled', 'id'])('lets nobody set %s', async (field) => {
    const { status, body } = await post('/users', { ...person(), [field]: field === 'role' ? 'owner' : 1 });
    expect([status, body.details?.map((detail) => detail.field)]).toEqual([400, [field]]);
  });

  it('is refused where the tenant is closed, at every door', async () => {
    const shut = await makeTenant(api, uniqueName('shut'), { registration: 'closed' });
    for (const path of ['/register', '/auth/v1/register', '/users']) {
      const { status, body } = await post(path, person(), shut.client_id);
      expect([status, body.code]).toEqual([403, 'REGISTRATION_CLOSED']);
    }
  });

  it('in another tenant takes the same name and email', async () => {
    const same = person();
    expect((await post('/register', same)).status).toBe(201);
    expect((await post('/register', same, other.client_id)).status).toBe(201);
  });
});

describe('one’s own profile', () => {
  it('is whole, and changes where it is named', async () => {
    const user = await makeUser(api, { client_id: owner.client_id });
    const { body: before } = await user.api<Whole>('/users/me');
    expect(Object.keys(before).sort()).toEqual(WHOLE_FIELDS);
    expect((await user.api('/getUserInfo')).body).toEqual({ id: user.id, username: user.username, email: user.email });
    const set = await user.api<Whole>('/users/me', {
      method: 'PUT',
      json: { name: '太郎', phone_number: '09012345678', position: '社長' },
    });
    expect([set.status, set.body]).toEqual([200, { ...before, name: '太郎', phone_number: '09012345678', position: '社長' }]);
    const cleared = await user.api<Whole>('/users/me', { method: 'PUT', json: { name: null, date_of_birth: '1999-12-31' } });
    expect(cleared.body).toEqual({ ...before, name: null, date_of_birth: '1999-12-31', phone_number: '09012345678', position: '社長' });
    expect((await user.api('/users/me')).body).toEqual(cleared.body);
  });

  it('refuses what is wrong, and what the server owns', async () => {
    const json = {
      name: '',
      date_of_birth: '2001-02-29',
      phone_number: 'call me',
      position: 'x'.repeat(101),
      role: 'owner',
      notifications: 5,
      email: 'x@y.zz',
    };
    const { status, body } = await member.api<Refusal>('/users/me', { method: 'PUT', json });
    expect([status, body.details?.map(({ field }) => field).sort()]).toEqual([400, Object.keys(json).sort()]);
  });

  it('is for people: not for the anonymous, keys and the operator', async () => {
    const key = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'k', scopes: ['users'] } });
    const keyed = withHeaders(api, { authorization: `Bearer ${key.body.key}`, 'x-client-id': owner.client_id });
    for (const path of ['/users/me', '/getUserInfo']) {
      expect((await api<Refusal>(path)).body).toMatchObject({ statusCode: 401, message: 'Unauthorized' });
      expect((await keyed(path)).status).toBe(403);
      expect((await operatorOf(api, owner.client_id)(path)).status).toBe(403);
    }
  });
});

describe('other people’s profiles', () => {
  it('are public to members and whole to admins, keys with the scope and the operator', async () => {
    await member.api('/users/me', { method: 'PUT', json: { date_of_birth: '1990-01-01', phone_number: '09099999999' } });
    const admin = await withRole('admin');
    const key = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'k', scopes: ['users'] } });
    const keyed = withHeaders(api, { authorization: `Bearer ${key.body.key}`, 'x-client-id': owner.client_id });
    const stranger = await makeUser(api, { client_id: owner.client_id });
    const fields = async (by: Api): Promise<string[]> => Object.keys((await by<Whole>(`/users/${member.id}`)).body).sort();
    expect(await fields(stranger.api)).toEqual(PUBLIC_FIELDS);
    expect(await fields((await withRole('staff')).api)).toEqual(PUBLIC_FIELDS);
    for (const by of [admin.api, owner.api, keyed, operatorOf(api, owner.client_id)]) expect(await fields(by)).toEqual(WHOLE_FIELDS);

    const found = (by: Api) => by<Whole[]>(`/users?q=${member.username}`);
    expect((await found(stranger.api)).body).toEqual([(await stranger.api(`/users/${member.id}`)).body]);
    expect((await found(admin.api)).body).toEqual([(await admin.api(`/users/${member.id}`)).body]);
  });

  it('are 404 where there is nobody, or nobody of this tenant', async () => {
    for (const id of [NOWHERE, 'no-id', '1', other.id]) {
      const { status, body } = await owner.api<Refusal>(`/users/${id}`);
      expect([status, body.message]).toEqual([404, 'User not found']);
    }
    expect((await api(`/users/${member.id}`)).status).toBe(401);
  });
});

describe('GET /users', () => {
  let tenant: TestUser;
  const mark = uniqueName('m');

  beforeAll(async () => {
    tenant = await makeTenant(api);
    for (const [username, name] of [
      [`${mark}-suzuki`, '鈴木 一郎'],
      [`${mark}-tanaka`, '田中 太郎'],
      [`${mark}-under_score`, '100% ﾀﾛｳ'],
      [`${mark}-zoë`, null],
    ] as const) {
      expect((await post('/users', { ...person(), username, name }, tenant.client_id)).status).toBe(201);
    }
  });

  const usernames = async (query: string, by = tenant): Promise<string[]> =>
    (await by.api<Whole[]>(`/users?${query}`)).body.map(({ username }) => username.replace(`${mark}-`, ''));

  it.each([
    ['田中', ['tanaka']],
    ['太', ['tanaka']],
    ['タロウ', ['under_score']],
    ['TANAKA', ['tanaka']],
    ['_', ['under_score']],
    ['%', ['under_score']],
    ['ZOË', ['zoë']],
    ['木 一', ['suzuki']],
    ['nobody at all', []],
    ["' or 1=1 --", []],
  ])('finds %s', async (q, expected) => {
    expect(await usernames(`q=${encodeURIComponent(q)}`)).toEqual(expected);
  });

  it('pages by username', async () => {
    const seen: string[] = [];
    let path: string | undefined = `/users?limit=2&q=${mark}`;
    while (path) {
      const page: Answer<Whole[]> = await tenant.api<Whole[]>(path);
      expect(page.body.length).toBeLessThanOrEqual(2);
      seen.push(...page.body.map(({ username }) => username.replace(`${mark}-`, '')));
      path = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(['suzuki', 'tanaka', 'under_score', 'zoë']);
    expect((await tenant.api('/users?limit=0')).status).toBe(400);
    expect((await tenant.api<Refusal>('/users?cursor=zzz')).body.code).toBe('INVALID_CURSOR');
  });

  it('shows nobody of another tenant, and disabled people to admins alone', async () => {
    expect(await usernames(`q=${mark}`, owner)).toEqual([]);
    expect((await api('/users')).status).toBe(401);
    const [target] = (await tenant.api<Whole[]>(`/users?q=${mark}-zo`)).body;
    expect((await setAccount(tenant, target?.id ?? '', { disabled: true })).body.disabled).toBe(true);
    const someone = await makeUser(api, { client_id: tenant.client_id });
    expect(await usernames(`q=${mark}-zo`, someone)).toEqual([]);
    expect(await usernames(`q=${mark}-zo`)).toEqual(['zoë']);
  });
});

describe('names and ids', () => {
  it('turn into each other, by the key that the caller wrote', async () => {
    const shouted = member.username.toUpperCase();
    const toIds = await member.api('/usernamesToIds', {
      method: 'POST',
      json: { usernames: [member.username, shouted, 'nobody', '__proto__', ''] },
    });
    expect([toIds.status, Object.entries(toIds.body).sort()]).toEqual([
      200,
      Object.entries({
        [member.username]: member.id,
        [shouted]: member.id,
        nobody: 'no match',
        ['__proto__']: 'no match',
        '': 'no match',
      }).sort(),
    ]);
    const upper = member.id.toUpperCase();
    const toNames = await member.api('/idsToUsernames', {
      method: 'POST',
      json: { ids: [member.id, upper, NOWHERE, 'no id', 7, 'constructor'] },
    });
    expect([toNames.status, toNames.body]).toEqual([
      200,
      {
        [member.id]: member.username,
        [upper]: member.username,
        [NOWHERE]: 'no match',
        'no id': 'no match',
        7: 'no match',
        constructor: 'no match',
      },
    ]);
  });

  it('know a user who is called __proto__', async () => {
    const tenant = await makeTenant(api);
    const { body } = await post<{ id: string }>('/register', { ...person(), username: '__proto__' }, tenant.client_id);
    const asked = await tenant.api('/usernamesToIds', { method: 'POST', json: { usernames: ['__proto__'] } });
    expect(JSON.stringify(asked.body)).toBe(`{"__proto__":"${body.id}"}`);
  });

  it('of another tenant match nothing', async () => {
    const found = await other.api('/usernamesToIds', { method: 'POST', json: { usernames: [member.username] } });
    expect(found.body).toEqual({ [member.username]: 'no match' });
    const named = await other.api('/idsToUsernames', { method: 'POST', json: { ids: [member.id] } });
    expect(named.body).toEqual({ [member.id]: 'no match' });
  });

  it('refuse what is no list of texts, more than 200 of them, and the anonymous', async () => {
    const many = Array.from({ length: 201 }, (_, index) => `u${index}`);
    for (const usernames of [undefined, 'taro', [1], [null], many]) {
      const { status, body } = await member.api<Refusal>('/usernamesToIds', { method: 'POST', json: { usernames } });
      expect([status, body.details?.[0]?.field]).toEqual([400, 'usernames']);
    }
    expect((await member.api('/idsToUsernames', { method: 'POST', json: { ids: [{}] } })).status).toBe(400);
    expect((await member.api('/usernamesToIds', { method: 'POST', json: { usernames: many.slice(1) } })).status).toBe(200);
    expect((await member.api('/usernamesToIds', { method: 'POST', json: { usernames: [] } })).body).toEqual({});
    for (const path of ['/usernamesToIds', '/idsToUsernames']) expect((await api(path, { method: 'POST', json: {} })).status).toBe(401);
  });
});

describe('PATCH /users/{id}', () => {
  it('raises and lowers, with effect at once and everywhere', async () => {
    const user = await makeUser(api, { client_id: owner.client_id });
    const second = await startServer({ database: server.database });
    try {
      const there = withHeaders(second.api, { authorization: `Bearer ${user.access_token}` });
      expect((await there('/audit-log')).status).toBe(403);
      const raised = await setAccount(owner, user.id, { role: 'admin' });
      expect([raised.status, raised.body.role]).toEqual([200, 'admin']);
      await eventually(
        async () => (await there('/audit-log')).status,
        (status) => status === 200,
        1_000,
      );
      expect((await setAccount(owner, user.id, { role: 'member' })).body.role).toBe('member');
      expect((await user.api('/audit-log')).status).toBe(403);
      await eventually(
        async () => (await there('/audit-log')).status,
        (status) => status === 403,
        1_000,
      );
    } finally {
      await second.stop();
    }
  });

  it('shuts an account, which ends its sessions everywhere, and opens it again', async () => {
    const user = await makeUser(api, { client_id: owner.client_id });
    expect((await setAccount(owner, user.id, { disabled: true })).body.disabled).toBe(true);
    await eventually(
      async () => (await user.api('/users/me')).status,
      (status) => status === 401,
      1_000,
    );
    const credentials = { email: user.email, password: user.password };
    expect((await post('/auth/v1/login', credentials)).status).not.toBe(200);
    expect((await setAccount(owner, user.id, { disabled: false })).body.disabled).toBe(false);
    expect((await post('/auth/v1/login', credentials)).status).toBe(200);
  });

  it('lets admins manage members and staff; admins are the owners’', async () => {
    const [admin, second, staff, plain] = [
      await withRole('admin'),
      await withRole('admin'),
      await withRole('staff'),
      await withRole('member'),
    ];
    expect((await setAccount(admin, plain.id, { role: 'staff' })).status).toBe(200);
    expect((await setAccount(admin, staff.id, { role: 'member', disabled: true })).status).toBe(200);
    for (const [id, change] of [
      [plain.id, { role: 'admin' }],
      [plain.id, { role: 'owner' }],
      [second.id, { role: 'member' }],
      [second.id, { disabled: true }],
      [owner.id, { role: 'member' }],
      [admin.id, { role: 'owner' }],
    ] as const) {
      const { status, body } = await setAccount(admin, id, change);
      expect([status, body.message]).toEqual([403, 'Do not have permission']);
    }
    expect((await setAccount(admin, admin.id, { role: 'member' })).body.role).toBe('member');
    expect((await setAccount(plain, staff.id, { role: 'member' })).status).toBe(403);
    expect((await api(`/users/${plain.id}`, { method: 'PATCH', json: {} })).status).toBe(401);
  });

  it('refuses wrong fields, and knows nobody of another tenant', async () => {
    for (const json of [{ role: 'king' }, { disabled: 'yes' }, { username: 'x' }, { is_authenticated: true }]) {
      expect((await setAccount(owner, member.id, json)).status).toBe(400);
    }
    for (const id of [other.id, NOWHERE, 'no-id'])
      expect((await setAccount(owner, id, { role: 'member' })).body.message).toBe('User not found');
  });

  it('never leaves a tenant without an owner, however many step down at once', async () => {
    const tenant = await makeTenant(api);
    const last = async (change: object): Promise<void> => {
      const { status, body } = await setAccount(tenant, tenant.id, change);
      expect([status, body.code]).toEqual([409, 'LAST_OWNER']);
    };
    await last({ role: 'admin' });
    await last({ disabled: true });
    const others: TestUser[] = [];
    for (let i = 0; i < 3; i++) {
      const user = await makeUser(api, { client_id: tenant.client_id });
      expect((await setAccount(tenant, user.id, { role: 'owner' })).status).toBe(200);
      others.push(user);
    }
    const owners = [tenant, ...others];
    const answers = await Promise.all([
      ...owners.slice(0, 2).map((user) => setAccount(user, user.id, { role: 'member' })),
      setAccount(owners[2] as TestUser, (owners[2] as TestUser).id, { disabled: true }),
      (owners[3] as TestUser).api('/user', { method: 'DELETE' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 409]);
    const left = await operatorOf(api, tenant.client_id)<Whole[]>('/users?limit=200');
    expect(left.body.filter(({ role, disabled }) => role === 'owner' && !disabled)).toHaveLength(1);
  });

  it('is in the audit log', async () => {
    const tenant = await makeTenant(api);
    const user = await makeUser(api, { client_id: tenant.client_id });
    await setAccount(tenant, user.id, { role: 'staff', disabled: true });
    await setAccount(tenant, user.id, { role: 'staff', disabled: false });
    const { body } = await tenant.api<Array<{ action: string; object_id: string; details: object }>>('/audit-log?limit=3');
    expect(body.map(({ action, object_id, details }) => [action, object_id, details])).toEqual([
      ['user.enabled', user.id, {}],
      ['user.disabled', user.id, {}],
      ['user.role_changed', user.id, { role: 'staff', previous_role: 'member' }],
    ]);
  });
});

describe('DELETE /user', () => {
  it('ends the account, clears the cookie, and leaves what it said without its name', async () => {
    const user = await makeUser(api, { client_id: owner.client_id });
    const said = await user.api<{ seq: number }>('/rooms/lobby/messages', { method: 'POST', json: { content: 'still here' } });
    const login = await post('/login', { usernameOrEmail: user.username, password: user.password });
    const [cookie = ''] = login.headers.getSetCookie();
    const byCookie = withHeaders(api, { cookie: cookie.split(';')[0] ?? '' });
    expect((await byCookie('/getUserInfo')).status).toBe(200);

    const gone = await byCookie<{ message: string }>('/user', { method: 'DELETE' });
    expect([gone.status, typeof gone.body.message]).toEqual([200, 'string']);
    expect(gone.headers.getSetCookie()[0]).toMatch(/^token=;.*Path=\/.*Expires=Thu, 01 Jan 1970/);
    for (const by of [byCookie, user.api]) expect((await by('/getUserInfo')).status).toBe(401);
    expect((await byCookie('/user', { method: 'DELETE' })).status).toBe(401);
    expect((await owner.api<Refusal>(`/users/${user.id}`)).body.message).toBe('User not found');
    expect((await post('/login', { usernameOrEmail: user.username, password: user.password })).body.message).toBe('User not found');
    const history = await owner.api<Array<{ seq: number; content: string; from: unknown }>>('/rooms/lobby/messages');
    expect(history.body.find(({ seq }) => seq === said.body.seq)).toMatchObject({ content: 'still here', from: null });
    expect((await post('/register', { username: user.username, email: user.email, password: PASSWORD })).status).toBe(201);
  });

  it('is refused to the last owner, to keys and to nobody', async () => {
    const { status, body } = await other.api<Refusal>('/user', { method: 'DELETE' });
    expect([status, body.code]).toEqual([409, 'LAST_OWNER']);
    expect((await other.api('/getUserInfo')).status).toBe(200);
    expect((await api('/user', { method: 'DELETE' })).status).toBe(401);
    expect((await operatorOf(api, other.client_id)('/user', { method: 'DELETE' })).status).toBe(403);
  });
});
