import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AccessRule } from '../../src/platform/http/index.js';
import { type ApiScope, ROLES } from '../../src/platform/scope/index.js';
import { OPERATOR_KEY, type Api, startServer, type TestServer } from '../support/server.js';
import { operatorOf, withHeaders } from '../support/client.js';
import { startTwilioServer, type TwilioServer } from '../support/twilio-server.js';
import { readSurface, type RegisteredRoute, type Surface } from '../support/surface.js';
import { type ApiDocument, type Operation, operationsOf } from './api-document.js';
import { Caller, codeOf, eachOf, shownOf, tells } from './exchange.js';
import { fillPath, makeSide, PATH_SPECIMENS, SCOPES, type Side, specimenOf } from './specimens.js';

/* Who may call: every route that is registered, whoever wrote it. */

/** Registered, and no part of the API: the page that shows it, and the parts of pages. */
const HIDDEN = ['GET /docs', 'GET /docs/assets/start.js', 'GET /docs/assets/:file', 'GET /meetings/assets/:file'];

let twilio: TwilioServer;
let server: TestServer;
let surface: Surface;
let document: ApiDocument;
let operations: Operation[];
let side: Side;
let caller: Caller;
const keys = new Map<string, string>();

beforeAll(async () => {
  twilio = await startTwilioServer();
  server = await startServer({ env: twilio.env });
  const [read, described, made] = await Promise.all([
    readSurface(server.database),
    server.api<ApiDocument>('/openapi.json'),
    makeSide(server.api, 0),
  ]);
  surface = read;
  document = described.body;
  side = made;
  operations = operationsOf(document);
  caller = new Caller();
  const without = (...left: ApiScope[]): ApiScope[] => SCOPES.filter((scope) => !left.includes(scope));
  for (const scopes of [SCOPES, without('phone', 'settings'), ...SCOPES.flatMap((scope) => [[scope], without(scope)])]) {
    const made = await side.people.owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'sweep', scopes } });
    keys.set(scopes.join(), made.body.key);
  }
}, 60_000);

afterAll(async () => {
  await server.stop();
  await twilio.stop();
});

describe('every registered route', () => {
  it('declares who may call it', () => {
    expect(surface.routes.filter(({ access }) => access === null).map(routeName)).toEqual([]);
  });

  it('is described, and nothing is described that is not registered', () => {
    const registered = surface.routes.map((route) => `${route.method} ${route.path}`).filter((name) => !HIDDEN.includes(name));
    const described = operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`);
    expect(described.sort()).toEqual(registered.sort());
    const accesses = operations.map(({ id, access }) => [id, access]);
    expect(Object.fromEntries(accesses)).toEqual(
      Object.fromEntries(surface.routes.filter((one) => !isHidden(one)).map(({ name, access }) => [name, access])),
    );
  });

  it('has parameters that a specimen stands for', () => {
    for (const { path } of operations) {
      fillPath(path, (key) => {
        specimenOf(PATH_SPECIMENS, key, path);
        return '';
      });
    }
  });
});

describe('without a credential that counts', () => {
  it('every protected route answers 401, and says by what to sign in', async () => {
    const wrong: string[] = [];
    const credentials: Array<Record<string, string>> = [
      {},
      { authorization: 'Bearer garbage' },
      { authorization: `Bearer ${withoutSignature(side.people.owner.access_token)}` },
      { authorization: `Basic ${Buffer.from('owner:password').toString('base64')}` },
      { cookie: 'token=garbage' },
      { authorization: `Bearer ${keyOf(SCOPES)}` },
      { authorization: `Bearer ${keyOf(SCOPES)}`, 'x-client-id': 'default' },
      { authorization: `Bearer ${OPERATOR_KEY}x`, 'x-client-id': side.client_id },
    ];
    await eachOf(protectedOnes(), async (operation) => {
      for (const headers of credentials) {
        const answer = await caller.call(operation, server.api, ownPath(operation), { headers, ...emptyBody(operation) });
        const is_right =
          answer.status === 401 && tells(operation, answer, 'UNAUTHORIZED') && answer.headers.get('www-authenticate') === 'Bearer';
        if (!is_right) wrong.push(`${operation.id} ${JSON.stringify(headers)}: ${shownOf(answer)}`);
      }
    });
    expect(wrong).toEqual([]);
  });

  it('every public route answers something else than 401 or 403 to whoever sends nothing', async () => {
    const wrong: string[] = [];
    await eachOf(
      operations.filter((operation) => operation.access.kind === 'public' && !isSigned(operation)),
      async (operation) => {
        const answer = await caller.call(operation, server.api, ownPath(operation), emptyBody(operation));
        if (answer.status === 401 || answer.status === 403 || answer.status >= 500) wrong.push(`${operation.id}: ${shownOf(answer)}`);
      },
    );
    expect(wrong).toEqual([]);
  });
});

describe('without a signature', () => {
  it('every webhook refuses whoever sends it, signed in or not', async () => {
    const wrong: string[] = [];
    const signed = operations.filter(isSigned);
    await eachOf(signed, async (operation) => {
      const forged = { 'x-twilio-signature': 'AAAA', 'stripe-signature': 't=1,v1=AAAA' };
      for (const api of [server.api, side.people.owner.api, operatorOf(server.api, side.client_id), withHeaders(server.api, forged)]) {
        for (const path of [ownPath(operation), `${ownPath(operation)}?client_id=${side.client_id}`]) {
          const answer = await caller.call(operation, api, path, emptyBody(operation));
          if (answer.status !== 403 || codeOf(answer) !== 'INVALID_SIGNATURE') wrong.push(`${operation.id}: ${shownOf(answer)}`);
        }
      }
    });
    expect(wrong).toEqual([]);
    expect(signed.length).toBeGreaterThan(0);
  });
});

describe('by role', () => {
  it('every route refuses those below the role that it asks for, and lets that role in', async () => {
    const wrong: string[] = [];
    await eachOf(ofRole(), async (operation) => {
      const { role } = operation.access as Extract<AccessRule, { kind: 'role' }>;
      for (const one of ROLES) {
        const covers = ROLES.indexOf(one) >= ROLES.indexOf(role);
        if (covers && !isHarmless(operation)) continue;
        const answer = await callAs(side.people[one].api, operation);
        const is_right = covers ? answer.status !== 401 && codeOf(answer) !== 'FORBIDDEN' && answer.status < 500 : isForbidden(answer);
        if (!is_right) wrong.push(`${operation.id} as ${one}: ${shownOf(answer)}`);
      }
    });
    expect(wrong).toEqual([]);
  });

  it("the operator's routes refuse everybody else", async () => {
    const wrong: string[] = [];
    const others: Array<[string, Api]> = [
      ...Object.entries(side.people).map(([role, { api }]): [string, Api] => [role, api]),
      ['an API key', keyApi(SCOPES)],
    ];
    await eachOf(
      operations.filter(({ access }) => access.kind === 'operator'),
      async (operation) => {
        for (const [who, api] of others) {
          const answer = await caller.call(operation, api, ownPath(operation), emptyBody(operation));
          if (!isForbidden(answer)) wrong.push(`${operation.id} as ${who}: ${shownOf(answer)}`);
        }
      },
    );
    expect(wrong).toEqual([]);
  });

  it('the operator acts in the tenant that it names, and must name one that is there', async () => {
    const wrong: string[] = [];
    await eachOf(ofRole(), async (operation) => {
      const nowhere = await callAs(operatorOf(server.api), operation);
      const elsewhere = await callAs(operatorOf(server.api, 'nobody-at-all'), operation);
      if (nowhere.status !== 400 || !tells(operation, nowhere, 'VALIDATION_FAILED'))
        wrong.push(`${operation.id}, no tenant named: ${shownOf(nowhere)}`);
      if (elsewhere.status !== 404 || !tells(operation, elsewhere, 'UNKNOWN_CLIENT'))
        wrong.push(`${operation.id}, unknown tenant: ${shownOf(elsewhere)}`);
      if (!isHarmless(operation)) return;
      const here = await callAs(operatorOf(server.api, side.client_id), operation);
      if (here.status === 401 || here.status >= 500) wrong.push(`${operation.id} as the operator: ${shownOf(here)}`);
    });
    expect(wrong).toEqual([]);
  });

  it('nobody names a tenant that is not the one of the credential', async () => {
    const wrong: string[] = [];
    await eachOf(ofRole(), async (operation) => {
      const answer = await callAs(withHeaders(side.people.owner.api, { 'x-client-id': 'default' }), operation);
      if (answer.status !== 403 || !tells(operation, answer, 'CLIENT_MISMATCH')) wrong.push(`${operation.id}: ${shownOf(answer)}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe('by API key', () => {
  it('every route asks for its scope, and a route without one takes no key', async () => {
    const wrong: string[] = [];
    await eachOf(ofRole(), async (operation) => {
      const { scope, or_scope } = operation.access as { scope?: ApiScope; or_scope?: ApiScope };
      const without = await callAs(keyApi(SCOPES.filter((other) => other !== scope && other !== or_scope)), operation);
      if (without.status !== 403 || !tells(operation, without, 'SCOPE_MISSING'))
        wrong.push(`${operation.id} without its scope: ${shownOf(without)}`);
      if (!scope || !isHarmless(operation)) return;
      for (const one of or_scope ? [scope, or_scope] : [scope]) {
        const allowed = await callAs(keyApi([one]), operation);
        if (allowed.status === 401 || codeOf(allowed) === 'SCOPE_MISSING' || allowed.status >= 500)
          wrong.push(`${operation.id} with ${one}: ${shownOf(allowed)}`);
      }
    });
    expect(wrong).toEqual([]);
  });
});

describe('with the cookie', () => {
  it('every unsafe route refuses a page of an origin that is not known', async () => {
    const wrong: string[] = [];
    const headers = { cookie: `token=${side.people.owner.access_token}`, origin: 'https://elsewhere.example' };
    await eachOf(
      ofRole().filter(({ method }) => method !== 'GET' && method !== 'HEAD'),
      async (operation) => {
        const answer = await caller.call(operation, server.api, ownPath(operation), { headers, ...emptyBody(operation) });
        if (answer.status !== 403 || codeOf(answer) !== 'ORIGIN_NOT_ALLOWED') wrong.push(`${operation.id}: ${shownOf(answer)}`);
      },
    );
    expect(wrong).toEqual([]);
  });
});

describe('every POST', () => {
  it('takes an Idempotency-Key, or refuses it with 400 where its answer is a secret', async () => {
    const wrong: string[] = [];
    const takes = new Map(surface.routes.map(({ name, takes_key }) => [name, takes_key]));
    await eachOf(
      operations.filter(({ method }) => method === 'POST'),
      async (operation) => {
        const api =
          operation.access.kind === 'operator'
            ? operatorOf(server.api)
            : withHeaders(side.people.owner.api, { 'x-client-id': side.client_id });
        const headers = { 'idempotency-key': 'with space' };
        const answer = await caller.call(operation, withHeaders(api, headers), ownPath(operation), emptyBody(operation));
        const expected = takes.get(operation.id) ? 'INVALID_IDEMPOTENCY_KEY' : 'IDEMPOTENCY_NOT_SUPPORTED';
        if (answer.status !== 400 || codeOf(answer) !== expected) wrong.push(`${operation.id}: ${shownOf(answer)}, not ${expected}`);
        const documented = operation.parameters.some(({ name }) => name === 'Idempotency-Key');
        if (documented !== takes.get(operation.id)) wrong.push(`${operation.id}: the header is ${documented ? '' : 'not '}documented`);
      },
    );
    expect(wrong).toEqual([]);
  });
});

describe('both prefixes', () => {
  it('serve the same routes with the same answers', async () => {
    const wrong: string[] = [];
    const VOLATILE = ['readMetrics', 'checkReady', 'listUsage'];
    await eachOf(operations, async (operation) => {
      const is_read = operation.method === 'GET';
      const api = is_read ? apiFor(operation) : server.api;
      const path = ownPath(operation);
      const plain = await caller.call(operation, api, path, emptyBody(operation));
      const prefixed = await caller.call(operation, api, `/api${path}`, emptyBody(operation));
      const show = VOLATILE.includes(operation.id) ? ({ status }: { status: number }): string => String(status) : shownOf;
      if (show(plain) !== show(prefixed)) wrong.push(`${operation.id}: ${shownOf(plain)} and ${shownOf(prefixed)}`);
    });
    for (const name of HIDDEN) {
      const path = name.replace('GET ', '').replace('docs/assets/:file', 'docs/assets/swagger-ui.css').replace(':file', 'meeting.css');
      const [plain, prefixed] = [await server.api(path), await server.api(`/api${path}`)];
      if (plain.status !== 200 || shownOf(plain) !== shownOf(prefixed)) wrong.push(path);
    }
    expect(wrong).toEqual([]);
  });

  it('know their methods: another one answers 405 with Allow', async () => {
    const wrong: string[] = [];
    const byPath = Map.groupBy(operations, ({ path }) => path);
    await eachOf([...byPath.values()], async (ones) => {
      const known = ones.map(({ method }) => method);
      const other = ['PUT', 'PATCH', 'POST', 'DELETE'].find((method) => !known.includes(method));
      // A path that a parameter matches too has that route's methods as well.
      const path = ownPath(ones[0]!);
      if (!other) return;
      const answer = await server.api(path, { method: other });
      const allowed = (answer.headers.get('allow') ?? '').split(', ');
      if (answer.status === 401 || answer.status === 415) return;
      if (answer.status !== 405 || !known.every((method) => allowed.includes(method)))
        wrong.push(`${other} ${path}: ${shownOf(answer)} ${allowed.join()}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe('every answer of this sweep', () => {
  it('is one that the document names, with its status and its code', () => {
    expect([...caller.undocumented]).toEqual([]);
    expect(caller.count).toBeGreaterThan(operations.length * 10);
  });
});

function protectedOnes(): Operation[] {
  return operations.filter(({ access }) => access.kind !== 'public');
}

function isSigned({ access }: Operation): boolean {
  return access.kind === 'public' && access.tenant === 'signature';
}

function ofRole(): Operation[] {
  return operations.filter(({ access }) => access.kind === 'role');
}

/** With a body that no operation takes, or for what only reads: nothing is done, whoever is let in. */
function isHarmless(operation: Operation): boolean {
  return operation.method === 'GET' || operation.body !== null || operation.path.includes('{');
}

/** Calls without doing anything: what is named in the path is nobody's, and the body is refused. */
function callAs(api: Api, operation: Operation): ReturnType<Caller['call']> {
  const path = fillPath(operation.path, (key) => {
    const specimen = specimenOf(PATH_SPECIMENS, key, operation.path);
    return 'free' in specimen ? specimen.free : specimen.missing();
  });
  return caller.call(operation, api, path, emptyBody(operation));
}

function ownPath({ path }: Operation): string {
  return fillPath(path, (key) => side.values.get(key) ?? 'unknown');
}

function emptyBody({ body }: Operation): { json?: object } {
  return body === null ? {} : { json: { sweep_unknown_property: true } };
}

function apiFor({ access }: Operation): Api {
  if (access.kind === 'operator') return operatorOf(server.api);
  return access.kind === 'public' ? server.api : side.people.owner.api;
}

function keyOf(scopes: readonly string[]): string {
  const key = keys.get(scopes.join());
  if (!key) throw new Error(`No key has the scopes ${scopes.join()}`);
  return key;
}

function keyApi(scopes: readonly string[]): Api {
  return withHeaders(server.api, { authorization: `Bearer ${keyOf(scopes)}`, 'x-client-id': side.client_id });
}

function isForbidden(answer: Awaited<ReturnType<Caller['call']>>): boolean {
  return answer.status === 403 && codeOf(answer) === 'FORBIDDEN';
}

function withoutSignature(token: string): string {
  return `${token.split('.').slice(0, 2).join('.')}.AAAA`;
}

function routeName({ method, path, name }: RegisteredRoute): string {
  return `${method} ${path} (${name})`;
}

function isHidden({ method, path }: RegisteredRoute): boolean {
  return HIDDEN.includes(`${method} ${path}`);
}
