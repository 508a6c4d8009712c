import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import pg from 'pg';

/* The limit of delivering an open page: the same SQL, the same answer with its ETag, and nothing else: no framework, no tenant, no log. */

const built = new URL('../../../dist/src/modules/pages/page.repository.js', import.meta.url).href;
const { DELIVER_PAGE } = (await import(built)) as typeof import('../../../src/modules/pages/page.repository.js');
const { DATABASE_URL, POOL_SIZE } = process.env;
pg.types.setTypeParser(20, Number);
// Planned once, as ours.
const pool = new pg.Pool({
  connectionString: DATABASE_URL,
  max: Number(POOL_SIZE ?? 10),
  options: '-c plan_cache_mode=force_generic_plan -c max_parallel_workers_per_gather=0 -c jit=off',
});

interface Row {
  access_type: number;
  rev: number;
  content: string | null;
}

async function deliver(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const id = (request.url ?? '').slice('/page/'.length);
  const known = Number(/^"(\d+)"$/.exec(request.headers['if-none-match'] ?? '')?.[1] ?? 0);
  const { rows } = await pool.query<Row>({ name: 'page', text: DELIVER_PAGE, values: ['bench', id, known] });
  const [page] = rows;
  if (page?.access_type !== 0) return void response.writeHead(404).end();
  const headers = { ETag: `"${page.rev}"`, 'Cache-Control': 'public, no-cache' };
  if (page.content === null) return void response.writeHead(304, headers).end();
  const json = JSON.stringify({ content: page.content });
  response
    .writeHead(200, { ...headers, 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(json) })
    .end(json);
}

const server = createServer((request, response) => {
  deliver(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.writeHead(500).end();
  });
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port: (server.address() as { port: number }).port })}\n`),
);
