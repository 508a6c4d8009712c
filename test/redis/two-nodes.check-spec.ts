import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeTwoNodes } from '../realtime/two-nodes.suite.js';
import { collect, connectSocket, eventually, makeUser } from '../support/client.js';
import { createDatabase } from '../support/database.js';
import { startTestRedis, type TestRedis, withRedis } from '../support/redis.js';
import { startServer } from '../support/server.js';

/* The same promises as over PostgreSQL, kept over Redis: `npm run test:redis`. */

withRedis(() => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await startTestRedis();
  });

  afterAll(() => redis.stop());

  const env = (): Record<string, string> => ({ SOCKET_ADAPTER: 'redis', REDIS_URL: redis.url });

  describeTwoNodes('Redis streams', env);

  it('while Redis is away the nodes go on, and nothing that was said is missing on the other', async () => {
    const database = await createDatabase();
    const [one, two] = await Promise.all([startServer({ database, env: env() }), startServer({ database, env: env() })]);
    const user = await makeUser(one.api);
    const socket = await connectSocket(two.url, user.access_token);
    const heard = collect<{ seq: number }>(socket, 'message');
    const post = async (): Promise<void> => {
      expect((await user.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'x' } })).status).toBe(201);
    };
    await post();
    await redis.stop();
    for (let index = 0; index < 20; index++) await post();
    await eventually(
      () => Promise.resolve(heard),
      ({ length }) => length === 21,
      10_000,
    );
    await redis.start();
    for (let index = 0; index < 20; index++) await post();
    await eventually(
      () => Promise.resolve(heard),
      ({ length }) => length === 41,
      10_000,
    );
    expect(heard.map(({ seq }) => seq)).toEqual(Array.from({ length: 41 }, (_, index) => index + 1));
    socket.disconnect();
    expect(await Promise.all([one.stop(), two.stop()])).toEqual([0, 0]);
    await database.drop();
  });
});
