import { Injectable } from '@nestjs/common';
import { AuthSweeper } from './modules/auth/index.js';
import { IdleCallSweeper } from './modules/calls/index.js';
import { MessageSweeper } from './modules/chat/index.js';
import { TrashCollector } from './modules/files/index.js';
import { CertificateService, NotificationService, PaymentService } from './modules/matching/index.js';
import { Jobs } from './platform/jobs/index.js';

/** The periodic jobs that take away what has had its time, in every tenant. */
@Injectable()
export class Sweeps {
  constructor(
    jobs: Jobs,
    messages: MessageSweeper,
    auth: AuthSweeper,
    calls: IdleCallSweeper,
    trash: TrashCollector,
    notifications: NotificationService,
    certificates: CertificateService,
    payments: PaymentService,
  ) {
    jobs.cron('messages.sweep', '* * * * *', async () => {
      await messages.sweep();
    });
    jobs.cron('calls.close_idle', '*/5 * * * *', async () => {
      await calls.sweep();
    });
    jobs.cron('credentials.sweep', '*/10 * * * *', async () => {
      await auth.sweep();
    });
    jobs.cron('storage.sweep', '*/5 * * * *', async ({ signal }) => {
      await trash.sweep(signal);
    });
    jobs.cron('notifications.sweep', '17 3 * * *', async () => {
      await notifications.sweep();
    });
    jobs.cron('certificates.sweep', '7 * * * *', async () => {
      await certificates.sweep();
    });
    jobs.cron('payments.sweep', '27 4 * * *', async () => {
      await payments.sweep();
    });
  }
}
