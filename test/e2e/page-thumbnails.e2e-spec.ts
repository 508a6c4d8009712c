import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { eventually, makeUser, type TestUser } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* What pages look like (contract, section 5: `thumbnail`), drawn by the server's own job, with nothing in between. */

interface Page {
  id: string;
  thumbnail: string | null;
}

const DRAWN_MS = 20_000;

describe('the thumbnail of a page', () => {
  let server: TestServer;
  let alice: TestUser;

  beforeAll(async () => {
    server = await startServer();
    alice = await makeUser(server.api);
  });

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
  });

  const make = async (content: string): Promise<string> => {
    const answer = await alice.api<Page>('/pages', { method: 'POST', json: { title: 'x', content, access_type: 0 } });
    expect(answer).toMatchObject({ status: 200, body: { thumbnail: null } });
    return answer.body.id;
  };
  const thumbnail = async (id: string): Promise<string | null> => (await alice.api<Page>(`/pages/${id}`)).body.thumbnail;
  /** The picture once the newest state is drawn. */
  const drawn = async (id: string): Promise<string | null> => {
    await eventually(
      () =>
        sql(server.database_url, 'select from page_thumbnails t join pages p on p.id = t.page_id and p.rev = t.rev where p.id = $1', [id]),
      (rows) => rows.length === 1,
      DRAWN_MS,
    );
    return thumbnail(id);
  };
  const picture = async (content: string): Promise<Buffer> => Buffer.from((await drawn(await make(content))) ?? '', 'base64');
  /** The mean colour of a part of the picture. */
  const colour = async (image: Buffer, area?: { left: number; top: number; width: number; height: number }): Promise<number[]> => {
    const part = area ? await sharp(image).extract(area).png().toBuffer() : image;
    return (await sharp(part).removeAlpha().stats()).channels.map(({ mean }) => Math.round(mean));
  };

  it('is a WebP of 320 × 180 in Base64, on one line, in the page and in the list', async () => {
    const id = await make('<h1>夏のご案内</h1><p>Summer</p>');
    const base64 = await drawn(id);
    expect(base64).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(await sharp(Buffer.from(base64 ?? '', 'base64')).metadata()).toMatchObject({ format: 'webp', width: 320, height: 180 });
    const { body } = await alice.api<Page[]>('/pages');
    expect(body.find((page) => page.id === id)?.thumbnail).toBe(base64);
  });

  it('shows Japanese: each character by its own shape', async () => {
    const [kanji, kana, blank] = await Promise.all([picture('<h1>漢漢漢</h1>'), picture('<h1>かかか</h1>'), picture('<h1> </h1>')]);
    expect(kanji.equals(kana)).toBe(false);
    const [many = 0, few = 0, none = 0] = await Promise.all([kanji, kana, blank].map(async (image) => (await colour(image))[0]));
    expect(none).toBeGreaterThanOrEqual(254);
    // More strokes are more ink, where a box would be a box.
    expect(many).toBeLessThan(few);
    expect(few).toBeLessThan(none);
  });

  it('shows bold as bold, colours, and pictures that stand in the page', async () => {
    const red = (
      await sharp({ create: { width: 900, height: 600, channels: 3, background: '#ff0000' } })
        .png()
        .toBuffer()
    ).toString('base64');
    const [bold, plain, dark, image] = await Promise.all([
      picture('<p><b>太い文字の段落です</b></p>'),
      picture('<p>太い文字の段落です</p>'),
      picture('<body style="background:#102030">x</body>'),
      picture(`<img src="data:image/png;base64,${red}" style="width:440px">`),
    ]);
    const ink = async (one: Buffer): Promise<number> => 255 - ((await colour(one, { left: 0, top: 0, width: 200, height: 60 }))[0] ?? 0);
    expect(await ink(bold)).toBeGreaterThan(await ink(plain));
    for (const [at, wanted] of [16, 32, 48].entries()) expect(Math.abs((await colour(dark))[at]! - wanted)).toBeLessThan(8);
    const [r = 0, g = 255] = await colour(image, { left: 60, top: 60, width: 200, height: 80 });
    expect(r).toBeGreaterThan(240);
    expect(g).toBeLessThan(20);
  });

  it('shows drawings of shapes: in the page, as an image and behind text', async () => {
    const shapes = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200"><rect width="400" height="200" fill="#00a000"/></svg>';
    const base64 = `data:image/svg+xml;base64,${Buffer.from(shapes).toString('base64')}`;
    const pages = [
      shapes,
      `<img src="${base64}">`,
      `<img src="data:image/svg+xml;utf8,${encodeURIComponent(shapes)}">`,
      `<img src='data:image/svg+xml,${shapes.replaceAll('#', '%23')}'>`,
      `<div style="width:400px;height:200px;background:url(${base64})"></div>`,
    ];
    const area = { left: 60, top: 50, width: 120, height: 60 };
    const seen = await Promise.all(pages.map(async (page) => colour(await picture(page), area)));
    for (const [red = 255, green = 0, blue = 255] of seen) {
      expect(Math.max(red, blue)).toBeLessThan(40);
      expect(green).toBeGreaterThan(120);
    }
    const [icons = 0] = await colour(
      await picture('<svg width="0" height="0"><rect width="9" height="9"/></svg><svg><text>x</text></svg>'),
    );
    expect(icons).toBeGreaterThanOrEqual(254);
  });

  it('shows what has a pale ground of its own in dark ink, on whatever page', async () => {
    const dark = async (inner: string): Promise<number> => {
      const page = `<div style="background:#003366;color:#ffffff;width:440px;height:230px;font-size:60px">${inner}</div>`;
      const { data, info } = await sharp(await picture(page))
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      let count = 0;
      for (let at = 0; at < data.length; at += info.channels)
        if (Math.max(...data.subarray(at, at + 3)) < 80 && (data[at] ?? 0) > 20) count += 1;
      return count;
    };
    expect(await dark('<code>code</code>')).toBeGreaterThan((await dark('code')) + 100);
  });

  it('follows the content, and is no change of the page', async () => {
    const id = await make('<body style="background:white">x</body>');
    const first = await drawn(id);
    const tag = (await alice.api(`/pages/${id}`)).headers.get('etag');
    expect(tag).toBe('"1"');
    await alice.api(`/pages/${id}`, { method: 'PUT', json: { content: '<body style="background:black">x</body>' } });
    // Until the new one is made the old one stays.
    expect(await thumbnail(id)).not.toBeNull();
    expect(await drawn(id)).not.toBe(first);
  });

  it('of many quick writes is made a few times, and shows the last', async () => {
    const id = await make('<body style="background:#ff0000">x</body>');
    const writes = 30;
    for (let n = 0; n < writes; n++) {
      const shade = n === writes - 1 ? '#0000ff' : '#ff0000';
      await alice.api(`/pages/${id}`, { method: 'PUT', json: { content: `<body style="background:${shade}">${n}</body>` } });
    }
    const waiting = await sql(server.database_url, `select from graphile_worker._private_jobs where payload ->> 'page_id' = $1`, [id]);
    expect(waiting.length).toBeLessThanOrEqual(2);
    const [r = 255, , b = 0] = await colour(Buffer.from((await drawn(id)) ?? '', 'base64'));
    expect(b).toBeGreaterThan(200);
    expect(r).toBeLessThan(50);
  });

  describe('of a hostile page', () => {
    let listener: Server;
    let url: string;
    const asked: string[] = [];

    beforeAll(async () => {
      listener = createServer((request, response) => {
        asked.push(request.url ?? '');
        response.end();
      });
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    });

    afterAll(() => {
      listener.close();
    });

    it('fetches nothing and runs nothing', async () => {
      const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><image href="${url}/svg"/></svg>`).toString('base64');
      const image = await picture(
        `<script>fetch('${url}/script')</script><img src="${url}/img"><img srcset="${url}/srcset" src="file:///etc/passwd">` +
          `<style>@import url(${url}/import); p{background:url('${url}/css')} p::before{content:url(${url}/content)}</style>` +
          `<p style="background-image:url(${url}/inline)" onclick="fetch('${url}/click')">x</p><iframe src="${url}/frame"></iframe>` +
          `<object data="${url}/object"></object><img src="data:image/svg+xml;base64,${svg}"><link rel="stylesheet" href="${url}/link">`,
      );
      expect((await sharp(image).metadata()).format).toBe('webp');
      expect(asked).toEqual([]);
    });

    it.each([
      ['nested without end', '<div>'.repeat(300_000)],
      ['of a hundred thousand elements', '<p>a</p>'.repeat(100_000)],
      ['of 2 MB of text', 'あ'.repeat(600_000)],
      ['with a data URL that is no picture', `<img src="data:image/png;base64,${'A'.repeat(1_900_000)}">`],
      ['with shadows larger than itself', '<div style="box-shadow:0 0 9999px 9999px red">'.repeat(20)],
    ])('%s is made all the same', async (_name, content) => {
      expect((await sharp(await picture(content)).metadata()).width).toBe(320);
    });

    it('with a picture of more pixels than memory holds shows a box in its place', async () => {
      const bomb = await sharp({ create: { width: 16_000, height: 16_000, channels: 3, background: '#ff0000' } })
        .png({ compressionLevel: 9 })
        .toBuffer();
      const image = await picture(`<img src="data:image/png;base64,${bomb.toString('base64')}" width="400">`);
      const [r = 0, g = 0] = await colour(image, { left: 40, top: 40, width: 100, height: 60 });
      expect(Math.abs(r - g)).toBeLessThan(30);
    });
  });

  it('of a deleted page is nowhere', async () => {
    const id = await make('<p>x</p>');
    await alice.api(`/pages/${id}`, { method: 'DELETE' });
    await eventually(
      () => sql(server.database_url, `select from graphile_worker._private_jobs where payload ->> 'page_id' = $1`, [id]),
      (rows) => rows.length === 0,
      DRAWN_MS,
    );
    expect(await sql(server.database_url, 'select from page_thumbnails where page_id = $1', [id])).toEqual([]);
  });
});
