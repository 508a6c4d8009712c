import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeUser, type TestUser } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { type S3Server, startS3 } from '../support/s3.js';
import { describeFiles } from './files.suite.js';
import { describeUploads } from './uploads.suite.js';

describeFiles('a bucket of an S3 server', startS3);
describeUploads('a bucket of an S3 server', startS3);

describe('callers that take their time', () => {
  let s3: S3Server;
  let server: TestServer;
  let alice: TestUser;

  beforeAll(async () => {
    s3 = await startS3();
    server = await startServer({ env: s3.env });
    alice = await makeUser(server.api);
  });

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    await s3.close();
  });

  const upload = async (size: number): Promise<string> => {
    const body = new FormData();
    body.set('file', new Blob([randomBytes(size)]), 'a.bin');
    const made = await alice.api<{ id: string }>('/files', { method: 'POST', body });
    expect(made.status).toBe(201);
    return made.body.id;
  };

  it('keep nobody else from the storage', async () => {
    // More than the connections hold on their way.
    const id = await upload(20_000_000);
    let begun = 0;
    const slow = Array.from({ length: 60 }, () => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.write(`GET /files/${id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${alice.access_token}\r\n\r\n`);
      // Told of the first bytes, it takes none.
      socket.once('readable', () => begun++);
      return socket;
    });
    try {
      await eventually(
        () => Promise.resolve(begun),
        (count) => count === slow.length,
        15_000,
      );
      expect((await alice.api(`/files/${await upload(100)}`)).status).toBe(200);
      expect((await server.api('/health/ready')).status).toBe(200);
    } finally {
      for (const socket of slow) socket.destroy();
    }
  }, 60_000);
});

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
