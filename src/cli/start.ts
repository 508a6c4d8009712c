import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
// This file is run as it stands, so it names its neighbour as it stands.
import { build } from './build.ts';

/* `npm start`: builds what is not built, then becomes the server. */

const ROOT = dirname(dirname(import.meta.dirname));
const main = [join(ROOT, 'dist', 'src', 'main.js'), ...process.argv.slice(2)];
// Young garbage in 32 MB: what is under way at high load dies there, before it is taken for old; collected once before the server listens,
// an idle one holds next to nothing of it.
// Without the last one, every 64 MB of bytes that pass through (files) have the whole heap marked: three quarters of a download's CPU.
const flags = ['--enable-source-maps', '--expose-gc', '--max-semi-space-size=32', '--external-memory-accounted-in-global-limit'];
// Passed on as it is; src/platform/config reads it.
const environment = { NODE_ENV: 'production', NODE_COMPILE_CACHE: join(ROOT, 'dist', '.cache'), ...process.env };

await build();

if (typeof process.execve === 'function' && process.platform !== 'win32') {
  // The server takes this process's place: signals reach it, and no idle process waits for it.
  process.execve(process.execPath, [process.execPath, ...flags, ...main], environment);
}

const server = spawn(process.execPath, [...flags, ...main], { stdio: 'inherit', env: environment });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill(signal));
server.once('exit', (code) => process.exit(code ?? 1));
