import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { collect, connectSocket, emit, eventually, makeTenant, makeUser, next, type TestUser, uniqueName } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import { startWorker, type TestWorker } from '../support/worker.js';

const CLUSTERED = { SOCKET_ADAPTER: 'postgres', JOBS: 'off' };

/** Jobs run apart from the servers, as in installations with a worker. */
let database: TestDatabase;
let server: TestServer;
let worker: TestWorker;
let alice: TestUser;

beforeAll(async () => {
  database = await createDatabase();
  [server, worker] = await Promise.all([startServer({ database, env: CLUSTERED }), startWorker(database)]);
  const owner = await makeTenant(server.api);
  alice = await makeUser(server.api, { client_id: owner.client_id });
});

afterAll(async () => {
  expect(await Promise.all([server.stop(), worker.stop()])).toEqual([0, 0]);
  await database.drop();
  expect(server.logs() + worker.logs()).not.toMatch(/"level":"(error|fatal)"/);
});

it('what a job tells somebody comes to their sockets, which are on the servers, once', async () => {
  const socket = await connectSocket(server.url, alice.access_token);
  const heard = collect<{ id: string }>(socket, 'notification');
  const told = next<{ text: string }>(socket, 'notification', () => true, 10_000);
  await sql(
    database.url,
    `select graphile_worker.add_job('notification.send', json_build_object('client_id', $1::text, 'user_id', $2::text,
       'type', 'matching.cancelled', 'object_id', $2::text, 'text', 'from afar'))`,
    [alice.client_id, alice.id],
  );
  expect(await told).toMatchObject({ type: 'matching.cancelled', text: 'from afar' });
  const { body: kept } = await eventually(
    () => alice.api<Array<{ id: string }>>('/notifications'),
    ({ body }) => body.length === 1,
  );
  expect(heard.map(({ id }) => id)).toEqual(kept.map(({ id }) => id));
  socket.disconnect();
});

it('it and the servers say the same of who is in a room when another node dies', async () => {
  const bob = await makeUser(server.api, { client_id: alice.client_id });
  const other = await startServer({ database, env: CLUSTERED });
  const witness = await connectSocket(server.url, alice.access_token);
  await emit(witness, 'joinRoom', { room_id: 'lobby' });
  await connectSocket(other.url, bob.access_token);
  const gone = next<{ user: { id: string }; online: boolean }>(
    witness,
    'presence',
    ({ user, online }) => user.id === bob.id && !online,
    30_000,
  );
  // Whoever finds the silent node first takes its records away: here it is the worker, as the server sleeps meanwhile.
  process.kill(server.pid, 'SIGSTOP');
  try {
    await other.kill();
    await eventually(
      () => sql(database.url, 'select from connections where user_id = $1', [bob.id]),
      ({ length }) => length === 0,
      30_000,
    );
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  expect(await gone).toMatchObject({ online: false });
  witness.disconnect();
});

it('says in one line what it lacks, and makes nothing', async () => {
  const data_dir = join(tmpdir(), uniqueName('kaiwa-worker-'));
  const child = spawn(process.execPath, [resolve('dist/src/worker.js')], { env: { PATH: process.env.PATH ?? '', DATA_DIR: data_dir } });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  expect([code, said]).toEqual([1, 'DATABASE_URL: a worker needs the database that its servers use\n']);
  expect(existsSync(data_dir)).toBe(false);
});
