import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { startServer, type TestServer } from '../support/server.js';
import { collect, connectSocket, eventually, makeUser, next } from '../support/client.js';
import { sql } from '../support/sql.js';

/** More than the relay's pool holds. */
const LOSSES = 4;

let database: TestDatabase;
let servers: TestServer[];

beforeAll(async () => {
  database = await createDatabase();
  const env = { SOCKET_ADAPTER: 'postgres' };
  servers = await Promise.all([startServer({ database, env }), startServer({ database, env })]);
});

afterAll(async () => {
  const codes = await Promise.all(servers.map((server) => server.stop()));
  await database.drop();
  expect(codes).toEqual([0, 0]);
  for (const server of servers) expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
});

it('the connection by which nodes hear each other comes back as often as it is lost', async () => {
  const [one, two] = servers as [TestServer, TestServer];
  const listeners = (): Promise<unknown[]> =>
    sql(database.url, `select pid from pg_stat_activity where application_name = 'kaiwa:relay' and query like 'LISTEN%' and datname = $1`, [
      database.name,
    ]);
  const user = await makeUser(one.api);
  const socket = await connectSocket(two.url, user.access_token);
  const heard = collect(socket, 'message');
  for (let loss = 0; loss < LOSSES; loss++) {
    await eventually(listeners, (found) => found.length === 2, 10_000);
    await sql(
      database.url,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kaiwa:relay' and datname = $1`,
      [database.name],
    );
  }
  await eventually(listeners, (found) => found.length === 2, 10_000);
  const began = performance.now();
  expect((await user.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'x' } })).status).toBe(201);
  await eventually(
    () => Promise.resolve(heard),
    ({ length }) => length === 1,
  );
  // Told, not found out by asking now and then.
  expect(performance.now() - began).toBeLessThan(1_000);
  socket.disconnect();
});

it('a node that was taken for dead says again who is connected to it', async () => {
  const [one, two] = servers as [TestServer, TestServer];
  const user = await makeUser(one.api);
  const witness = await connectSocket(two.url, (await makeUser(one.api)).access_token);
  const isOnline = (payload: { user: { id: string }; online: boolean }): boolean => payload.user.id === user.id && payload.online;
  // Told of the coming itself, so that what is told later can only be of the coming back.
  const came = next(witness, 'presence', isOnline);
  const socket = await connectSocket(one.url, user.access_token);
  await came;
  const rows = (): Promise<Array<{ node_id: string }>> =>
    sql(database.url, 'select node_id from connections where connection_id = $1', [socket.id]);
  const online = next(witness, 'presence', isOnline);
  const [row] = await rows();
  // What another node does after 10 s of silence.
  await sql(database.url, 'with dead as (delete from nodes where node_id = $1) delete from connections where node_id = $1', [row?.node_id]);
  expect(await rows()).toEqual([]);
  expect(await online).toEqual({ room_id: 'lobby', user: { id: user.id, username: user.username }, online: true });
  expect(await rows()).toEqual([row]);
  socket.disconnect();
  witness.disconnect();
  await eventually(rows, (found) => found.length === 0);
});

it('of a node that is stopped the connections are taken away at once, and the others hear who is gone', async () => {
  const [one, two] = servers as [TestServer, TestServer];
  const [staying, going] = await Promise.all([makeUser(one.api), makeUser(one.api)]);
  const witness = await connectSocket(two.url, staying.access_token);
  const leaving = await Promise.all(Array.from({ length: 20 }, () => connectSocket(one.url, going.access_token)));
  const closed = leaving.map((socket) => new Promise((resolve) => socket.once('disconnect', resolve)));
  const ofGoing = ({ user, online }: { user: { id: string }; online: boolean }): boolean => user.id === going.id && !online;
  const offline = next(witness, 'presence', ofGoing);
  expect(await one.stop()).toBe(0);
  expect(await offline).toMatchObject({ room_id: 'lobby' });
  await Promise.all(closed);
  const rows = await sql<{ connection_id: string }>(database.url, 'select connection_id from connections');
  expect(rows).toEqual([{ connection_id: witness.id }]);
  expect(await sql(database.url, 'select 1 from nodes')).toHaveLength(1);
  witness.disconnect();
});
