import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import sharp from 'sharp';
import { eventually, makeTenant, makeUser, operatorOf, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/** Where the bytes lie. */
export interface Place {
  /** What a server is given to use it. */
  readonly env: Record<string, string>;
  /** The keys of everything that is stored, also of what is unfinished. */
  keys(): Promise<string[]>;
  close(): Promise<void>;
}

interface FileJson {
  id: string;
  name: string;
  size: number;
  content_type: string;
  sha256: string;
  created_at: string;
}

interface Failure {
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

const MAX_BYTES = 20 * 1024 * 1024;
const NOBODY = '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';
const UUID = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A form with one file. */
function formOf(bytes: Uint8Array | string, name = 'file.bin', fields: Record<string, string> = {}, type?: string): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set('file', new File([bytes as unknown as string], name, type ? { type } : {}));
  return form;
}

/** What files promise, wherever their bytes lie. */
export function describeFiles(where: string, open: () => Promise<Place>): void {
  describe(`files in ${where}`, () => {
    let place: Place;
    let server: TestServer;
    let owner: TestUser;
    let alice: TestUser;
    let bob: TestUser;
    let stranger: TestUser;
    let system: Api;

    beforeAll(async () => {
      place = await open();
      server = await startServer({ env: { ...place.env, FILE_MAX_BYTES: String(MAX_BYTES) } });
      owner = await makeTenant(server.api);
      const { client_id } = owner;
      const other = await makeTenant(server.api);
      [alice, bob, stranger] = await Promise.all([
        makeUser(server.api, { client_id }),
        makeUser(server.api, { client_id }),
        makeUser(server.api, { client_id: other.client_id }),
      ]);
      system = await keyFor(['files']);
    }, 60_000);

    afterAll(async () => {
      const code = await server.stop();
      await place.close();
      const lines = server.logs().split('\n');
      expect([code, lines.filter((line) => /"level":"(error|fatal)"/.test(line))]).toEqual([0, []]);
    });

    async function keyFor(scopes: string[]): Promise<Api> {
      const made = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'system', scopes } });
      return withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': owner.client_id });
    }

    const post = <T = FileJson>(api: Api, form: FormData): Promise<Answer<T>> => api<T>('/files', { method: 'POST', body: form });

    async function upload(user: TestUser, bytes: Uint8Array | string = randomBytes(64), name = 'file.bin'): Promise<FileJson> {
      const made = await post(user.api, formOf(bytes, name));
      expect(made.status).toBe(201);
      return made.body;
    }

    /** The bytes as they come, and the whole answer. */
    async function read(user: TestUser | null, path: string, headers: Record<string, string> = {}): Promise<Response & { bytes: Buffer }> {
      const response = await fetch(new URL(path, server.url), {
        headers: { ...(user ? { authorization: `Bearer ${user.access_token}` } : {}), ...headers },
      });
      return Object.assign(response, { bytes: Buffer.from(await response.arrayBuffer()) });
    }

    /** Nothing is stored under the file's id any more, as soon as the collector has been by. */
    const isGone = (id: string): Promise<string[]> =>
      eventually(
        async () => (await place.keys()).filter((key) => key.includes(id)),
        (keys) => keys.length === 0,
        15_000,
      );

    /** What is stored is what there are rows for: nothing is left over, and nothing is missing. */
    async function expectNothingLeft(): Promise<void> {
      const rows = await sql<{ object_key: string }>(
        server.database_url,
        `select object_key from files union select object_key || '.w' || w || '.webp' from files, unnest(variants) as w order by 1`,
      );
      const expected = rows.map(({ object_key }) => object_key).sort();
      await eventually(
        () => place.keys(),
        (keys) => JSON.stringify(keys) === JSON.stringify(expected),
        15_000,
      );
      const reserved = await eventually(
        () => sql(server.database_url, 'select key from storage_trash'),
        (left) => left.length === 0,
        15_000,
      );
      expect(reserved).toEqual([]);
    }

    describe('work', () => {
      it('an upload is stored as it came, and told by what it is', async () => {
        const bytes = randomBytes(300_000);
        const made = await post(alice.api, formOf(bytes, '見積書 2026.bin', {}, 'text/html'));
        expect([made.status, made.body]).toEqual([
          201,
          {
            id: UUID,
            name: '見積書 2026.bin',
            size: 300_000,
            content_type: 'application/octet-stream',
            sha256: sha256(bytes),
            created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          },
        ]);
        const found = await read(alice, `/files/${made.body.id}`);
        expect(found.status).toBe(200);
        expect(found.bytes.equals(bytes)).toBe(true);
        expect(Object.fromEntries(found.headers)).toMatchObject({
          'content-type': 'application/octet-stream',
          'content-length': '300000',
          'accept-ranges': 'bytes',
          etag: `"${sha256(bytes)}"`,
          'x-content-type-options': 'nosniff',
          'content-security-policy': expect.stringMatching(/^sandbox; default-src 'none'/),
          'cache-control': 'private, no-cache',
          'content-disposition': `attachment; filename="??? 2026.bin"; filename*=UTF-8''${encodeURIComponent('見積書 2026.bin')}`,
        });
        expect((await read(alice, `/api/files/${made.body.id}`)).bytes.equals(bytes)).toBe(true);
      });

      it('a file of many parts comes back whole', async () => {
        const bytes = randomBytes(MAX_BYTES - 1);
        const made = await upload(alice, bytes);
        expect(made).toMatchObject({ size: bytes.length, sha256: sha256(bytes) });
        const found = await read(alice, `/files/${made.id}`);
        expect(found.bytes.equals(bytes)).toBe(true);
        const tail = await read(alice, `/files/${made.id}`, { range: 'bytes=-1000' });
        expect(tail.bytes.equals(bytes.subarray(-1000))).toBe(true);
      });

      it('an empty file is a file', async () => {
        const made = await upload(alice, '', 'empty');
        expect(made).toMatchObject({ size: 0, sha256: sha256(Buffer.alloc(0)) });
        const found = await read(alice, `/files/${made.id}`);
        expect([found.status, found.bytes.length, found.headers.get('content-length')]).toEqual([200, 0, '0']);
        expect((await read(alice, `/files/${made.id}`, { range: 'bytes=0-' })).status).toBe(416);
      });

      it('parts are read by Range', async () => {
        const bytes = Buffer.from('0123456789');
        const { id } = await upload(alice, bytes);
        const cases: Array<[string, number, string, string | null]> = [
          ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
          ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
          ['bytes=-3', 206, '789', 'bytes 7-9/10'],
          ['bytes=-300', 206, '0123456789', 'bytes 0-9/10'],
          ['bytes=8-300', 206, '89', 'bytes 8-9/10'],
          ['bytes=9-9', 206, '9', 'bytes 9-9/10'],
          // A server may leave these unheeded (RFC 9110, section 14.2).
          ['bytes=5-2', 200, '0123456789', null],
          ['bytes=0-1,4-5', 200, '0123456789', null],
          ['lines=1-2', 200, '0123456789', null],
          ['bytes=', 200, '0123456789', null],
        ];
        for (const [range, status, text, said] of cases) {
          const part = await read(alice, `/files/${id}`, { range });
          expect([range, part.status, part.bytes.toString(), part.headers.get('content-range')]).toEqual([range, status, text, said]);
        }
        for (const range of ['bytes=10-', 'bytes=999999999999-', 'bytes=-0']) {
          const refused = await read(alice, `/files/${id}`, { range });
          expect([range, refused.status, refused.headers.get('content-range')]).toEqual([range, 416, 'bytes */10']);
          expect((JSON.parse(refused.bytes.toString()) as Failure).code).toBe('RANGE_NOT_SATISFIABLE');
        }
      });

      it('what the caller has already is not sent again', async () => {
        const { id, sha256: hash } = await upload(alice, 'the same');
        for (const tag of [`"${hash}"`, `W/"${hash}"`, `"x", "${hash}"`, '*']) {
          const answer = await read(alice, `/files/${id}`, { 'if-none-match': tag });
          expect([tag, answer.status, answer.bytes.length, answer.headers.get('etag')]).toEqual([tag, 304, 0, `"${hash}"`]);
        }
        expect((await read(alice, `/files/${id}`, { 'if-none-match': '"other"' })).status).toBe(200);
        expect((await read(alice, `/files/${id}`, { range: 'bytes=0-2', 'if-range': `"${hash}"` })).status).toBe(206);
        expect((await read(alice, `/files/${id}`, { range: 'bytes=0-2', 'if-range': '"other"' })).status).toBe(200);
      });

      it('HEAD says what GET would, without the bytes', async () => {
        const { id } = await upload(alice, 'twelve bytes');
        const head = await alice.api(`/files/${id}`, { method: 'HEAD' });
        expect([head.status, head.body, head.headers.get('content-length')]).toEqual([200, null, '12']);
        for (const range of ['bytes=0-3', 'bytes=99-']) {
          const whole = await alice.api(`/files/${id}`, { method: 'HEAD', headers: { range } });
          expect([whole.status, whole.headers.get('content-length'), whole.headers.get('content-range')]).toEqual([200, '12', null]);
        }
      });

      it('files are listed newest first, each to its owner, page by page', async () => {
        const carol = await makeUser(server.api, { client_id: owner.client_id });
        const ids: string[] = [];
        for (let n = 0; n < 5; n++) ids.unshift((await upload(carol, `file ${n}`, `${n}.txt`)).id);
        const first = await carol.api<FileJson[]>('/files?limit=2');
        expect(first.body.map(({ id }) => id)).toEqual(ids.slice(0, 2));
        const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
        const second = await carol.api<FileJson[]>(next.replace(/^.*?\/files/, '/files'));
        expect(second.body.map(({ id }) => id)).toEqual(ids.slice(2, 4));
        expect((await carol.api<FileJson[]>('/files')).body).toHaveLength(5);
        expect((await bob.api<FileJson[]>('/files')).body.filter(({ id }) => ids.includes(id))).toEqual([]);
      });

      it('a deleted file is gone at once, and its bytes soon', async () => {
        const { id } = await upload(alice);
        expect((await place.keys()).filter((key) => key.includes(id))).toHaveLength(1);
        expect((await alice.api(`/files/${id}`, { method: 'DELETE' })).status).toBe(204);
        expect((await alice.api(`/files/${id}`)).status).toBe(404);
        expect((await alice.api(`/files/${id}`, { method: 'DELETE' })).status).toBe(404);
        await isGone(id);
      });
    });

    describe('types and names', () => {
      const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
      const SCRIPT = '<script>alert(document.domain)</script>';

      it.each<[string, string | Buffer, string, string]>([
        ['a picture', PNG, 'image/png', 'inline'],
        ['a picture with a page behind it', Buffer.concat([PNG, Buffer.from(SCRIPT)]), 'image/png', 'inline'],
        ['a page that begins as a picture', `GIF89a/*${SCRIPT}*/=1;`, 'image/gif', 'inline'],
        ['SVG with script', `<svg xmlns="http://www.w3.org/2000/svg">${SCRIPT}</svg>`, 'text/plain', 'attachment'],
        ['SVG as XML', `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, 'application/xml', 'attachment'],
        ['HTML', `<!doctype html>${SCRIPT}`, 'text/plain', 'attachment'],
        ['PDF', '%PDF-1.7\n1 0 obj<</JS(app.alert(1))>>endobj', 'application/pdf', 'attachment'],
        ['text in Japanese', 'おはようございます', 'text/plain', 'attachment'],
        ['bytes', Buffer.from([0, 1, 2, 3]), 'application/octet-stream', 'attachment'],
      ])('%s runs nowhere', async (_, bytes, type, disposition) => {
        const made = await post(alice.api, formOf(bytes, 'x.html', {}, 'text/html'));
        expect(made.body.content_type).toBe(type);
        const link = await alice.api<{ url: string }>(`/files/${made.body.id}/link`, { method: 'POST', json: {} });
        for (const answer of [await read(alice, `/files/${made.body.id}`), await read(null, link.body.url)]) {
          expect([answer.status, answer.headers.get('content-type')?.replace('; charset=utf-8', '')]).toEqual([200, type]);
          expect(answer.headers.get('content-disposition')).toMatch(new RegExp(`^${disposition};`));
          expect(answer.headers.get('content-security-policy')).toMatch(/^sandbox;/);
          expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
        }
      });

      it.each<[string, string, string]>([
        ['a way up', '../../../etc/passwd', 'passwd'],
        ['a way up for Windows', '..\\..\\boot.ini', 'boot.ini'],
        ['nothing but dots', '..', 'file'],
        ['NUL', 'a\0b.txt', 'ab.txt'],
        ['300 characters', `${'あ'.repeat(300)}.pdf`, `${'あ'.repeat(83)}.pdf`],
        ['an ending that reads backwards', 'invoice\u202egpj.exe', 'invoicegpj.exe'],
        ['Arabic', 'فاتورة.txt', 'فاتورة.txt'],
        ['a device', 'CON.txt', '_CON.txt'],
        ['quotes', 'a"b<c>.txt', 'a_b_c_.txt'],
        ['white space', '   a   b . ', 'a b'],
      ])('%s is a name that is safe to save under', async (_, given, name) => {
        const boundary = 'b0undary';
        // Written by hand, as a client that means harm does.
        const disposition = given.includes('"') ? `filename*=UTF-8''${encodeURIComponent(given)}` : `filename="${given}"`;
        const body = `--${boundary}\r\nContent-Disposition: form-data; name="file"; ${disposition}\r\n\r\nx\r\n--${boundary}--\r\n`;
        const made = await alice.api<FileJson>('/files', {
          method: 'POST',
          body,
          headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
        });
        expect([made.status, made.body.name]).toEqual([201, name]);
      });

      it('a name with a line break in it is refused', async () => {
        const body = `--x\r\nContent-Disposition: form-data; name="file"; filename*=UTF-8''a%0D%0ASet-Cookie:%20x\r\n\r\nx\r\n--x--\r\n`;
        const refused = await alice.api('/files', {
          method: 'POST',
          body,
          headers: { 'content-type': 'multipart/form-data; boundary=x' },
        });
        expect(refused.status).toBe(400);
      });
    });

    describe('images', () => {
      it('a smaller variant is made once, kept, and gone with its image', async () => {
        const picture = await sharp({ create: { width: 900, height: 600, channels: 3, background: '#3366cc' } })
          .jpeg()
          .toBuffer();
        const { id } = await upload(alice, picture, 'picture.jpg');
        const small = await read(alice, `/files/${id}?w=300`);
        expect([small.status, small.headers.get('content-type')]).toEqual([200, 'image/webp']);
        expect(small.headers.get('content-disposition')).toBe('inline; filename=picture.webp');
        expect(await sharp(small.bytes).metadata()).toMatchObject({ format: 'webp', width: 384, height: 256 });
        await eventually(
          async () => (await place.keys()).filter((key) => key.includes(id)),
          (keys) => keys.length === 2,
        );
        // 300 and 384 are the same variant; a width beyond the image's is the image's.
        const again = await read(alice, `/files/${id}?w=384`, { 'if-none-match': small.headers.get('etag') ?? '' });
        expect(again.status).toBe(304);
        const wide = await read(alice, `/files/${id}?w=2000`);
        expect(await sharp(wide.bytes).metadata()).toMatchObject({ width: 900, height: 600 });
        expect(wide.headers.get('etag')).not.toBe(small.headers.get('etag'));
        await alice.api(`/files/${id}`, { method: 'DELETE' });
        await isGone(id);
      });

      it('a variant that is made while its image is deleted goes with it', async () => {
        const picture = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#3366cc' } })
          .png()
          .toBuffer();
        const { id } = await upload(alice, picture, 'picture.png');
        const holder = new pg.Client({ connectionString: server.database_url });
        await holder.connect();
        try {
          await holder.query('begin');
          await holder.query('delete from files where id = $1', [id]);
          const reading = read(alice, `/files/${id}?w=128`);
          await eventually(
            () =>
              sql(
                server.database_url,
                `select 1 as one from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
              ),
            (waiting) => waiting.length > 0,
          );
          await holder.query('commit');
          expect((await reading).status).toBe(200);
        } finally {
          await holder.end();
        }
        // Whatever is deleted next has the rest collected.
        await alice.api(`/files/${(await upload(alice)).id}`, { method: 'DELETE' });
        await isGone(id);
      });

      it('many at once make one variant, and all get it', async () => {
        const picture = await sharp({ create: { width: 1200, height: 800, channels: 3, background: '#993366' } })
          .png()
          .toBuffer();
        const { id } = await upload(alice, picture);
        const answers = await Promise.all(Array.from({ length: 8 }, () => read(alice, `/files/${id}?w=128`)));
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
        expect(new Set(answers.map(({ bytes }) => sha256(bytes))).size).toBe(1);
      });

      it('what cannot be scaled comes as it is: no image, a broken one, a bomb', async () => {
        const text = await upload(alice, 'no image at all', 'a.txt');
        expect((await read(alice, `/files/${text.id}?w=100`)).bytes.toString()).toBe('no image at all');
        const broken = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), randomBytes(200)]);
        const { id } = await upload(alice, broken, 'broken.png');
        expect((await read(alice, `/files/${id}?w=100`)).bytes.equals(broken)).toBe(true);
        const bomb = await sharp({ create: { width: 9_000, height: 9_000, channels: 3, background: '#fff' } })
          .png()
          .toBuffer();
        const large = await upload(alice, bomb, 'bomb.png');
        expect((await read(alice, `/files/${large.id}?w=100`)).bytes.length).toBe(bomb.length);
        for (const w of ['0', '2049', '-1', 'x', '1.5']) {
          const refused = await alice.api<Failure>(`/files/${id}?w=${w}`);
          expect([w, refused.status, refused.body.details?.[0]?.field]).toEqual([w, 400, 'w']);
        }
      });
    });

    describe('links', () => {
      it('serve whoever holds them, for their file alone and until they expire', async () => {
        const { id } = await upload(alice, 'for everybody', 'a.txt');
        const other = await upload(alice, 'not for everybody', 'b.txt');
        const made = await alice.api<{ url: string; expires_at: string }>(`/files/${id}/link`, {
          method: 'POST',
          json: { expires_in: 60 },
        });
        expect(made.status).toBe(200);
        const left = Date.parse(made.body.expires_at) - Date.now();
        expect(left).toBeGreaterThan(50_000);
        expect(left).toBeLessThan(62_000);
        expect((await read(null, made.body.url)).bytes.toString()).toBe('for everybody');
        // A credential of somebody else's, or of another tenant, changes nothing.
        expect((await read(stranger, made.body.url)).bytes.toString()).toBe('for everybody');
        expect((await read(null, made.body.url, { 'x-client-id': stranger.client_id, range: 'bytes=0-2' })).bytes.toString()).toBe('for');

        const url = new URL(made.body.url);
        const [client_id = '', expires = '', signature = ''] = (url.searchParams.get('token') ?? '').split('.');
        const altered = [
          `${client_id}.${Number(expires) + 1}.${signature}`,
          `${stranger.client_id}.${expires}.${signature}`,
          `${client_id}.${expires}.${signature.slice(1)}`,
          `${client_id}.${expires}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
          `${client_id}.${expires}.`,
          `${client_id}.${expires}`,
          'x',
        ];
        for (const token of altered) {
          url.searchParams.set('token', token);
          const refused = await read(null, url.href);
          expect([token, refused.status, (JSON.parse(refused.bytes.toString()) as Failure).message]).toEqual([
            token,
            404,
            'File not found',
          ]);
        }
        url.searchParams.set('token', new URL(made.body.url).searchParams.get('token') ?? '');
        url.pathname = `/files/${other.id}/shared`;
        expect((await read(null, url.href)).status).toBe(404);
        expect((await server.api(`/files/${id}/shared`)).status).toBe(400);
      });

      it('end with their time, and with their file', async () => {
        const { id } = await upload(alice, 'short', 'a.txt');
        const made = await alice.api<{ url: string }>(`/files/${id}/link`, { method: 'POST', json: { expires_in: 1 } });
        await eventually(
          async () => (await read(null, made.body.url)).status,
          (status) => status === 404,
        );
        const lasting = await alice.api<{ url: string }>(`/files/${id}/link`, { method: 'POST', json: {} });
        await alice.api(`/files/${id}`, { method: 'DELETE' });
        expect((await read(null, lasting.body.url)).status).toBe(404);
      });

      it('are made by readers alone, for a time that is allowed', async () => {
        const { id } = await upload(alice);
        for (const expires_in of [0, -1, 604_801, 1.5, '60']) {
          const refused = await alice.api<Failure>(`/files/${id}/link`, { method: 'POST', json: { expires_in } });
          expect([expires_in, refused.status, refused.body.details?.[0]?.field]).toEqual([expires_in, 400, 'expires_in']);
        }
        for (const user of [bob, stranger]) {
          expect((await user.api(`/files/${id}/link`, { method: 'POST', json: {} })).status).toBe(404);
        }
      });
    });

    describe('invalid', () => {
      it.each<[string, () => FormData, string]>([
        ['no file', () => new FormData(), 'body'],
        [
          'two files',
          () => {
            const form = formOf('a');
            form.append('file', new File(['b'], 'b'));
            return form;
          },
          'file',
        ],
        [
          'a file under another name',
          () => {
            const form = new FormData();
            form.set('document', new File(['b'], 'b'));
            return form;
          },
          'document',
        ],
        [
          'a text in place of the file',
          () => {
            const form = new FormData();
            form.set('file', 'text');
            return form;
          },
          'file',
        ],
        ['an unknown field', () => formOf('a', 'a', { owner_id: 'x' }), 'owner_id'],
        ['a field that is too long', () => formOf('a', 'a', { user_id: 'x'.repeat(2_000) }), 'user_id'],
      ])('%s is refused, and nothing is stored', async (_, form, field) => {
        const refused = await post<Failure>(alice.api, form());
        expect([refused.status, refused.body.code]).toEqual([400, 'VALIDATION_FAILED']);
        if (field !== 'body') expect(refused.body.details?.[0]?.field).toBe(field);
        await expectNothingLeft();
      });

      it('a form without its file, and one whose end is missing', async () => {
        const send = (body: string): Promise<Answer<Failure>> =>
          alice.api<Failure>('/files', { method: 'POST', body, headers: { 'content-type': 'multipart/form-data; boundary=x' } });
        expect((await send('--x\r\nContent-Disposition: form-data; name="user_id"\r\n\r\n\r\n--x--\r\n')).status).toBe(400);
        const half = await send('--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf of it');
        expect([half.status, half.body.code]).toEqual([400, 'VALIDATION_FAILED']);
        for (const body of ['', '--x', '--x\r\n', 'nonsense', '--x--\r\n']) expect([body, (await send(body)).status]).toEqual([body, 400]);
        for (const nameless of ['form-data', 'form-data; filename="a"']) {
          const { body } = await send(`--x\r\nContent-Disposition: ${nameless}\r\n\r\nx\r\n--x--\r\n`);
          expect(body.details).toEqual([{ field: 'body', message: 'has a part without a name' }]);
        }
        await expectNothingLeft();
      });

      it('another type of body answers 415', async () => {
        const types = [
          'application/json',
          'text/plain',
          'multipart/form-data',
          'multipart/mixed; boundary=x',
          'application/x-www-form-urlencoded',
        ];
        for (const type of types) {
          const refused = await alice.api<Failure>('/files', { method: 'POST', body: 'file=x', headers: { 'content-type': type } });
          expect([type, refused.status, refused.body.code]).toEqual([type, 415, 'UNSUPPORTED_MEDIA_TYPE']);
        }
      });

      it('a file over the limit answers 413, whether or not it says so before', async () => {
        const bytes = randomBytes(MAX_BYTES + 1);
        const refused = await post<Failure>(alice.api, formOf(bytes));
        expect([refused.status, refused.body.code]).toEqual([413, 'FILE_TOO_LARGE']);
        const declared = await post<Failure>(alice.api, formOf(Buffer.alloc(MAX_BYTES + 200_000)));
        expect([declared.status, declared.body.code]).toEqual([413, 'FILE_TOO_LARGE']);
        await expectNothingLeft();
      }, 60_000);

      it('an Idempotency-Key is refused', async () => {
        const refused = await alice.api<Failure>('/files', { method: 'POST', body: formOf('x'), headers: { 'idempotency-key': 'a' } });
        expect([refused.status, refused.body.code]).toEqual([400, 'IDEMPOTENCY_NOT_SUPPORTED']);
      });

      it('an id that is none is as absent', async () => {
        for (const id of [NOBODY, 'x', '..%2f', '%00', '0']) {
          const absent = await alice.api<Failure>(`/files/${id}`);
          expect([id, [400, 404].includes(absent.status)]).toEqual([id, true]);
        }
        expect((await alice.api<Failure>(`/files/${NOBODY}`)).body.message).toBe('File not found');
      });

      it('a client that goes away midway leaves nothing', async () => {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
        const head =
          `POST /files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${alice.access_token}\r\n` +
          'Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 10000000\r\n\r\n' +
          '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
        socket.write(head);
        socket.write(randomBytes(2_000_000));
        await eventually(
          () => sql(server.database_url, 'select key from storage_trash'),
          (reserved) => reserved.length > 0,
        );
        socket.destroy();
        await expectNothingLeft();
        // What was never answered was no 201.
        const lines = await eventually(
          async () =>
            server
              .logs()
              .split('\n')
              .filter((line) => line.includes('"aborted":true') && line.includes('"route":"/files"')),
          (aborted) => aborted.length > 0,
        );
        for (const line of lines) expect(line).toContain('"status":null');
      });
    });

    describe('who may', () => {
      it('nobody may without a credential', async () => {
        const { id } = await upload(alice);
        const anonymous = withHeaders(server.api, { 'x-client-id': owner.client_id });
        expect((await post(anonymous, formOf('x'))).status).toBe(401);
        for (const path of ['/files', `/files/${id}`]) expect((await anonymous(path)).status).toBe(401);
        expect((await anonymous(`/files/${id}`, { method: 'DELETE' })).status).toBe(401);
        expect((await anonymous(`/files/${id}/link`, { method: 'POST', json: {} })).status).toBe(401);
      });

      it('a file is its owner’s and the admins’; to others and to other tenants it is absent', async () => {
        const { id } = await upload(alice, 'mine');
        expect((await read(owner, `/files/${id}`)).bytes.toString()).toBe('mine');
        for (const user of [bob, stranger]) {
          for (const [path, init] of [
            [`/files/${id}`, {}],
            [`/files/${id}?w=100`, {}],
            [`/files/${id}`, { method: 'DELETE' }],
          ] as const) {
            const refused = await user.api<Failure>(path, init);
            expect([path, refused.status, refused.body.message]).toEqual([path, 404, 'File not found']);
          }
        }
        expect((await owner.api(`/files/${id}`, { method: 'DELETE' })).status).toBe(204);
        const log = await owner.api<Array<{ action: string; object_id: string }>>('/audit-log?limit=5');
        expect(log.body).toContainEqual(expect.objectContaining({ action: 'file.deleted', object_id: id }));
      });

      it('an API key acts for the user that it names', async () => {
        const made = await post(system, formOf('by a system', 'a.txt', { user_id: alice.id.toUpperCase() }));
        expect(made.status).toBe(201);
        expect((await read(alice, `/files/${made.body.id}`)).bytes.toString()).toBe('by a system');
        const unnamed = await post<Failure>(system, formOf('x'));
        expect([unnamed.status, unnamed.body.details?.[0]?.field]).toEqual([400, 'user_id']);
        for (const user_id of [NOBODY, stranger.id, 'nobody']) {
          const unknown = await post<Failure>(system, formOf('x', 'a', { user_id }));
          expect([user_id, unknown.status, unknown.body.message]).toEqual([user_id, 404, 'User not found']);
        }
        const foreign = await post<Failure>(alice.api, formOf('x', 'a', { user_id: bob.id }));
        expect([foreign.status, foreign.body.code]).toEqual([403, 'NOT_YOURSELF']);
        expect((await post(alice.api, formOf('x', 'a', { user_id: alice.id }))).status).toBe(201);
        const without = await keyFor(['rooms']);
        expect((await post<Failure>(without, formOf('x'))).body.code).toBe('SCOPE_MISSING');
        const listed = await system<FileJson[]>(`/files?user_id=${alice.id}`);
        expect(listed.body.map(({ id }) => id)).toContain(made.body.id);
        expect((await alice.api<Failure>(`/files?user_id=${bob.id}`)).status).toBe(403);
        await expectNothingLeft();
      });
    });

    describe('messages', () => {
      interface Message {
        seq: number;
        file_ids: string[];
      }
      let room: string;
      const say = <T = Message>(user: TestUser, json: object, to = room): Promise<Answer<T>> =>
        user.api<T>(`/rooms/${to}/messages`, { method: 'POST', json: { content: 'x', ...json } });
      const sees = async (user: TestUser, id: string): Promise<number> => (await user.api(`/files/${id}`)).status;

      beforeAll(async () => {
        room = uniqueName('r');
        await alice.api('/rooms', { method: 'POST', json: { id: room, name: 'x', visibility: 'private', member_ids: [bob.id] } });
      });

      it('carry files, which the members of the room may then read, and they alone', async () => {
        const carol = await makeUser(server.api, { client_id: owner.client_id });
        const { id } = await upload(alice, 'for the room');
        expect(await sees(bob, id)).toBe(404);
        const said = await say(alice, { file_ids: [id, id] });
        expect([said.status, said.body.file_ids]).toEqual([201, [id]]);
        expect([await sees(bob, id), await sees(carol, id), await sees(stranger, id)]).toEqual([200, 404, 404]);
        const history = await bob.api<Message[]>(`/rooms/${room}/messages?limit=1`);
        expect(history.body[0]?.file_ids).toEqual([id]);
        // Who may read it may not do more.
        const refused = await bob.api<Failure>(`/files/${id}`, { method: 'DELETE' });
        expect([refused.status, refused.body.code]).toEqual([403, 'FORBIDDEN']);
        // In the same room it may be said again by others; elsewhere it is not theirs to give.
        expect((await say(bob, { file_ids: [id] })).status).toBe(201);
        expect((await say<Failure>(bob, { file_ids: [id] }, 'lobby')).body.code).toBe('UNKNOWN_FILE');
        expect((await say(alice, { file_ids: [id] }, 'lobby')).status).toBe(201);
        expect(await sees(carol, id)).toBe(200);
      });

      it('that are deleted or have expired, and rooms that were left, give nobody their files', async () => {
        const [deleted, expired, left] = [await upload(alice), await upload(alice), await upload(alice)];
        const said = await say(alice, { file_ids: [deleted.id] });
        expect(await sees(bob, deleted.id)).toBe(200);
        await alice.api(`/rooms/${room}/messages/${said.body.seq}`, { method: 'DELETE' });
        expect(await sees(bob, deleted.id)).toBe(404);
        await say(alice, { file_ids: [expired.id], ttl_seconds: 1 });
        await eventually(
          () => sees(bob, expired.id),
          (status) => status === 404,
        );
        const other = uniqueName('r');
        await alice.api('/rooms', { method: 'POST', json: { id: other, name: 'x', visibility: 'private', member_ids: [bob.id] } });
        await say(alice, { file_ids: [left.id] }, other);
        expect(await sees(bob, left.id)).toBe(200);
        await bob.api(`/rooms/${other}/members/${bob.id}`, { method: 'DELETE' });
        expect(await sees(bob, left.id)).toBe(404);
        // A room of the same name is another room.
        await alice.api(`/rooms/${other}`, { method: 'DELETE' });
        await bob.api('/rooms', { method: 'POST', json: { id: other, name: 'x', visibility: 'private' } });
        expect(await sees(bob, left.id)).toBe(404);
        expect(await sees(alice, left.id)).toBe(200);
      });

      it('with files that are not there, or not one’s own, are refused as a whole', async () => {
        const [mine, bobs, theirs] = [await upload(alice), await upload(bob), await upload(stranger)];
        for (const id of [NOBODY, bobs.id, theirs.id]) {
          const refused = await say<Failure>(alice, { file_ids: [mine.id, id] });
          expect([refused.status, refused.body.code, refused.body.details?.[0]?.field]).toEqual([400, 'UNKNOWN_FILE', 'file_ids']);
        }
        expect(await sees(bob, mine.id)).toBe(404);
        const nowhere = await say<Failure>(stranger, { file_ids: [theirs.id] });
        expect([nowhere.status, nowhere.body.code]).toEqual([404, 'ROOM_NOT_FOUND']);
        expect(await sql(server.database_url, 'select 1 from file_attachments where file_id = $1', [theirs.id])).toEqual([]);
      });

      it('with and without files keep their sender’s order', async () => {
        const files = await Promise.all([upload(alice), upload(alice)]);
        const answers = await Promise.all(
          Array.from({ length: 12 }, (_, n) => say(alice, { content: String(n), file_ids: n % 5 === 2 ? [files[n % 2]?.id] : [] })),
        );
        expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 201));
        const history = await alice.api<Array<{ content: string; seq: number }>>(`/rooms/${room}/messages?limit=12`);
        expect(new Set(history.body.map(({ seq }) => seq)).size).toBe(12);
      });
    });

    describe('quota and account', () => {
      it('a tenant over its quota is answered 507, and uploads at the same time share it', async () => {
        const small = await makeTenant(server.api);
        const operator = operatorOf(server.api);
        const patched = await operator<{ storage_quota_bytes: number }>(`/tenants/${small.client_id}`, {
          method: 'PATCH',
          json: { storage_quota_bytes: 10_000 },
        });
        expect([patched.status, patched.body.storage_quota_bytes]).toEqual([200, 10_000]);
        const mine = await small.api<Failure>('/tenant', { method: 'PATCH', json: { storage_quota_bytes: 99_999 } });
        expect([mine.status, mine.body.details?.[0]?.field]).toEqual([400, 'storage_quota_bytes']);

        const large = await post<Failure>(small.api, formOf(randomBytes(10_001)));
        expect([large.status, large.body.code]).toEqual([507, 'QUOTA_EXCEEDED']);
        const answers = await Promise.all(Array.from({ length: 8 }, () => post(small.api, formOf(randomBytes(3_000)))));
        const kept = answers.filter(({ status }) => status === 201);
        expect(kept).toHaveLength(3);
        expect(answers.filter(({ status }) => status === 507)).toHaveLength(5);
        expect((await post(small.api, formOf(randomBytes(1_000)))).status).toBe(201);
        expect((await post(small.api, formOf('x'))).status).toBe(507);
        // What is deleted makes room again.
        await small.api(`/files/${kept[0]?.body.id ?? ''}`, { method: 'DELETE' });
        expect((await post(small.api, formOf(randomBytes(3_000)))).status).toBe(201);
        await expectNothingLeft();

        const usage = await small.api<Array<{ stored_bytes: number }>>('/tenant/usage');
        expect(usage.body[0]?.stored_bytes).toBe(10_000);
        await operator(`/tenants/${small.client_id}`, { method: 'PATCH', json: { storage_quota_bytes: null } });
        expect((await post(small.api, formOf(randomBytes(50_000)))).status).toBe(201);
      });

      it('a user’s end takes their files and the bytes', async () => {
        const carol = await makeUser(server.api, { client_id: owner.client_id });
        const files = [await upload(carol), await upload(carol)];
        expect((await carol.api('/user', { method: 'DELETE' })).status).toBe(200);
        for (const { id } of files) {
          expect((await owner.api(`/files/${id}`)).status).toBe(404);
          await isGone(id);
        }
        await expectNothingLeft();
      });

      it('a tenant’s end takes its files and the bytes', async () => {
        const doomed = await makeTenant(server.api);
        const { id } = await upload(doomed);
        expect((await operatorOf(server.api)(`/tenants/${doomed.client_id}`, { method: 'DELETE' })).status).toBe(204);
        await isGone(id);
        await expectNothingLeft();
      });
    });

    describe('at the same time', () => {
      it('many uploads and downloads do not mix', async () => {
        const contents = Array.from({ length: 24 }, (_, n) => randomBytes(50_000 + n * 1_000));
        const made = await Promise.all(contents.map((bytes, n) => upload(n % 2 ? alice : bob, bytes, `${n}.bin`)));
        expect(made.map(({ sha256: hash }) => hash)).toEqual(contents.map(sha256));
        const found = await Promise.all(made.map(({ id }) => read(owner, `/files/${id}`)));
        expect(found.map(({ bytes }) => sha256(bytes))).toEqual(contents.map(sha256));
      });

      it('a caller that goes away while it reads is no fault of anybody', async () => {
        const { id } = await upload(alice, randomBytes(MAX_BYTES));
        for (let n = 0; n < 5; n++) {
          const leaving = new AbortController();
          const answer = await fetch(new URL(`/files/${id}`, server.url), {
            headers: { authorization: `Bearer ${alice.access_token}` },
            signal: leaving.signal,
          });
          await answer.body?.getReader().read();
          leaving.abort();
        }
        const aborted = (): string[] =>
          server
            .logs()
            .split('\n')
            .filter((line) => line.includes('"aborted":true') && line.includes('"route":"/files/:id"'));
        await eventually(
          async () => aborted(),
          (lines) => lines.length >= 5,
        );
        expect(server.logs()).not.toMatch(/DATABASE_UNAVAILABLE|STORAGE_UNAVAILABLE/);
      }, 60_000);

      it('a file that is deleted while it is read, and deleted twice at once', async () => {
        const bytes = randomBytes(5_000_000);
        const { id } = await upload(alice, bytes);
        const [found, ...gone] = await Promise.all([
          read(alice, `/files/${id}`),
          alice.api(`/files/${id}`, { method: 'DELETE' }),
          alice.api(`/files/${id}`, { method: 'DELETE' }),
        ]);
        expect([200, 404]).toContain(found.status);
        if (found.status === 200) expect(found.bytes.equals(bytes)).toBe(true);
        expect(gone.map(({ status }) => status).sort()).toEqual([204, 404]);
        await isGone(id);
      });
    });

    it('health says whether the storage serves', async () => {
      const ready = await server.api<{ parts: Record<string, { ok: boolean }> }>('/health/ready');
      expect([ready.status, ready.body.parts['storage']]).toEqual([200, { ok: true }]);
    });

    it('what a killed server was in the middle of is cleared away by the next one', async () => {
      const env = { ...place.env, FILE_MAX_BYTES: String(MAX_BYTES) };
      const doomed = await startServer({ env, database: server.database });
      const begin = ({ url }: TestServer): Socket => {
        const socket = connect(Number(new URL(url).port), '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(
          `POST /files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${alice.access_token}\r\n` +
            'Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 19000000\r\n\r\n' +
            '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
        );
        socket.write(randomBytes(9_000_000));
        return socket;
      };
      const unfinished = async (): Promise<string[]> => (await place.keys()).filter((key) => key.startsWith('.incoming/'));
      const [socket, living] = [begin(doomed), begin(server)];
      const [reserved] = await eventually(
        () => sql<{ key: string }>(server.database_url, 'select key from storage_trash'),
        (rows) => rows.length === 2,
      );
      const parts = where === 'a folder' ? await eventually(unfinished, (names) => names.length === 2) : [];
      await doomed.kill();
      socket.destroy();
      // As if it had died between storing the bytes and writing the row.
      expect(reserved?.key).toMatch(/^files\//);
      await sql(server.database_url, `update storage_trash set due_at = now()`);
      const other = await upload(bob, randomUUID());
      await bob.api(`/files/${other.id}`, { method: 'DELETE' });
      await eventually(
        () => sql(server.database_url, 'select key from storage_trash'),
        (rows) => rows.length === 0,
        15_000,
      );
      // What a node that lives is writing stays.
      const left = await eventually(unfinished, (names) => names.length === parts.length / 2, 15_000);
      expect(parts).toEqual(expect.arrayContaining(left));
      living.destroy();
      expect(await eventually(unfinished, (names) => names.length === 0)).toEqual([]);
    }, 60_000);
  });
}
