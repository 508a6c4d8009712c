import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
// This file is run as it stands, so it names its neighbours as they stand.
import { build } from './build.ts';
import { NODE_FLAGS } from './flags.ts';

/* `npm start`: builds what is not built, then becomes the server. */

const ROOT = dirname(dirname(import.meta.dirname));
const main = [join(ROOT, 'dist', 'src', 'main.js'), ...process.argv.slice(2)];
// Passed on as it is; src/platform/config reads it.
const environment = { NODE_ENV: 'production', NODE_COMPILE_CACHE: join(ROOT, 'dist', '.cache'), ...process.env };

await build();

if (typeof process.execve === 'function' && process.platform !== 'win32') {
  // The server takes this process's place: signals reach it, and no idle process waits for it.
  process.execve(process.execPath, [process.execPath, ...NODE_FLAGS, ...main], environment);
}

const server = spawn(process.execPath, [...NODE_FLAGS, ...main], { stdio: 'inherit', env: environment });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill(signal));
server.once('exit', (code) => process.exit(code ?? 1));
