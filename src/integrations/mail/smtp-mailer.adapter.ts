import { createTransport } from 'nodemailer';
import { type Mail, Mailer } from './mailer.port.js';

/** SMTP's patience; nodemailer's own is 2 and 10 minutes. */
const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 20_000;

/** Sends through the server of `SMTP_URL` (credentials and options in the URL, as nodemailer takes them). */
export class SmtpMailer extends Mailer {
  private readonly transport;

  constructor(
    smtp_url: string,
    private readonly from: string,
  ) {
    super();
    // A URL's own settings come out on top of these.
    this.transport = createTransport({
      url: smtp_url,
      pool: true,
      maxConnections: 2,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      greetingTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send(mail: Mail): Promise<void> {
    await this.transport.sendMail({ from: this.from, to: { name: '', address: mail.to }, subject: mail.subject, text: mail.text });
  }

  close(): void {
    this.transport.close();
  }
}
