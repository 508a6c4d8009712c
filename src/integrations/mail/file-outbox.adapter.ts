import { chmod, mkdir, readdir, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../platform/ids/index.js';
import { type Mail, Mailer } from './mailer.port.js';

/** Mails that the folder keeps; older ones go. */
const MAX_KEPT = 100;

/**
 * Where no SMTP server is set: writes each mail as `<uuid>.eml` (RFC 5322) into a folder that only this account reads, for an
 * operator or a developer to open. The newest 100 stay.
 */
export class FileOutboxMailer extends Mailer {
  /** One write at a time, so that the folder is counted by one alone. */
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly from: string,
  ) {
    super();
  }

  send(mail: Mail): Promise<void> {
    const written = this.last.then(() => this.write(mail));
    // Whoever sends hears of a failure; the next one is written all the same.
    this.last = written.catch(() => undefined);
    return written;
  }

  close(): void {
    // Nothing is kept open.
  }

  private async write(mail: Mail): Promise<void> {
    const { createTransport } = await import('nodemailer');
    const { message } = await createTransport({ streamTransport: true, buffer: true, newline: 'windows' }).sendMail({
      from: this.from,
      to: { name: '', address: mail.to },
      subject: mail.subject,
      text: mail.text,
    });
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await chmod(this.folder, 0o700);
    const path = join(this.folder, `${newId()}.eml`);
    // Under its last name it is whole from the start.
    await writeFile(`${path}.part`, message as Buffer, { mode: 0o600 });
    await rename(`${path}.part`, path);
    const names = (await readdir(this.folder)).filter((name) => name.endsWith('.eml')).sort();
    for (const name of names.slice(0, Math.max(0, names.length - MAX_KEPT))) await unlink(join(this.folder, name));
  }
}
