import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** An S3 server of a test's own, over the wire. */
export interface S3Server {
  readonly endpoint: string;
  readonly bucket: string;
  /** What a server of ours is given to use it. */
  readonly env: Record<string, string>;
  /** The keys of everything that it keeps. */
  keys(): Promise<string[]>;
  /** Ends it and removes what it keeps. */
  close(): Promise<void>;
}

const BUCKET = 'kaiwa-test';
/** The one account that it knows. */
const ACCESS_KEY = 'S3RVER';

/** Starts one; the bucket is for our server to make. */
export async function startS3(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'kaiwa-s3-'));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', resolve('test/support/s3.program.ts'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const port = await new Promise<number>((fulfil, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => fulfil(Number(line)));
    child.once('exit', (code) => reject(new Error(`the S3 server ended with ${String(code)}`)));
  });
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    bucket: BUCKET,
    env: {
      S3_ENDPOINT: endpoint,
      S3_BUCKET: BUCKET,
      S3_REGION: 'us-east-1',
      S3_ACCESS_KEY_ID: ACCESS_KEY,
      S3_SECRET_ACCESS_KEY: ACCESS_KEY,
      S3_FORCE_PATH_STYLE: 'true',
    },
    // It keeps each object as `<key>._S3rver_object` with its metadata beside, and parts of what is unfinished apart.
    keys: async () => {
      const names = await readdir(join(directory, BUCKET), { recursive: true }).catch(() => [] as string[]);
      return names
        .filter((name) => name.endsWith('._S3rver_object'))
        .map((name) => name.slice(0, -'._S3rver_object'.length))
        .sort();
    },
    close: async () => {
      child.kill('SIGTERM');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
