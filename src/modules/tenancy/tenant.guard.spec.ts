import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import type { Config } from '../../platform/config/index.js';
import { Access, type AccessOptions, type KaiwaRequest, OperatorOnly, Public } from '../../platform/http/index.js';
import { AppError } from '../../platform/errors/index.js';
import type { Actor, Credential, Role } from '../../platform/scope/index.js';
import type { TenantDirectory, TenantFacts } from './tenant-directory.js';
import { TenantGuard } from './tenant.guard.js';
import type { TenantOrigins } from './tenant-origins.js';
import type { UsageService } from './usage.service.js';

const person = (role: Role): Actor => ({
  kind: 'user',
  id: 'u',
  email: 'u@x.y',
  role,
  sid: 's',
  room_id: 'lobby',
  credential: 'bearer',
  exp: 0,
});
const operator: Credential = { actor: { kind: 'operator', id: 'operator' }, client_id: null };
const member: Credential = { actor: person('member'), client_id: 'ant' };
const phoneKeyOf: Credential = { actor: { kind: 'api_key', id: 'k', name: 'k', scopes: ['phone'] }, client_id: 'ant' };

function handlerOf(decorator: MethodDecorator): object {
  const handler = (): void => undefined;
  decorator({}, 'route', { value: handler });
  return handler;
}

const access = (role: Role, options: AccessOptions = {}): object => handlerOf(Access(role, options));

interface Asked {
  url?: string;
  host?: string;
  headers?: Record<string, string>;
  credential?: Credential | null;
}

/** What the guard makes of a request, in a directory that knows `ant` and `default`, and `cold` after a moment. */
function ask(handler: object, { url = '/x', host = 'nobody.example', headers = {}, credential = null }: Asked = {}) {
  const facts = (client_id: string): TenantFacts => ({ client_id }) as TenantFacts;
  const counted: string[] = [];
  const narrowed: string[] = [];
  const directory = {
    peek: (id: string) => (['ant', 'default'].includes(id) ? facts(id) : id === 'cold' ? undefined : null),
    find: (id: string) => Promise.resolve(id === 'cold' ? facts(id) : null),
    findByHost: (name: string) => (name === 'ant.example' ? 'ant' : undefined),
  } as unknown as TenantDirectory;
  const guard = new TenantGuard(
    { env: { DEFAULT_CLIENT_ID: 'default' } } as Config,
    directory,
    { narrow: (id: string) => narrowed.push(id) } as unknown as TenantOrigins,
    { count: (id: string) => counted.push(id) } as unknown as UsageService,
  );
  const request = {
    url,
    headers,
    hostname: host,
    query: Object.fromEntries(new URL(url, 'http://x').searchParams),
    credential,
    scope: { client_id: null, actor: null },
  } as unknown as KaiwaRequest;
  const context = { getType: () => 'http', getHandler: () => handler, getArgByIndex: (index: number) => [request, {}][index] };
  const run = (): boolean | Promise<boolean> => guard.canActivate(context as unknown as ExecutionContext);
  return { run, scope: request.scope, counted, narrowed };
}

function refusal(run: () => unknown): string {
  try {
    void run();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'admitted';
}

describe('the tenant of a protected route', () => {
  it("is the credential's, found without a promise, and counted", () => {
    const { run, scope, counted } = ask(access('member'), { credential: member });
    expect(run()).toBe(true);
    expect(scope).toMatchObject({ client_id: 'ant', actor: { id: 'u' } });
    expect(counted).toEqual(['ant']);
  });

  it('may be named beside the credential, but not another one', () => {
    expect(ask(access('member'), { credential: member, headers: { 'x-client-id': 'ant' } }).run()).toBe(true);
    expect(refusal(ask(access('member'), { credential: member, headers: { 'x-client-id': 'default' } }).run)).toBe('CLIENT_MISMATCH');
  });

  it('is never told to nobody', () => {
    expect(refusal(ask(access('member')).run)).toBe('UNAUTHORIZED');
    expect(refusal(ask(access('member'), { credential: { ...member, client_id: 'gone' } }).run.bind(null))).not.toBe('admitted');
  });

  it("of one that is gone is nobody's: 401", async () => {
    const { run } = ask(access('member'), { credential: { ...member, client_id: 'cold' } });
    await expect(run()).resolves.toBe(true);
    expect(refusal(ask(access('member'), { credential: { ...member, client_id: 'gone' } }).run)).toBe('UNAUTHORIZED');
  });

  it('comes with the role that the route needs', () => {
    expect(refusal(ask(access('staff'), { credential: member }).run)).toBe('FORBIDDEN');
    expect(ask(access('staff'), { credential: { actor: person('admin'), client_id: 'ant' } }).run()).toBe(true);
  });

  it('takes API keys by their scope alone', () => {
    expect(ask(access('staff', { scope: 'phone' }), { credential: phoneKeyOf }).run()).toBe(true);
    expect(refusal(ask(access('staff', { scope: 'files' }), { credential: phoneKeyOf }).run)).toBe('SCOPE_MISSING');
    expect(refusal(ask(access('member'), { credential: phoneKeyOf }).run)).toBe('SCOPE_MISSING');
  });

  it('is for the operator to name', () => {
    const { run, scope } = ask(access('owner'), { credential: operator, headers: { 'x-client-id': 'ant' } });
    expect(run()).toBe(true);
    expect(scope).toMatchObject({ client_id: 'ant', actor: { kind: 'operator' } });
    expect(refusal(ask(access('owner'), { credential: operator }).run)).toBe('VALIDATION_FAILED');
    expect(refusal(ask(access('owner'), { credential: operator, headers: { 'x-client-id': 'gone' } }).run)).toBe('UNKNOWN_CLIENT');
  });
});

describe("the operator's own routes", () => {
  const handler = handlerOf(OperatorOnly());

  it('run in no tenant', () => {
    const { run, scope, counted } = ask(handler, { credential: operator, headers: { 'x-client-id': 'ant' } });
    expect(run()).toBe(true);
    expect(scope).toMatchObject({ client_id: null, actor: { kind: 'operator' } });
    expect(counted).toEqual([]);
  });

  it('are for nobody else', () => {
    expect(refusal(ask(handler, { credential: { actor: person('owner'), client_id: 'ant' } }).run)).toBe('FORBIDDEN');
    expect(refusal(ask(handler).run)).toBe('UNAUTHORIZED');
  });
});

describe('the tenant of a public route', () => {
  const handler = handlerOf(Public());

  it.each([
    ['the header', { url: '/x?client_id=default', host: 'default.example', headers: { 'x-client-id': 'ant' } }, 'ant'],
    ['the query', { url: '/x?client_id=ant', host: 'default.example' }, 'ant'],
    ['the host', { host: 'ant.example' }, 'ant'],
    ['nothing', {}, 'default'],
  ])('is named by %s', (_, asked, client_id) => {
    const { run, scope } = ask(handler, asked);
    expect(run()).toBe(true);
    expect(scope).toMatchObject({ client_id, actor: null });
  });

  it('is refused where there is none by that name, also if the host has an owner', () => {
    expect(refusal(ask(handler, { host: 'ant.example', headers: { 'x-client-id': 'gone' } }).run)).toBe('UNKNOWN_CLIENT');
    expect(refusal(ask(handler, { url: '/x?client_id=gone' }).run)).toBe('UNKNOWN_CLIENT');
  });

  it('keeps a credential of the same tenant, and ignores that of another', () => {
    const same = ask(handler, { credential: member, headers: { 'x-client-id': 'ant' } });
    void same.run();
    expect(same.scope).toMatchObject({ client_id: 'ant', actor: { id: 'u' } });
    const other = ask(handler, { credential: member });
    void other.run();
    expect(other.scope).toMatchObject({ client_id: 'default', actor: null });
  });

  it("is the credential's where the route says so", () => {
    const { run, scope } = ask(handlerOf(Public({ tenant: 'credential' })), { credential: member, headers: { 'x-client-id': 'default' } });
    void run();
    expect(scope).toMatchObject({ client_id: 'ant', actor: { id: 'u' } });
  });

  it('is none where the route has none', () => {
    const { run, scope, counted } = ask(handlerOf(Public({ tenant: 'none' })), { headers: { 'x-client-id': 'gone' } });
    expect(run()).toBe(true);
    expect(scope).toMatchObject({ client_id: null, actor: null });
    expect(counted).toEqual([]);
  });

  it('takes back what another origin was let see', () => {
    const { run, narrowed } = ask(handler, { headers: { origin: 'https://bee.example' } });
    void run();
    expect(narrowed).toEqual(['default']);
  });
});

describe('a route that declares no access', () => {
  it('serves nobody', () => {
    expect(refusal(ask(() => undefined, { credential: operator }).run)).toBe('FORBIDDEN');
  });
});
