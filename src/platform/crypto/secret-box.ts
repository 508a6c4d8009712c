import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config, keyName } from '../config/index.js';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Thrown where a sealed text cannot be opened: its key is gone from `ENCRYPTION_KEY`, or it stands where it was not put. */
export class SecretUnreadableError extends Error {
  constructor(why: string) {
    super(`A secret cannot be read: ${why}`);
    this.name = 'SecretUnreadableError';
  }
}

/**
 * Secrets at rest that must be shown again: AES-256-GCM under the first of `ENCRYPTION_KEY`; whatever an older one of the list has sealed
 * is opened too. What a secret belongs to is sealed along (`place`), so that a row's secret moved to another row opens nowhere.
 */
@Injectable()
export class SecretBox {
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly newest: string;

  constructor(config: Config) {
    this.keys = new Map(config.encryption_keys.map((secret) => [keyName(secret), keyOf(secret)]));
    this.newest = keyName(config.encryption_keys[0] ?? '');
  }

  /** `text` sealed: `<key's name>.<base64url>`, another one each time. */
  seal(text: string, place: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.key(this.newest), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(place));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${this.newest}.${sealed.toString('base64url')}`;
  }

  /** @throws SecretUnreadableError */
  open(sealed: string, place: string): string {
    const dot = sealed.indexOf('.');
    const key = this.key(sealed.slice(0, dot));
    const bytes = Buffer.from(sealed.slice(dot + 1), 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new SecretUnreadableError('it is cut short');
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(place));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch {
      throw new SecretUnreadableError('it was altered, or stands where it was not put');
    }
  }

  /** The same for the same text, and of no use for guessing it to whoever has no key; another one once the newest key is another. */
  fingerprint(text: string): string {
    return createHmac('sha256', this.key(this.newest)).update(text).digest('base64url');
  }

  private key(name: string): Buffer {
    const key = this.keys.get(name);
    if (!key) throw new SecretUnreadableError('ENCRYPTION_KEY no longer has its key');
    return key;
  }
}

/** The variable holds text of any length; the cipher wants 32 bytes. */
function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'kaiwa secrets at rest', 32));
}
