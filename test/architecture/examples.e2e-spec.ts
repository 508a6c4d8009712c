import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeTenant, operatorOf, type TestUser, withHeaders } from '../support/client.js';
import { type Api, startServer, type TestServer } from '../support/server.js';
import { type ApiDocument, examplesOf, type Json, type Operation, operationsOf, resolve } from './api-document.js';
import { Caller, shownOf } from './exchange.js';
import { fillPath, PATH_SPECIMENS, specimenOf } from './specimens.js';

/* What the reference page shows is what a reader sends: every example of every body is sent as it stands. */

let server: TestServer;
let document: ApiDocument;
let owner: TestUser;

beforeAll(async () => {
  server = await startServer();
  document = (await server.api<ApiDocument>('/openapi.json')).body;
  owner = await makeTenant(server.api);
}, 30_000);

afterAll(async () => {
  await server.stop();
});

it('no example of a body is refused for what it says', async () => {
  const caller = new Caller();
  const wrong: string[] = [];
  let sent = 0;
  for (const operation of operationsOf(document)) {
    const media = operation.body?.['application/json'];
    if (!media) continue;
    for (const [name, json] of Object.entries(examplesOf(document, media))) {
      const answer = await caller.call(operation, apiFor(operation), pathOf(operation), { json });
      const { details = [] } = (answer.body ?? {}) as { details?: Array<{ field: string; message: string }> };
      // The ids of examples name nothing in this tenant.
      const own = details.filter(({ field, message }) => isOf(json as Json, field) && !/do(es)? not exist|^names no /.test(message));
      const is_refused = answer.status === 400 && own.length > 0;
      if (is_refused || answer.status === 500) wrong.push(`${operation.id} (${name}): ${shownOf(answer)}`);
      sent += 1;
    }
  }
  expect(wrong).toEqual([]);
  expect(sent).toBeGreaterThan(40);
}, 60_000);

it('every field that is said to be required is asked for', async () => {
  const caller = new Caller();
  const wrong: string[] = [];
  for (const operation of operationsOf(document)) {
    const media = operation.body?.['application/json'];
    // What is signed is refused for its signature first.
    if (operation.is_raw) continue;
    const schema = media?.schema ? resolve<Json>(document, media.schema) : {};
    const example = media ? Object.values(examplesOf(document, media))[0] : undefined;
    for (const field of (schema['required'] ?? []) as string[]) {
      const { [field]: _left, ...json } = example as Json;
      const answer = await caller.call(operation, apiFor(operation), pathOf(operation), { json });
      const { details = [] } = (answer.body ?? {}) as { details?: Array<{ field: string; message: string }> };
      const is_asked = details.some((detail) => detail.field === field && detail.message === 'is required');
      if (answer.status !== 400 || !is_asked) wrong.push(`${operation.id} without ${field}: ${shownOf(answer)}`);
    }
  }
  expect(wrong).toEqual([]);
}, 60_000);

function apiFor({ access }: Operation): Api {
  if (access.kind === 'operator') return operatorOf(server.api);
  return access.kind === 'public' ? withHeaders(server.api, { 'x-client-id': owner.client_id }) : owner.api;
}

/** The path with names in it that nobody has. */
function pathOf({ path }: Operation): string {
  return fillPath(path, (key) => {
    const specimen = specimenOf(PATH_SPECIMENS, key, path);
    return 'free' in specimen ? specimen.free : specimen.missing();
  });
}

/** True where the field is one that the body has, whether the whole of it or a part. */
function isOf(body: Json, field: string): boolean {
  return field === '' || Object.keys(body).some((name) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`));
}
