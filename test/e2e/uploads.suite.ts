import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Upload, type UploadOptions } from 'tus-js-client';
import { eventually, makeTenant, makeUser, operatorOf, type TestUser, withHeaders } from '../support/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import type { Place } from './files.suite.js';

interface Failure {
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

interface FileJson {
  id: string;
  name: string;
  size: number;
  content_type: string;
  sha256: string;
}

const MAX_BYTES = 20 * 1024 * 1024;
const NOBODY = '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';
const TUS = { 'tus-resumable': '1.0.0' };
const BYTES = { ...TUS, 'content-type': 'application/offset+octet-stream' };

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const encoded = (text: string): string => Buffer.from(text).toString('base64');

/** What resumable uploads promise, wherever their bytes lie; two nodes share one database and one storage. */
export function describeUploads(where: string, open: () => Promise<Place>): void {
  describe(`resumable uploads to ${where}`, () => {
    let place: Place;
    let database: TestDatabase;
    let one: TestServer;
    let two: TestServer;
    let owner: TestUser;
    let alice: TestUser;
    let bob: TestUser;

    beforeAll(async () => {
      place = await open();
      database = await createDatabase();
      const env = { ...place.env, FILE_MAX_BYTES: String(MAX_BYTES), FILE_TYPES: 'image/*, text/plain, application/octet-stream' };
      [one, two] = await Promise.all([startServer({ database, env }), startServer({ database, env })]);
      owner = await makeTenant(one.api);
      const { client_id } = owner;
      [alice, bob] = await Promise.all([makeUser(one.api, { client_id }), makeUser(one.api, { client_id })]);
    }, 60_000);

    afterAll(async () => {
      const codes = [await one.stop(), await two.stop()];
      await place.close();
      await database.drop();
      const lines = [one, two].flatMap((server) => server.logs().split('\n'));
      expect([codes, lines.filter((line) => /"level":"(error|fatal)"/.test(line))]).toEqual([[0, 0], []]);
    });

    async function begin(user: TestUser, size: number, headers: Record<string, string> = {}, api: Api = user.api): Promise<string> {
      const made = await api('/uploads', { method: 'POST', headers: { ...TUS, 'upload-length': String(size), ...headers } });
      expect(made.status).toBe(201);
      const location = made.headers.get('location') ?? '';
      expect(location).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/uploads\/[0-9a-f-]{36}$/);
      return new URL(location).pathname;
    }

    const send = <T = Failure>(user: TestUser, path: string, offset: number, bytes: Uint8Array, api: Api = user.api): Promise<Answer<T>> =>
      api<T>(path, { method: 'PATCH', headers: { ...BYTES, 'upload-offset': String(offset) }, body: bytes as unknown as string });

    const offsetOf = async (user: TestUser, path: string, api: Api = user.api): Promise<string | null> =>
      (await api(path, { method: 'HEAD', headers: TUS })).headers.get('upload-offset');

    const elsewhere = (user: TestUser): Api => withHeaders(two.api, { authorization: `Bearer ${user.access_token}` });

    async function expectFile(user: TestUser, path: string, bytes: Buffer, name: string): Promise<void> {
      const id = path.split('/').at(-1) ?? '';
      const listed = await user.api<FileJson[]>('/files');
      expect(listed.body.find((file) => file.id === id)).toMatchObject({ name, size: bytes.length, sha256: sha256(bytes) });
      const found = await fetch(new URL(`/files/${id}`, two.url), { headers: { authorization: `Bearer ${user.access_token}` } });
      expect(Buffer.from(await found.arrayBuffer()).equals(bytes)).toBe(true);
    }

    /** Nothing is stored but files that there are rows for. */
    async function expectNothingLeft(): Promise<void> {
      const rows = await sql<{ object_key: string }>(database.url, 'select object_key from files order by 1');
      await eventually(
        () => place.keys(),
        (keys) => JSON.stringify(keys) === JSON.stringify(rows.map(({ object_key }) => object_key).sort()),
        15_000,
      );
    }

    it('a client of the protocol uploads a large file in parts, and finds it among its files', async () => {
      const bytes = randomBytes(15_000_000);
      const url = await tusUpload(bytes, {
        endpoint: `${one.url}/uploads`,
        headers: { authorization: `Bearer ${alice.access_token}` },
        metadata: { filename: '録音.bin' },
        chunkSize: 4_000_000,
      });
      await expectFile(alice, new URL(url).pathname, bytes, '録音.bin');
      await expectNothingLeft();
    });

    it('a broken connection costs nothing that had arrived, and another node goes on', async () => {
      const bytes = randomBytes(9_000_000);
      const path = await begin(alice, bytes.length, { 'upload-metadata': `filename ${encoded('a.bin')}` });
      const socket = connect(Number(new URL(one.url).port), '127.0.0.1');
      socket.write(
        `PATCH ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${alice.access_token}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
          `Content-Type: application/offset+octet-stream\r\nContent-Length: ${bytes.length}\r\n\r\n`,
      );
      socket.write(bytes.subarray(0, 7_000_000));
      await eventually(
        () => sql<{ received: number }>(database.url, 'select received::int from uploads where id = $1', [path.split('/').at(-1)]),
        ([row]) => (row?.received ?? 0) > 0,
      );
      socket.destroy();
      const offset = Number(await offsetOf(alice, path, elsewhere(alice)));
      expect(offset).toBeGreaterThan(6_000_000);
      expect(offset).toBeLessThanOrEqual(7_000_000);
      const rest = await send(alice, path, offset, bytes.subarray(offset), elsewhere(alice));
      expect([rest.status, rest.headers.get('upload-offset')]).toEqual([204, String(bytes.length)]);
      await expectFile(alice, path, bytes, 'a.bin');
      await expectNothingLeft();
    }, 40_000);

    it('an upload may come with its first bytes, under the other prefix, and be empty', async () => {
      const made = await alice.api('/api/uploads', {
        method: 'POST',
        headers: { ...BYTES, 'upload-length': '5', 'upload-metadata': `filename ${encoded('../five.txt')}` },
        body: 'abcde',
      });
      expect([made.status, made.headers.get('upload-offset')]).toEqual([201, '5']);
      const { pathname } = new URL(made.headers.get('location') ?? '');
      expect(pathname).toMatch(/^\/api\/uploads\//);
      await expectFile(alice, pathname, Buffer.from('abcde'), 'five.txt');
      const empty = await begin(alice, 0);
      await expectFile(alice, empty, Buffer.alloc(0), 'file');
    });

    it('says what it knows of the protocol', async () => {
      const said = await one.api('/uploads', { method: 'OPTIONS' });
      expect([said.status, said.headers.get('tus-version'), said.headers.get('tus-max-size')]).toEqual([204, '1.0.0', String(MAX_BYTES)]);
      expect(said.headers.get('tus-extension')).toContain('creation');
    });

    it('HEAD tells how far an upload has come, and what it is', async () => {
      const path = await begin(alice, 10, { 'upload-metadata': `filename ${encoded('x')}` });
      await send(alice, path, 0, Buffer.from('abc'));
      const head = await alice.api(path, { method: 'HEAD', headers: TUS });
      expect(head.status).toBe(200);
      expect(Object.fromEntries(head.headers)).toMatchObject({
        'upload-offset': '3',
        'upload-length': '10',
        'upload-metadata': `filename ${encoded('x')}`,
        'cache-control': 'no-store',
        'tus-resumable': '1.0.0',
      });
      expect((await alice.api(path, { method: 'DELETE', headers: TUS })).status).toBe(204);
      expect((await alice.api(path, { method: 'HEAD', headers: TUS })).status).toBe(404);
      await expectNothingLeft();
    });

    it('what breaks the protocol is refused in the words of the table, and changes nothing', async () => {
      const path = await begin(alice, 10);
      await send(alice, path, 0, Buffer.from('abc'));
      const wrong: Array<[string, Promise<Answer<Failure>>, number, string]> = [
        ['another offset', send(alice, path, 2, Buffer.from('x')), 409, 'UPLOAD_OFFSET'],
        ['more than was said', send(alice, path, 3, Buffer.from('x'.repeat(20))), 413, 'FILE_TOO_LARGE'],
        [
          'no version',
          alice.api(path, { method: 'PATCH', headers: { 'upload-offset': '3', 'content-type': BYTES['content-type'] }, body: 'x' }),
          412,
          'TUS_VERSION',
        ],
        [
          'another version',
          alice.api('/uploads', { method: 'POST', headers: { 'tus-resumable': '0.2.2', 'upload-length': '1' } }),
          412,
          'TUS_VERSION',
        ],
        ['no offset', alice.api(path, { method: 'PATCH', headers: BYTES, body: 'x' }), 400, 'VALIDATION_FAILED'],
        [
          'another type',
          alice.api(path, { method: 'PATCH', headers: { ...TUS, 'upload-offset': '3', 'content-type': 'text/plain' }, body: 'x' }),
          415,
          'UNSUPPORTED_MEDIA_TYPE',
        ],
        ['no length', alice.api('/uploads', { method: 'POST', headers: TUS }), 400, 'VALIDATION_FAILED'],
        [
          'a length that is none',
          alice.api('/uploads', { method: 'POST', headers: { ...TUS, 'upload-length': '-1' } }),
          400,
          'VALIDATION_FAILED',
        ],
        [
          'a length to be said later',
          alice.api('/uploads', { method: 'POST', headers: { ...TUS, 'upload-defer-length': '1' } }),
          400,
          'VALIDATION_FAILED',
        ],
        [
          'metadata that is none',
          alice.api('/uploads', { method: 'POST', headers: { ...TUS, 'upload-length': '1', 'upload-metadata': 'a b c' } }),
          400,
          'VALIDATION_FAILED',
        ],
        [
          'too large a file',
          alice.api('/uploads', { method: 'POST', headers: { ...TUS, 'upload-length': String(MAX_BYTES + 1) } }),
          413,
          'FILE_TOO_LARGE',
        ],
        [
          'an Idempotency-Key',
          alice.api('/uploads', { method: 'POST', headers: { ...TUS, 'upload-length': '1', 'idempotency-key': 'x' } }),
          400,
          'IDEMPOTENCY_NOT_SUPPORTED',
        ],
        ['nobody’s upload', send(alice, `/uploads/${NOBODY}`, 0, Buffer.from('x')), 404, 'UPLOAD_NOT_FOUND'],
        ['no id', send(alice, '/uploads/x', 0, Buffer.from('x')), 404, 'UPLOAD_NOT_FOUND'],
      ];
      for (const [what, answering, status, code] of wrong) {
        const refused = await answering;
        expect([what, refused.status, refused.body.code]).toEqual([what, status, code]);
      }
      const named = await Promise.all(
        [
          [['upload-defer-length', '1']],
          [
            ['upload-length', '3'],
            ['upload-concat', 'partial'],
          ],
          [],
        ].map((headers) =>
          alice.api<Failure>('/uploads', {
            method: 'POST',
            headers: { ...TUS, ...(Object.fromEntries(headers) as Record<string, string>) },
          }),
        ),
      );
      expect(named.map(({ body }) => body.details?.map(({ field }) => field))).toEqual([
        ['upload-defer-length'],
        ['upload-concat'],
        ['upload-length'],
      ]);
      expect(await offsetOf(alice, path)).toBe('3');
      await alice.api(path, { method: 'DELETE', headers: TUS });
      await expectNothingLeft();
    });

    it('a type that is not taken, and a quota that is full, end an upload with nothing left', async () => {
      const pdf = Buffer.from('%PDF-1.7\n1 0 obj');
      const path = await begin(alice, pdf.length);
      const refused = await send(alice, path, 0, pdf);
      expect([refused.status, refused.body.code]).toEqual([415, 'FILE_TYPE_NOT_TAKEN']);
      expect((await alice.api(path, { method: 'HEAD', headers: TUS })).status).toBe(404);
      const small = await makeTenant(one.api);
      await operatorOf(one.api)(`/tenants/${small.client_id}`, { method: 'PATCH', json: { storage_quota_bytes: 1_000 } });
      await begin(small, 600);
      const full = await small.api<Failure>('/uploads', { method: 'POST', headers: { ...TUS, 'upload-length': '600' } });
      expect([full.status, full.body.code]).toEqual([507, 'QUOTA_EXCEEDED']);
      await expectNothingLeft();
    });

    it('a type that is not taken is refused as soon as the first bytes tell it, in however many parts they come', async () => {
      const pdf = Buffer.concat([Buffer.from('%PDF-1.7\n1 0 obj\n'), randomBytes(300_000)]);
      const size = 3_000_000;
      // At once, though the larger part of it is still to come.
      const path = await begin(alice, size);
      const refused = await send(alice, path, 0, pdf);
      expect([refused.status, refused.body.code]).toEqual([415, 'FILE_TYPE_NOT_TAKEN']);
      expect((await send(alice, path, 0, pdf)).body.code).toBe('UPLOAD_NOT_FOUND');
      // With the part that completes what tells it.
      const parts = await begin(alice, size);
      expect((await send(alice, parts, 0, pdf.subarray(0, 30_000))).status).toBe(204);
      expect((await send(alice, parts, 30_000, pdf.subarray(30_000, 60_000), elsewhere(alice))).status).toBe(204);
      expect((await send(alice, parts, 60_000, pdf.subarray(60_000, 70_000))).body.code).toBe('FILE_TYPE_NOT_TAKEN');
      expect((await alice.api(parts, { method: 'HEAD', headers: TUS })).status).toBe(404);
      // And with the request that makes the upload.
      const made = await alice.api<Failure>('/uploads', {
        method: 'POST',
        headers: { ...BYTES, 'upload-length': String(size) },
        body: pdf as unknown as string,
      });
      expect([made.status, made.body.code]).toEqual([415, 'FILE_TYPE_NOT_TAKEN']);
      expect(await sql(database.url, 'select 1 from uploads where size = $1', [size])).toEqual([]);
      await expectNothingLeft();
    }, 40_000);

    it('an upload is its owner’s alone', async () => {
      const path = await begin(alice, 10);
      const anonymous = withHeaders(one.api, { 'x-client-id': owner.client_id });
      expect((await anonymous('/uploads', { method: 'POST', headers: { ...TUS, 'upload-length': '1' } })).status).toBe(401);
      const stranger = await makeTenant(one.api);
      for (const user of [bob, stranger]) {
        expect((await user.api(path, { method: 'HEAD', headers: TUS })).status).toBe(404);
        expect((await send(user, path, 0, Buffer.from('x'))).body.code).toBe('UPLOAD_NOT_FOUND');
        expect((await user.api(path, { method: 'DELETE', headers: TUS })).status).toBe(404);
      }
      // Whoever runs the tenant may see and remove it, and mixes nothing into it either.
      expect((await send(owner, path, 0, Buffer.from('x'))).body.code).toBe('UPLOAD_NOT_FOUND');
      expect((await owner.api(path, { method: 'HEAD', headers: TUS })).status).toBe(200);
      const foreign = await alice.api<Failure>('/uploads', {
        method: 'POST',
        headers: { ...TUS, 'upload-length': '1', 'upload-metadata': `user_id ${encoded(bob.id)}` },
      });
      expect([foreign.status, foreign.body.code]).toEqual([403, 'NOT_YOURSELF']);
      const made = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'system', scopes: ['files'] } });
      const system = withHeaders(one.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': owner.client_id });
      const theirs = await begin(bob, 3, { 'upload-metadata': `user_id ${encoded(bob.id)}` }, system);
      expect((await send(bob, theirs, 0, Buffer.from('abc'), system)).status).toBe(204);
      await expectFile(bob, theirs, Buffer.from('abc'), 'file');
    });

    it('two that write at once do not tear it: one of them goes on, the other is told', async () => {
      const bytes = randomBytes(2_000_000);
      const path = await begin(alice, bytes.length);
      const answers = await Promise.all([send(alice, path, 0, bytes), send(alice, path, 0, bytes, elsewhere(alice))]);
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses[0]).toBe(204);
      expect([404, 409, 423]).toContain(statuses[1]);
      await expectFile(alice, path, bytes, 'file');
      await expectNothingLeft();
    }, 40_000);

    it('an upload that another request writes to is told to be so within seconds', async () => {
      const path = await begin(alice, 3);
      const [row] = await sql<{ name: string }>(
        database.url,
        `update uploads set locked_by = n.node_id || '/writer', locked_until = now() + interval '30 s'
           from (select node_id from nodes order by seen_at desc limit 1) n where id = $1 returning locked_by as name`,
        [path.split('/').at(-1)],
      );
      expect(row?.name).toMatch(/.\/writer$/);
      const locked = await alice.api(path, { method: 'HEAD', headers: TUS });
      expect([locked.status, Number(locked.headers.get('retry-after')) > 0]).toEqual([423, true]);
      const refused = await send(alice, path, 0, Buffer.from('abc'));
      expect([refused.status, refused.body.code]).toEqual([423, 'UPLOAD_LOCKED']);
      await sql(database.url, `update uploads set locked_by = 'gone-1-abcdef/writer', locked_until = now() + interval '1 day'`);
      expect(await offsetOf(alice, path)).toBe('0');
      expect((await send(alice, path, 0, Buffer.from('abc'))).status).toBe(204);
    }, 40_000);

    it('a server that dies after the last byte is made good by the client’s next question', async () => {
      const bytes = Buffer.from('all of it is there');
      const path = await begin(alice, bytes.length);
      await send(alice, path, 0, bytes.subarray(0, -1));
      const id = path.split('/').at(-1) ?? '';
      // As if the last byte had come, and the server had gone before the file was made.
      await sql(database.url, 'update uploads set size = size - 1 where id = $1', [id]);
      expect(await offsetOf(alice, path)).toBe(String(bytes.length - 1));
      await expectFile(alice, path, bytes.subarray(0, -1), 'file');
    });

    it('what nobody goes on with is swept away, and a user’s end takes theirs', async () => {
      const carol = await makeUser(one.api, { client_id: owner.client_id });
      const [old, theirs] = [await begin(alice, 10), await begin(carol, 10)];
      await send(alice, old, 0, Buffer.from('abc'));
      await send(carol, theirs, 0, Buffer.from('abc'));
      expect((await place.keys()).filter((key) => key.startsWith('uploads/')).length).toBeGreaterThanOrEqual(2);
      await sql(database.url, `update uploads set expires_at = now() where id = $1`, [old.split('/').at(-1)]);
      expect((await alice.api(old, { method: 'HEAD', headers: TUS })).status).toBe(404);
      expect((await carol.api('/user', { method: 'DELETE' })).status).toBe(200);
      await expectNothingLeft();
    });
  });
}

/** Uploads by the protocol's own client and answers the upload's URL. */
function tusUpload(bytes: Buffer, options: UploadOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, { retryDelays: null, ...options, onError: reject, onSuccess: () => resolve(upload.url ?? '') });
    upload.start();
  });
}
