import type { FileLoad, FileLoadResult } from '../load/file-load.ts';
import type { Figure, Settings } from '../run.ts';
import { memoryOf, type Process, runLoad, type Stage } from '../stage.ts';
import { compare, type Sample } from './compare.ts';

const MB = 1_000_000;
const LOOK_EVERY_MS = 50;

/** Files of 64 MB by `POST /files`, one after another; `FILE_BENCH_BYTES` makes them smaller. */
export function upload(stage: Stage, settings: Settings): Promise<Figure[]> {
  return between(stage, settings, 'upload', 'up');
}

/** One such file by `GET /files/{id}`, again and again. */
export function download(stage: Stage, settings: Settings): Promise<Figure[]> {
  return between(stage, settings, 'download', 'down');
}

/** What the server's memory grows by while a file of 2 GiB comes in; `FILE_BENCH_LARGE_BYTES` makes it smaller. */
export async function uploadMemory(stage: Stage): Promise<Figure[]> {
  const bytes = sizeOf('FILE_BENCH_LARGE_BYTES', 2 * 1024 ** 3);
  const [token = ''] = await stage.tokens(1);
  const ours = await startOurs(stage, bytes);
  try {
    // What the first requests take is not what files take.
    await run(ours, token, { direction: 'up', bytes: Math.min(bytes, 64 * MB), files: 3, as_form: true });
    const before = memoryOf(ours.pid);
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, memoryOf(ours.pid))), LOOK_EVERY_MS);
    await run(ours, token, { direction: 'up', bytes, files: 1, as_form: true });
    clearInterval(watch);
    const only = { limit: null, ratio: null, rounds: 1, server_us: null, pg_us: null, limit_us: null };
    return [{ part: 'upload_memory', ours: most - before, unit: `MB more at most (${Math.round(bytes / MB)} MB file)`, ...only }];
  } finally {
    await ours.stop();
  }
}

async function between(stage: Stage, settings: Settings, part: string, direction: 'up' | 'down'): Promise<Figure[]> {
  const bytes = sizeOf('FILE_BENCH_BYTES', 64 * MB);
  const [token = ''] = await stage.tokens(1);
  const ours = await startOurs(stage, bytes);
  const limit = await stage.startLimit('files.ts');
  const files = direction === 'up' ? settings.seconds * 2 : settings.seconds * 4;
  const side = (server: Process, as_form: boolean) => ({
    server,
    run: async (begun: () => void): Promise<Sample> => {
      begun();
      const done = await run(server, token, { direction, bytes, files, as_form });
      return { rate: done.bytes / done.seconds / MB, count: done.bytes / MB };
    },
  });
  try {
    return [await compare(part, 'MB/s', stage, settings, side(ours, true), side(limit, false))];
  } finally {
    await ours.stop();
    await limit.stop();
  }
}

function run(server: Process, token: string, load: Pick<FileLoad, 'direction' | 'bytes' | 'files' | 'as_form'>): Promise<FileLoadResult> {
  return runLoad<FileLoadResult>('file-load.ts', { ...load, host: '127.0.0.1', port: server.port, token } satisfies FileLoad);
}

function startOurs(stage: Stage, bytes: number): Promise<Process> {
  return stage.startOurs({ FILE_MAX_BYTES: String(bytes), STORAGE_QUOTA_BYTES: String(bytes * 1_000) });
}

function sizeOf(name: string, otherwise: number): number {
  return Number(process.env[name] ?? otherwise);
}
