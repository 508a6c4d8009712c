import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Socket } from 'socket.io-client';
import { collect, connectSocket, emit, makeTenant, makeUser, next, type TestUser } from '../support/client.js';
import type { Order } from '../support/pass-server.program.js';
import { startServer, type TestServer } from '../support/server.js';

/* Calls by appointment: sockets that come by a signed link, for one call alone, on a node beside one that rings. */

type Ack = { ok: boolean; code?: string };

const SECRET = 'a-secret-for-tests-that-is-long-enough';

let server: TestServer;
let node: ChildProcess;
let url: string;
let owner: TestUser;
let tanaka: TestUser;
let sato: TestUser;
const open: Socket[] = [];

beforeAll(async () => {
  server = await startServer({ env: { SOCKET_ADAPTER: 'postgres' } });
  owner = await makeTenant(server.api);
  const client_id = owner.client_id;
  [tanaka, sato] = await Promise.all([makeUser(server.api, { client_id }), makeUser(server.api, { client_id })]);
  node = fork(resolve('test/support/pass-server.program.ts'), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: resolve('dist/.cache'),
      DATABASE_URL: server.database_url,
      JWT_SECRET: SECRET,
      ENCRYPTION_KEY: SECRET,
      SOCKET_ADAPTER: 'postgres',
      RATE_LIMIT: 'off',
      JOBS: 'off',
      LOG_LEVEL: 'warn',
    },
  });
  const [told] = (await once(node, 'message')) as [{ url: string }];
  url = told.url;
}, 60_000);

afterAll(async () => {
  for (const socket of open) socket.disconnect();
  const gone = once(node, 'exit');
  node.disconnect();
  await gone;
  expect(await server.stop()).toBe(0);
});

async function order<T>(wanted: Order): Promise<T> {
  const answered = once(node, 'message');
  node.send(wanted);
  const [{ answer }] = (await answered) as [{ answer: T }];
  return answer;
}
const arrange = (): Promise<string> =>
  order<string>({ do: 'arrange', client_id: owner.client_id, caller_id: tanaka.id, callee_id: sato.id });
const soon = (): number => Math.floor(Date.now() / 1_000) + 600;

async function enter(call_id: string, user_id: string, exp = soon()): Promise<Socket> {
  const pass = JSON.stringify({ client_id: owner.client_id, call_id, user_id, exp });
  const socket = await connectSocket(url, null, { auth: { pass } });
  open.push(socket);
  return socket;
}

describe('a socket that came by a pass', () => {
  it('hears of its call and signals in it, without names, and the account hears nothing', async () => {
    const call_id = await arrange();
    const [caller, callee] = [await enter(call_id, tanaka.id), await enter(call_id, sato.id)];
    const account = await connectSocket(server.url, sato.access_token);
    open.push(account);
    const heard: string[] = [];
    account.onAny((event: string) => event.startsWith('call:') && heard.push(event));
    const signal = next(callee, 'call:signal');
    expect(await emit<Ack>(caller, 'call:signal', { call_id, data: 'hello' })).toEqual({ ok: true });
    expect(await signal).toEqual({ call_id, from: { id: tanaka.id }, data: 'hello' });
    const ended = Promise.all([next(caller, 'call:ended'), next(callee, 'call:ended')]);
    await order({ do: 'finish', client_id: owner.client_id, call_id });
    for (const payload of await ended) {
      expect(payload).toEqual({
        id: call_id,
        caller: { id: tanaka.id },
        callee: { id: sato.id },
        status: 'completed',
        media: 'audio',
        ice_servers: [],
      });
    }
    expect(await emit<Ack>(caller, 'call:signal', { call_id, data: 'hello' })).toMatchObject({ ok: false, code: 'CALL_OVER' });
    expect(heard).toEqual([]);
  });

  it('makes nobody busy, and stands in the log of the two', async () => {
    const call_id = await arrange();
    const rung = await tanaka.api<{ id: string }>('/calls', { method: 'POST', json: { callee_id: sato.id } });
    expect(rung.status).toBe(201);
    expect((await tanaka.api<Array<{ id: string }>>('/calls')).body.map(({ id }) => id)).toContain(call_id);
    expect((await owner.api(`/calls/${call_id}`)).status).toBe(404);
    await tanaka.api(`/calls/${rung.body.id}/end`, { method: 'POST' });
  });

  it('may do nothing else: no room, no other call, no other event', async () => {
    const call_id = await arrange();
    const socket = await enter(call_id, tanaka.id);
    for (const [event, payload] of [
      ['joinRoom', { room_id: 'lobby' }],
      ['sendMessage', { room_id: 'lobby', content: 'x' }],
      ['renewToken', { token: tanaka.access_token }],
    ] as const) {
      expect(await emit<Ack>(socket, event, payload)).toMatchObject({ ok: false, code: 'FORBIDDEN' });
    }
    const rung = await tanaka.api<{ id: string }>('/calls', { method: 'POST', json: { callee_id: sato.id } });
    for (const other of [rung.body.id, await arrange(), randomUUID()]) {
      expect(await emit<Ack>(socket, 'call:signal', { call_id: other, data: 1 })).toMatchObject({ ok: false, code: 'CALL_NOT_FOUND' });
    }
    // What is said to the account, it does not hear.
    const heard = collect(socket, 'message');
    await sato.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'to the lobby' } });
    const mine = next(socket, 'call:signal');
    await emit(await enter(call_id, sato.id), 'call:signal', { call_id, data: 'marker' });
    await mine;
    expect(heard).toEqual([]);
    await tanaka.api(`/calls/${rung.body.id}/end`, { method: 'POST' });
  });

  it('is closed when the pass ends, and not let in without a good one', async () => {
    const call_id = await arrange();
    const socket = await enter(call_id, tanaka.id, Math.ceil(Date.now() / 1_000) + 1);
    expect(await next(socket, 'session:ended')).toEqual({ reason: 'expired' });
    for (const pass of [
      'garbage',
      JSON.stringify({ client_id: owner.client_id, call_id, user_id: tanaka.id, exp: 1 }),
      JSON.stringify({ client_id: owner.client_id, call_id, user_id: randomUUID(), exp: soon() }),
    ]) {
      await expect(connectSocket(url, null, { auth: { pass } })).rejects.toThrow('Unauthorized');
    }
    // A node that knows no such pass believes none.
    const pass = JSON.stringify({ client_id: owner.client_id, call_id, user_id: tanaka.id, exp: soon() });
    await expect(connectSocket(server.url, null, { auth: { pass } })).rejects.toThrow('Unauthorized');
  });

  it('is closed when the account ends, and the call with it', async () => {
    const leaver = await makeUser(server.api, { client_id: owner.client_id });
    const call_id = await order<string>({ do: 'arrange', client_id: owner.client_id, caller_id: leaver.id, callee_id: sato.id });
    const [gone, stays] = [await enter(call_id, leaver.id), await enter(call_id, sato.id)];
    const told = [next(gone, 'session:ended'), next(stays, 'call:ended')];
    expect((await leaver.api('/user', { method: 'DELETE' })).status).toBe(200);
    expect(await Promise.all(told)).toEqual([{ reason: 'account_deleted' }, expect.objectContaining({ status: 'completed' })]);
    const view = await order({ do: 'view', client_id: owner.client_id, call_id, user_id: sato.id });
    expect(view).toMatchObject({ id: call_id, status: 'completed', ice_servers: [] });
  });
});
