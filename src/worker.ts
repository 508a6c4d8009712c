import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { bootOrExit, exitWith } from './boot.js';
import { migrate } from './platform/database/index.js';
import { NestLogBridge } from './platform/http/index.js';
import { JobRunner } from './platform/jobs/index.js';

/* The worker's door: background jobs without the server, for installations that run them apart (`JOBS=off` on the servers). */

const { config, embedded, logger } = await bootOrExit();
if (embedded) {
  await embedded.stop();
  exitWith(new Error('DATABASE_URL: a worker needs the database that its servers use'));
}

try {
  await migrate(config);
  const app = await NestFactory.createApplicationContext(AppModule.forRoot(config, logger), {
    logger: new NestLogBridge(logger.child({}, { level: 'warn' })),
    abortOnError: false,
  });
  const runner = app.get(JobRunner);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void runner
        .stop()
        .then(() => app.close())
        .finally(() => logger.flush(() => process.exit()));
    });
  }
  await runner.start();
  logger.info({}, 'working');
  logger.flush();
} catch (error) {
  exitWith(error);
}
