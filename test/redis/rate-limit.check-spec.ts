import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeUser } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { startTestRedis, type TestRedis, withRedis } from '../support/redis.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';

async function statuses(times: number, ask: () => Promise<Answer>): Promise<number[]> {
  const found: number[] = [];
  for (let n = 0; n < times; n++) found.push((await ask()).status);
  return found;
}

withRedis(() => {
  describe('rate limits in Redis', () => {
    let redis: TestRedis;
    let database: TestDatabase;
    let nodes: TestServer[];

    beforeAll(async () => {
      redis = await startTestRedis();
      database = await createDatabase();
      const env = { RATE_LIMIT: '20/1000', REDIS_URL: redis.url, SOCKET_ADAPTER: 'memory' };
      nodes = await Promise.all([startServer({ database, env }), startServer({ database, env })]);
    });

    afterAll(async () => {
      await Promise.all((nodes ?? []).map((node) => node.stop()));
      await redis.stop();
      await database.drop();
    });

    it('are counted by all nodes together, and by each for itself while Redis is away', async () => {
      const [one, two] = nodes as [TestServer, TestServer];
      const user = await makeUser(one.api);
      const ask = (node: TestServer) => (): Promise<Answer> =>
        node.api('/getUserInfo', { headers: { authorization: `Bearer ${user.access_token}` } });
      expect(new Set(await statuses(10, ask(one)))).toEqual(new Set([200]));
      const last = await ask(two)();
      expect(last.headers.get('ratelimit')).toMatch(/^"caller";r=9;/);
      await statuses(9, ask(two));
      expect([(await ask(one)()).status, (await ask(two)()).status]).toEqual([429, 429]);
      await redis.stop();
      expect((await eventually(ask(one), ({ status }) => status === 200)).headers.get('ratelimit')).toMatch(/^"caller";r=1\d;/);
    });
  });
});
