import type { HttpLoad, HttpLoadResult } from '../load/http-load.ts';
import type { Figure, Settings } from '../run.ts';
import { type Process, runLoad, type Stage } from '../stage.ts';
import { compare, type Sample } from './compare.ts';

const CONNECTIONS = 32;

/** What every connection asks, again and again. */
export type Asked = Pick<HttpLoad, 'method' | 'path' | 'body' | 'headers'>;

/** Ours against a limit server of `test/bench/limit`, by one request; `prepare` sees both before, and says what is asked. */
export async function compareHttp(
  stage: Stage,
  settings: Settings,
  part: string,
  limit_file: string,
  prepare: (ours: Process, limit: Process) => Promise<Asked>,
): Promise<Figure[]> {
  const ours = await stage.startOurs();
  const limit = await stage.startLimit(limit_file);
  try {
    const asked = await prepare(ours, limit);
    const run =
      (server: Process) =>
      async (begun: () => void): Promise<Sample> => {
        begun();
        const load: HttpLoad = { ...asked, host: '127.0.0.1', port: server.port, connections: CONNECTIONS, seconds: settings.seconds };
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
