import type { HttpLoad, HttpLoadResult } from '../load/http-load.ts';
import type { Figure, Settings } from '../run.ts';
import { type Process, runLoad, type Stage } from '../stage.ts';
import { compare, type Sample } from './compare.ts';

const CONNECTIONS = 32;
const PATH = '/rooms/bench/messages';

/** History of 50 by REST, from a room of 100,000. */
export async function read(stage: Stage, settings: Settings): Promise<Figure[]> {
  return between(stage, settings, 'read', async (ours, limit, headers) => {
    const [mine, theirs] = await Promise.all(
      [ours, limit].map(async (server) => (await fetch(`${server.url}${PATH}?limit=50`, { headers })).text()),
    );
    if (mine !== theirs) throw new Error(`the answers differ: ${String(mine).slice(0, 300)} … ${String(theirs).slice(0, 300)}`);
    return { method: 'GET', path: `${PATH}?limit=50` };
  });
}

/** A message by REST, stored in the room's order, and broadcast; the limit inserts one row. */
export async function send(stage: Stage, settings: Settings): Promise<Figure[]> {
  return between(stage, settings, 'send', () =>
    Promise.resolve({ method: 'POST', path: PATH, body: '{"content":"こんにちは, this is message {n}"}' }),
  );
}

async function between(
  stage: Stage,
  settings: Settings,
  part: string,
  prepare: (ours: Process, limit: Process, headers: Record<string, string>) => Promise<Pick<HttpLoad, 'method' | 'path' | 'body'>>,
): Promise<Figure[]> {
  const [token] = await stage.tokens(1, 'bench');
  const headers = { authorization: `Bearer ${token ?? ''}` };
  const ours = await stage.startOurs();
  const limit = await stage.startLimit('rest.ts');
  try {
    const request = await prepare(ours, limit, headers);
    const run =
      (server: Process) =>
      async (begun: () => void): Promise<Sample> => {
        begun();
        const load: HttpLoad = {
          ...request,
          host: '127.0.0.1',
          port: server.port,
          headers,
          connections: CONNECTIONS,
          seconds: settings.seconds,
        };
        const { requests, failed, seconds } = await runLoad<HttpLoadResult>('http-load.ts', load);
        if (failed > 0) throw new Error(`${part}: ${failed} of ${requests} requests failed`);
        return { rate: requests / seconds, count: requests };
      };
    return [await compare(part, 'req/s', stage, settings, { server: ours, run: run(ours) }, { server: limit, run: run(limit) })];
  } finally {
    await ours.stop();
    await limit.stop();
  }
}
