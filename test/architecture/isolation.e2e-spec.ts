import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiScope } from '../../src/platform/scope/index.js';
import { eventually, withHeaders } from '../support/client.js';
import { type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import { startTwilioServer, type TwilioServer } from '../support/twilio-server.js';
import { type ApiDocument, bodyProperties, type Json, leastBody, type Operation, operationsOf } from './api-document.js';
import { Caller, eachOf, shownOf } from './exchange.js';
import {
  BODIES,
  FIELD_SPECIMENS,
  fillPath,
  makeSide,
  namesAnObject,
  PATH_SPECIMENS,
  pathKeys,
  queryKey,
  SCOPES,
  type Side,
  specimenOf,
} from './specimens.js';

/*
 * Another tenant's object is as absent: for every parameter of every route, what is answered to the name of another tenant's object is
 * to the letter what is answered to a name that nobody has. Two tenants have one object of each kind; the second one's owner, who may do all in
 * their own, and its API keys call.
 */

/** Tables that change by being called at all. */
const COUNTERS = ['usage_daily'];

/** Found by their id alone, whatever the tenant of the link (contract, section 5); who may see them is tested by themselves. */
const FOUND_ANYWHERE = ['deliverPage'];

const KEY = 'an API key';

let twilio: TwilioServer;
let server: TestServer;
let document: ApiDocument;
let operations: Operation[];
let alpha: Side;
let beta: Side;
let caller: Caller;
let before: Map<string, string>;
const keys = new Map<ApiScope, Api>();

beforeAll(async () => {
  twilio = await startTwilioServer();
  server = await startServer({ env: twilio.env });
  document = (await server.api<ApiDocument>('/openapi.json')).body;
  operations = operationsOf(document);
  caller = new Caller();
  [alpha, beta] = await Promise.all([makeSide(server.api, 0), makeSide(server.api, 1)]);
  for (const scope of SCOPES) {
    const made = await beta.people.owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: scope, scopes: [scope] } });
    keys.set(scope, withHeaders(beta.anonymous, { authorization: `Bearer ${made.body.key}` }));
  }
  before = await settled(alpha);
}, 60_000);

afterAll(async () => {
  await server.stop();
  await twilio.stop();
});

describe("another tenant's object", () => {
  it('is as absent as one that nobody has, in every path', async () => {
    const wrong: string[] = [];
    let compared = 0;
    await eachOf(
      operations.filter(({ id, access, path }) => access.kind !== 'operator' && path.includes('{') && !FOUND_ANYWHERE.includes(id)),
      async (operation) => {
        for (const foreign of combinations(operation)) {
          for (const [who, api] of callersOf(operation)) {
            const json = bodyOf(operation, who);
            const theirs = await callWith(operation, api, (key) => (foreign.has(key) ? alpha.values.get(key)! : own(key)), { json });
            const nobodys = await callWith(
              operation,
              api,
              (key) => (foreign.has(key) ? missing(PATH_SPECIMENS, key, operation) : own(key)),
              { json },
            );
            compared++;
            const is_right = theirs.shown === nobodys.shown && theirs.status === 404;
            if (!is_right) wrong.push(`${operation.id} as ${who}, ${[...foreign].join()}: ${theirs.shown} but ${nobodys.shown}`);
          }
        }
      },
    );
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(20);
  });

  it('is as absent as one that nobody has, in every query', async () => {
    const wrong: string[] = [];
    await eachOf(operations.filter(isTenants), async (operation) => {
      const named = operation.parameters.filter(
        ({ in: place, name, schema }) => place === 'query' && name !== 'client_id' && namesAnObject(queryKey(name), schema),
      );
      for (const { name } of named) {
        for (const [who, api] of callersOf(operation)) {
          const json = bodyOf(operation, who);
          const theirs = await callWith(operation, api, own, { json, query: { [name]: value(queryKey(name), operation, 'theirs') } });
          const nobodys = await callWith(operation, api, own, { json, query: { [name]: value(queryKey(name), operation, 'nobodys') } });
          if (theirs.shown !== nobodys.shown || theirs.status >= 500)
            wrong.push(`${operation.id} as ${who}, ?${name}: ${theirs.shown} but ${nobodys.shown}`);
        }
      }
    });
    expect(wrong).toEqual([]);
  });

  it('is as absent as one that nobody has, in every body', async () => {
    const wrong: string[] = [];
    let compared = 0;
    await eachOf(operations.filter(isTenants), async (operation) => {
      const named = Object.entries(bodyProperties(document, operation)).filter(([name, schema]) => namesAnObject(name, schema));
      for (const [name, schema] of named) {
        if ('free' in specimenOf(FIELD_SPECIMENS, name, operation.id)) continue;
        const is_list = [schema['type']].flat().includes('array');
        const json = (who: string, which: 'theirs' | 'nobodys'): Json => {
          const one = value(name, operation, which);
          return { ...bodyOf(operation, who), [name]: is_list ? [one] : one };
        };
        for (const [who, api] of callersOf(operation)) {
          const theirs = await callWith(operation, api, own, { json: json(who, 'theirs') });
          const nobodys = await callWith(operation, api, own, { json: json(who, 'nobodys') });
          compared++;
          if (theirs.shown !== nobodys.shown || theirs.status >= 500)
            wrong.push(`${operation.id} as ${who}, ${name}: ${theirs.shown} but ${nobodys.shown}`);
        }
      }
    });
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(5);
  });

  it('is named by no list', async () => {
    const wrong: string[] = [];
    const marks = [
      alpha.client_id,
      ...alpha.values.values(),
      ...Object.values(alpha.people).flatMap(({ id, username, email }) => [id, username, email]),
    ];
    // What is the same in every tenant tells nothing.
    const common = new Set(beta.values.values());
    const telling = marks.filter((mark) => mark.length > 8 && mark !== 'owner' && !common.has(mark));
    await eachOf(
      operations.filter((operation) => operation.method === 'GET' && isTenants(operation)),
      async (operation) => {
        for (const [who, api] of callersOf(operation)) {
          const answer = await callWith(operation, api, own, { query: requiredQuery(operation) });
          const told = telling.filter((mark) => answer.shown.includes(mark));
          if (told.length > 0) wrong.push(`${operation.id} as ${who} tells of ${told.join()}`);
        }
      },
    );
    expect(wrong).toEqual([]);
  });

  it('is as it was before all of this', async () => {
    expect(await stateOf(alpha)).toEqual(before);
  });
});

describe('every answer of this sweep', () => {
  it('is one that the document names, with its status and its code', () => {
    expect([...caller.undocumented]).toEqual([]);
  });
});

/** Each parameter by itself, the others being one's own; and all together. */
function combinations({ path }: Operation): Array<Set<string>> {
  const named = pathKeys(path).filter((key) => !('free' in specimenOf(PATH_SPECIMENS, key, path)));
  const single = named.map((key) => new Set([key]));
  return named.length > 1 ? [...single, new Set(named)] : single;
}

function callersOf({ access }: Operation): Array<[string, Api]> {
  if (access.kind === 'public') return [['nobody', beta.anonymous]];
  const key = access.kind === 'role' && access.scope ? keys.get(access.scope) : undefined;
  return [['the owner', beta.people.owner.api], ...(key ? ([[KEY, key]] as Array<[string, Api]>) : [])];
}

function isTenants({ access }: Operation): boolean {
  return access.kind === 'role' || (access.kind === 'public' && access.tenant !== 'none');
}

function own(key: string): string {
  return beta.values.get(key)!;
}

function bodyOf(operation: Operation, who: string): Json | undefined {
  return BODIES[operation.id]?.(beta, who === KEY) ?? leastBody(document, operation);
}

function requiredQuery({ parameters }: Operation): Record<string, string> {
  const required = parameters.filter(({ in: place, required: is_required }) => place === 'query' && is_required);
  return Object.fromEntries(required.map(({ name, example }) => [name, name === 'q' ? 'Sweep' : String(example)]));
}

function missing(registry: Parameters<typeof specimenOf>[0], key: string, { id }: Operation): string {
  const specimen = specimenOf(registry, key, id);
  return 'free' in specimen ? specimen.free : specimen.missing();
}

function value(name: string, operation: Operation, which: 'theirs' | 'nobodys'): string {
  return which === 'theirs' ? alpha.values.get(name)! : missing(FIELD_SPECIMENS, name, operation);
}

/** Calls an operation, and answers what is shown with everything that was sent left out. */
async function callWith(
  operation: Operation,
  api: Api,
  path_value: (key: string) => string,
  { query = {}, json }: { query?: Record<string, string>; json?: Json | undefined } = {},
): Promise<{ shown: string; status: number }> {
  const sent: string[] = [];
  const path = fillPath(operation.path, (key) => {
    const given = path_value(key);
    sent.push(given);
    return given;
  });
  const search = new URLSearchParams({ ...requiredQuery(operation), ...query }).toString();
  const answer = await caller.call(operation, api, search === '' ? path : `${path}?${search}`, json === undefined ? {} : { json });
  for (const one of [...Object.values(query), ...Object.values(json ?? {}).flat()]) if (typeof one === 'string') sent.push(one);
  return { shown: withoutTimes(shownOf(answer, sent)), status: answer.status };
}

/** What was made just now differs in its ids and times. */
function withoutTimes(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => (known(id) ? id : '<new>'))
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>')
    .replaceAll(/"(seq|last_seq|unread)":\d+/g, '"$1":0')
    .replaceAll(/eyJ[\w.-]+/g, '<token>')
    .replaceAll(/"rt_[^"]+"/g, '"<token>"');
}

/** Ids of what was made beforehand stay in sight. */
function known(id: string): boolean {
  return [alpha, beta].some(
    ({ values, people }) => [...values.values()].includes(id) || Object.values(people).some((person) => person.id === id),
  );
}

/** The tenant's state once nothing that its making began is still at work: the search index and jobs follow behind. */
async function settled(side: Side): Promise<Map<string, string>> {
  // A search has everything indexed first, which would come of itself seconds later.
  await side.people.owner.api('/messages/search?q=Sweep');
  let state = await stateOf(side);
  await eventually(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      const earlier = state;
      state = await stateOf(side);
      const behind = await sql(server.database_url, 'select 1 from rooms where client_id = $1 and indexed_seq < last_seq', [
        side.client_id,
      ]);
      const waiting = await sql(
        server.database_url,
        `select from graphile_worker._private_jobs where payload ->> 'client_id' = $1 and run_at < now() + interval '5 seconds'`,
        [side.client_id],
      );
      return behind.length + waiting.length === 0 && JSON.stringify([...earlier]) === JSON.stringify([...state]);
    },
    (is_quiet) => is_quiet,
    20_000,
  );
  return state;
}

/** A digest of a tenant's rows, by table. */
async function stateOf({ client_id }: Side): Promise<Map<string, string>> {
  const tables = await sql<{ name: string }>(
    server.database_url,
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'client_id'
      where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace`,
  );
  const state = new Map<string, string>();
  for (const { name } of tables.filter((table) => !COUNTERS.includes(table.name))) {
    const [row] = await sql<{ digest: string }>(
      server.database_url,
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as digest from ${name} t where client_id = $1`,
      [client_id],
    );
    state.set(name, row!.digest);
  }
  return state;
}
