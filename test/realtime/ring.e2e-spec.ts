import { describe, expect, it } from '@jest/globals';
import { collect, connectSocket, emit, eventually, makeTenant, makeUser, next } from '../support/client.js';
import { startServer } from '../support/server.js';
import { type Ack, describeCallsOfTwoNodes, type Ring } from './ring.suite.js';

describeCallsOfTwoNodes('PostgreSQL', () => ({ SOCKET_ADAPTER: 'postgres' }));

describe('a flood of signals', () => {
  it('is refused beyond the budget of a person', async () => {
    const server = await startServer({ env: { RATE_LIMIT: 'on' } });
    const owner = await makeTenant(server.api);
    const [tanaka, sato] = await Promise.all([
      makeUser(server.api, { client_id: owner.client_id }),
      makeUser(server.api, { client_id: owner.client_id }),
    ]);
    const [caller, callee] = [await connectSocket(server.url, tanaka.access_token), await connectSocket(server.url, sato.access_token)];
    const incoming = next<Ring>(callee, 'call:incoming');
    await tanaka.api('/calls', { method: 'POST', json: { callee_id: sato.id } });
    const { id } = await incoming;
    const heard = collect(callee, 'call:signal');
    const acks = await Promise.all(
      Array.from({ length: 300 }, (_, index) => emit<Ack>(caller, 'call:signal', { call_id: id, data: index })),
    );
    const refused = acks.filter(({ ok }) => !ok);
    expect(refused.length).toBeGreaterThan(100);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['RATE_LIMITED']));
    await eventually(
      () => Promise.resolve(heard.length),
      (count) => count === acks.length - refused.length,
    );
    for (const socket of [caller, callee]) socket.disconnect();
    expect(await server.stop()).toBe(0);
  });
});
