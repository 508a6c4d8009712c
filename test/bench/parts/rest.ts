import type { Figure, Settings } from '../run.ts';
import type { Process, Stage } from '../stage.ts';
import { type Asked, compareHttp } from './http.ts';

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
  prepare: (ours: Process, limit: Process, headers: Record<string, string>) => Promise<Omit<Asked, 'headers'>>,
): Promise<Figure[]> {
  const [token] = await stage.tokens(1, 'bench');
  const headers = { authorization: `Bearer ${token ?? ''}` };
  return compareHttp(stage, settings, part, 'rest.ts', async (ours, limit) => ({ ...(await prepare(ours, limit, headers)), headers }));
}
