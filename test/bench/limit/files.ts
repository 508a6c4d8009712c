import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/* The limit of the file parts: a bare stream from the socket to the disk and back. No form, no hash, no type, no name, no row. What it was sent is
   on the disk when it answers, as ours is. */

const folder = await mkdtemp(join(process.env.FILES_DIR ?? tmpdir(), 'limit-'));

const server = createServer((request, response) => {
  const work = async (): Promise<void> => {
    if (request.method === 'POST') {
      const name = randomUUID();
      await pipeline(request, createWriteStream(join(folder, name), { flush: true }));
      response.writeHead(201, { 'Content-Type': 'application/json' }).end(JSON.stringify({ id: name }));
      return;
    }
    const path = join(folder, request.url?.split('/').at(-1) ?? '');
    if (request.method === 'DELETE') {
      await rm(path, { force: true });
      response.writeHead(204).end();
      return;
    }
    const { size } = await stat(path);
    response.writeHead(200, { 'Content-Length': size });
    await pipeline(createReadStream(path), response);
  };
  work().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port: (server.address() as { port: number }).port })}\n`),
);
process.once('SIGTERM', () => void rm(folder, { recursive: true, force: true }).then(() => process.exit(0)));
