import { Injectable } from '@nestjs/common';
import { AuthSweeper } from './modules/auth/index.js';
import { IdleCallSweeper } from './modules/calls/index.js';
import { MessageSweeper } from './modules/chat/index.js';
import { Jobs } from './platform/jobs/index.js';

/** The periodic jobs that take away what has had its time, in every tenant. */
@Injectable()
export class Sweeps {
  constructor(jobs: Jobs, messages: MessageSweeper, auth: AuthSweeper, calls: IdleCallSweeper) {
    jobs.cron('messages.sweep', '* * * * *', async () => {
      await messages.sweep();
    });
    jobs.cron('calls.close_idle', '*/5 * * * *', async () => {
      await calls.sweep();
    });
    jobs.cron('credentials.sweep', '*/10 * * * *', async () => {
      await auth.sweep();
    });
  }
}
