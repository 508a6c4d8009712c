/** One mail in plain text. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Hands a mail over for delivery; adapters are an SMTP server and a folder. */
export abstract class Mailer {
  /** Resolves once the mail is accepted; rejects where it is not. */
  abstract send(mail: Mail): Promise<void>;

  /** Closes what is open. */
  abstract close(): void;
}
