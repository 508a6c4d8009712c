import 'reflect-metadata';
import { bootOrExit, exitWith } from './boot.js';
import { type RunningServer, startServer } from './server.js';

/* The server's door: starts, says where it is, and takes its leave on SIGTERM or SIGINT. */

/** After this the process ends whatever still runs. */
const LONGEST_STOP_MS = 19_000;

const boot = await bootOrExit();
const { logger, embedded } = boot;

let server: RunningServer;
try {
  server = await startServer(boot);
} catch (error) {
  await embedded?.stop();
  exitWith(error);
}

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    void stop(signal);
  });
}

// Without it nothing can be served; whoever watches over this process starts both anew.
void embedded?.exited.then(() => {
  if (stopping) return;
  logger.fatal({}, 'the embedded database has gone: this process ends');
  logger.flush(() => process.exit(1));
});

logger.info({ port: server.port, url: server.url }, 'listening');
logger.flush();
greet(server);

async function stop(signal: string): Promise<void> {
  logger.info({ signal }, 'stopping');
  const late = setTimeout(() => {
    logger.error({}, 'what still runs is cut off');
    logger.flush(() => process.exit(1));
  }, LONGEST_STOP_MS);
  late.unref();
  try {
    // Whoever presses Ctrl+C has no balancer to wait for.
    await server.stop(signal === 'SIGINT' ? 0 : undefined);
    await embedded?.stop();
  } catch (error) {
    logger.error({ err: error }, 'stopping failed');
    process.exitCode = 1;
  }
  logger.info({}, 'stopped');
  logger.flush(() => process.exit());
}

/** For the person who has just started it. The password is in no log and nowhere else; it is said this once. */
function greet({ url, first_owner }: RunningServer): void {
  const lines = ['', `  Kaiwa is ready: ${url}`, `  API reference:  ${url}/docs`];
  if (first_owner) {
    const { client_id, username, email, password } = first_owner;
    lines.push(
      '',
      `  The tenant "${client_id}" is new. Its owner, said only this once:`,
      `    username  ${username}`,
      `    email     ${email}`,
      `    password  ${password}`,
      '',
      '  Log in:',
      `    curl -s ${url}/auth/v1/login -H 'content-type: application/json' -d '{"email":"${email}","password":"${password}"}'`,
    );
  }
  process.stdout.write(`${lines.join('\n')}\n\n`);
}
