import { afterAll, beforeAll } from '@jest/globals';
import { describeCallsOfTwoNodes } from '../realtime/ring.suite.js';
import { startTestRedis, type TestRedis, withRedis } from '../support/redis.js';

/* The same promises as over PostgreSQL, kept over Redis: `npm run test:redis`. */

withRedis(() => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await startTestRedis();
  });

  afterAll(() => redis.stop());

  describeCallsOfTwoNodes('Redis streams', () => ({ SOCKET_ADAPTER: 'redis', REDIS_URL: redis.url }));
});
