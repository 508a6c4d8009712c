import { hash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { jwtVerify } from 'jose';
import pg from 'pg';

/* The limit of the REST parts: the same SQL, the same check of the token and the same answer as ours, byte for byte, and nothing else: no
   framework, no tenant, no validation, no log. One insert for each message. */

const built = new URL('../../../dist/src/modules/chat/message.repository.js', import.meta.url).href;
const { NEWEST_FIRST } = (await import(built)) as typeof import('../../../src/modules/chat/message.repository.js');
const { DATABASE_URL, JWT_SECRET, POOL_SIZE } = process.env;
const key = new TextEncoder().encode(JWT_SECRET);
pg.types.setTypeParser(20, Number);
// Planned once, as ours.
const pool = new pg.Pool({
  connectionString: DATABASE_URL,
  max: Number(POOL_SIZE ?? 10),
  options: '-c plan_cache_mode=force_generic_plan -c max_parallel_workers_per_gather=0 -c jit=off',
});

interface Claims {
  sub: string;
  client_id: string;
}

/** As ours: a token is verified once, and known by its hash from then on. */
const verified = new Map<string, Claims>();

async function verify(token: string): Promise<Claims> {
  const { payload } = await jwtVerify<Claims>(token, key, { algorithms: ['HS256'] });
  const claims = { sub: payload.sub, client_id: payload.client_id };
  verified.set(hash('sha256', token, 'base64'), claims);
  return claims;
}

function reply(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(json) }).end(json);
}

async function read(claims: Claims, response: ServerResponse): Promise<void> {
  const { rows } = await pool.query<{ json: string }>({
    name: 'read',
    text: NEWEST_FIRST,
    values: [claims.client_id, 'bench', claims.sub, Number.MAX_SAFE_INTEGER, 50],
  });
  reply(response, 200, rows[0]?.json ?? '[]');
}

async function send(claims: Claims, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { content } = JSON.parse(Buffer.concat(chunks).toString()) as { content: string };
  const id = randomUUID();
  const { rows } = await pool.query<{ seq: number; created_at: Date }>({
    name: 'send',
    text: `insert into limit_messages (client_id, room_id, seq, id, sender_id, content, rev, posted_rev, created_at)
           values ($1, $2, nextval('limit_seq'), $3, $4, $5, 0, 0, now()) returning seq, created_at`,
    values: [claims.client_id, 'bench', id, claims.sub, content],
  });
  const [row] = rows;
  const message = {
    room_id: 'bench',
    seq: row?.seq,
    id,
    from: { id: claims.sub, username: 'bench0', email: 'bench0@example.com' },
    content,
    file_ids: [],
    reply_to_seq: null,
    reactions: [],
    created_at: row?.created_at.toISOString(),
    edited_at: null,
    deleted_at: null,
    expires_at: null,
  };
  reply(response, 201, JSON.stringify(message));
}

const server = createServer((request, response) => {
  const token = request.headers.authorization?.slice(7) ?? '';
  const known = verified.get(hash('sha256', token, 'base64'));
  const work = (claims: Claims): Promise<void> => (request.method === 'GET' ? read(claims, response) : send(claims, request, response));
  (known ? work(known) : verify(token).then(work)).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.writeHead(500).end();
  });
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port: (server.address() as { port: number }).port })}\n`),
);
