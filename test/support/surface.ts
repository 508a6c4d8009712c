import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { AccessRule, RouteMethod } from '../../src/platform/http/index.js';
import type { TestDatabase } from './database.js';

const PROGRAM = resolve('test/support/surface.program.ts');
const SECRET = 'a-secret-for-tests-that-is-long-enough';

export interface RegisteredRoute {
  method: RouteMethod;
  /** As it was declared: `/rooms/:id`. */
  path: string;
  /** The handler's name. */
  name: string;
  access: AccessRule | null;
  takes_key: boolean;
  is_limited: boolean;
}

/** What an application has registered, read from itself and not from its documents. */
export interface Surface {
  routes: RegisteredRoute[];
  jobs: Array<{ name: string; scope: string; is_periodic: boolean }>;
  /** What gateways subscribe; `body` is the class that validates it, null where the event came past `@SocketEvent`. */
  events: Array<{ gateway: string; name: string; body: string | null }>;
  /** The events that the server says it sends. */
  sent: string[];
}

/** Builds the application of `dist` over a database, and answers what it has registered. */
export async function readSurface(database: TestDatabase): Promise<Surface> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: resolve('dist/.cache'),
      DATABASE_URL: database.url,
      JWT_SECRET: SECRET,
      ENCRYPTION_KEY: SECRET,
      SOCKET_ADAPTER: 'memory',
      LOG_LEVEL: 'warn',
    },
    timeout: 30_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Surface;
}
