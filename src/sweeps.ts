import { Injectable } from '@nestjs/common';
import { AuthSweeper } from './modules/auth/index.js';
import { MessageSweeper } from './modules/chat/index.js';
import { TrashCollector } from './modules/files/index.js';
import { Jobs } from './platform/jobs/index.js';

/** The periodic jobs that take away what has had its time, in every tenant. */
@Injectable()
export class Sweeps {
  constructor(jobs: Jobs, messages: MessageSweeper, auth: AuthSweeper, trash: TrashCollector) {
    jobs.cron('messages.sweep', '* * * * *', async () => {
      await messages.sweep();
    });
    jobs.cron('credentials.sweep', '*/10 * * * *', async () => {
      await auth.sweep();
    });
    jobs.cron('storage.sweep', '*/5 * * * *', async ({ signal }) => {
      await trash.sweep(signal);
    });
  }
}
