import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { bootOrExit, exitWith } from './boot.js';
import { migrate } from './platform/database/index.js';
import { NestLogBridge } from './platform/http/index.js';
import { JobRunner } from './platform/jobs/index.js';
import { closeRelayServer, makeRelayServer, openCluster } from './platform/realtime/index.js';

/* The worker's door: background jobs without the server, for installations that run them apart (`JOBS=off` on the servers). */

/** After this the process ends whatever still runs. */
const LONGEST_STOP_MS = 19_000;

const { config, logger } = await bootOrExit({ database_url: 'a worker needs the database that its servers use' });

try {
  await migrate(config);
  // What jobs have to tell goes to the sockets of the servers.
  const cluster = await openCluster(config, logger);
  const relay = makeRelayServer(cluster);
  const app = await NestFactory.createApplicationContext(AppModule.forRoot(config, logger, relay), {
    logger: new NestLogBridge(logger.child({}, { level: 'warn' })),
    abortOnError: false,
  });
  const runner = app.get(JobRunner);
  const stop = async (): Promise<void> => {
    setTimeout(() => logger.flush(() => process.exit(1)), LONGEST_STOP_MS).unref();
    try {
      await runner.stop();
      await app.close();
      await closeRelayServer(relay);
      await cluster.close();
    } catch (error) {
      logger.error({ err: error }, 'stopping failed');
      process.exitCode = 1;
    }
    logger.flush(() => process.exit());
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
  await runner.start();
  logger.info({}, 'working');
  logger.flush();
} catch (error) {
  exitWith(error);
}
