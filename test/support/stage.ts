import { expect } from '@jest/globals';
import { makeTenant, makeUser, type TestUser, withHeaders } from './client.js';
import { type Api, startServer, type TestServer } from './server.js';

/** Who most tests of a module need. */
export interface Stage {
  server: TestServer;
  /** The owner of a tenant of this stage's own. */
  owner: TestUser;
  /** Two of its members. */
  alice: TestUser;
  bob: TestUser;
  /** The owner of another tenant. */
  stranger: TestUser;
  /** Requests by an API key of the tenant. */
  system: Api;
}

/** A server and the people of {@link Stage}; the API key has `scopes`. Close it by {@link stopWell}. */
export async function openStage(scopes: readonly string[], env: Record<string, string> = {}): Promise<Stage> {
  const server = await startServer({ env });
  const [owner, stranger] = await Promise.all([makeTenant(server.api), makeTenant(server.api)]);
  const { client_id } = owner;
  const [alice, bob, made] = await Promise.all([
    makeUser(server.api, { client_id }),
    makeUser(server.api, { client_id }),
    owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'system', scopes } }),
  ]);
  expect(made.status).toBe(201);
  const system = withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': client_id });
  return { server, owner, alice, bob, stranger, system };
}

/** Stops the server, which must end well and have met no defect of its own. */
export async function stopWell(server: TestServer): Promise<void> {
  expect(await server.stop()).toBe(0);
  expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
}
