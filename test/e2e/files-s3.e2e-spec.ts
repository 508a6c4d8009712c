import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeUser, type TestUser } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { startS3 } from '../support/s3.js';
import { describeFiles } from './files.suite.js';
import { describeUploads } from './uploads.suite.js';

describeFiles('a bucket of an S3 server', startS3);
describeUploads('a bucket of an S3 server', startS3);

describe('an S3 server that is away', () => {
  let server: TestServer;
  let alice: TestUser;

  beforeAll(async () => {
    const s3 = await startS3();
    server = await startServer({ env: s3.env });
    alice = await makeUser(server.api);
    await s3.close();
  });

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
  });

  it.each([0, 100, 7_000_000, 30_000_000])('takes no %d bytes, and says so with 503', async (size) => {
    const body = new FormData();
    body.set('file', new Blob([randomBytes(size)]), 'a.bin');
    const refused = await alice.api<{ code: string }>('/files', { method: 'POST', body });
    expect([refused.status, refused.body.code]).toEqual([503, 'STORAGE_UNAVAILABLE']);
    expect(refused.headers.get('retry-after')).not.toBeNull();
  });
});
