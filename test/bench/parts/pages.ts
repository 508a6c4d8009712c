import pg from 'pg';
import type { Figure, Settings } from '../run.ts';
import { CLIENT_ID, type Stage } from '../stage.ts';
import { compareHttp } from './http.ts';

const PAGE_ID = '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';
/** Some 3 KB, as a notice of a company has. */
const CONTENT = `<h1>夏のご案内</h1>${'<p>8月10日から8月16日まで休業いたします。We are closed.</p>'.repeat(40)}`;

/** An open page, to readers who have never seen it. */
export function pageDelivery(stage: Stage, settings: Settings): Promise<Figure[]> {
  return between(stage, settings, 'page_delivery', {});
}

/** The same to readers who have it: 304. */
export function pageUnchanged(stage: Stage, settings: Settings): Promise<Figure[]> {
  return between(stage, settings, 'page_unchanged', { 'if-none-match': '"1"' });
}

async function between(stage: Stage, settings: Settings, part: string, headers: Record<string, string>): Promise<Figure[]> {
  await seed(stage.database_url);
  return compareHttp(stage, settings, part, 'page.ts', async (ours, limit) => {
    const answers = await Promise.all(
      [ours, limit].map(async (server) => {
        const response = await fetch(`${server.url}/page/${PAGE_ID}`, { headers });
        return [response.status, response.headers.get('etag'), response.headers.get('cache-control'), await response.text()].join(' ');
      }),
    );
    if (answers[0] !== answers[1]) throw new Error(`the answers differ: ${answers.map((one) => one.slice(0, 300)).join(' … ')}`);
    return { method: 'GET', path: `/page/${PAGE_ID}`, headers };
  });
}

async function seed(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `insert into pages (client_id, id, creator_id, title, content, access_type)
       select client_id, $2, id, 'Bench', $3, 0 from users where client_id = $1 limit 1 on conflict do nothing`,
      [CLIENT_ID, PAGE_ID, CONTENT],
    );
  } finally {
    await client.end();
  }
}
