import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { collect, connectSocket, eventually, makeUser, type TestUser } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { startServer, type TestServer } from '../support/server.js';

interface Message {
  seq: number;
}

/** A node that tells the others nothing, as when the relay between them is down. */
let mute: TestServer;
let node: TestServer;
let database: TestDatabase;
let user: TestUser;

beforeAll(async () => {
  database = await createDatabase();
  [mute, node] = await Promise.all([startServer({ database }), startServer({ database, env: { SOCKET_ADAPTER: 'postgres' } })]);
  user = await makeUser(mute.api);
});

afterAll(async () => {
  expect(await Promise.all([mute.stop(), node.stop()])).toEqual([0, 0]);
  await database.drop();
  expect(node.logs()).not.toMatch(/"level":"(warn|error|fatal)"/);
});

it('edits, deletions and reactions that a node was never told of, its sockets hear all the same, once', async () => {
  const socket = await connectSocket(node.url, user.access_token);
  const messages = '/rooms/lobby/messages';
  const heard: Array<[event: string, message: Message]> = [];
  for (const event of ['message:updated', 'message:deleted', 'reaction']) {
    socket.on(event, (payload: Message) => heard.push([event, payload]));
  }
  /** What the socket was told last of each message. */
  const known = (): Map<number, unknown> => new Map(heard.map(([event, message]) => [message.seq, [event, message]]));
  const posted = collect(socket, 'message');
  for (const content of ['one', 'two', 'three', 'four']) await user.api(messages, { method: 'POST', json: { content } });
  await eventually(
    () => Promise.resolve(posted),
    ({ length }) => length === 4,
    10_000,
  );

  await user.api(`${messages}/1`, { method: 'PATCH', json: { content: 'one, edited' } });
  const edited = await user.api(`${messages}/1`, { method: 'PATCH', json: { content: 'one, edited again' } });
  const liked = await user.api(`${messages}/2/reactions/${encodeURIComponent('👍')}`, { method: 'PUT' });
  const deleted = await user.api(`${messages}/3`, { method: 'DELETE' });
  const live = await user.api(`${messages}/4`, { method: 'PATCH', json: { content: 'four, edited' } });
  await eventually(
    () => Promise.resolve(known()),
    ({ size }) => size === 4,
    10_000,
  );
  expect(known()).toEqual(
    new Map([
      [1, ['message:updated', edited.body]],
      [2, ['message:updated', liked.body]],
      [3, ['message:deleted', deleted.body]],
      [4, ['message:updated', live.body]],
    ]),
  );
  expect(new Set(heard.map((event) => JSON.stringify(event))).size).toBe(heard.length);
  socket.disconnect();
});
