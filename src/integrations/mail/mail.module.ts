import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { FileOutboxMailer } from './file-outbox.adapter.js';
import { MailQueue } from './mail-queue.js';
import { Mailer } from './mailer.port.js';

/** Mail by `SMTP_URL` where it is set, else into `DATA_DIR/outbox`. */
@Global()
@Module({
  providers: [
    {
      provide: Mailer,
      inject: [Config],
      useFactory: async ({ env, data_dir }: Config): Promise<Mailer> => {
        if (!env.SMTP_URL) return new FileOutboxMailer(join(data_dir, 'outbox'), env.MAIL_FROM);
        const { SmtpMailer } = await import('./smtp-mailer.adapter.js');
        return new SmtpMailer(env.SMTP_URL, env.MAIL_FROM);
      },
    },
    MailQueue,
  ],
  exports: [MailQueue],
})
export class MailModule {}
