import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config, keyName } from '../config/index.js';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1';

/** A secret that none of the keys opens: it was sealed with one that is gone, for another place, or was changed. */
export class SealBrokenError extends Error {
  constructor(reason: string) {
    super(`A stored secret cannot be read: ${reason}`);
    this.name = 'SealBrokenError';
  }
}

/**
 * Secrets at rest: AES-256-GCM under `ENCRYPTION_KEY`, whose first key seals and all of which open. What is sealed is bound to its
 * place (`tenant/column`), so that a value which is copied into another row opens nowhere.
 */
@Injectable()
export class SecretBox {
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly first: string;

  constructor(config: Config) {
    this.keys = new Map(config.encryption_keys.map((secret) => [keyName(secret), derive(secret)]));
    this.first = keyName(config.encryption_keys[0] ?? '');
  }

  /** The sealed form of a text: `v1.<key name>.<nonce, tag and ciphertext in base64url>`. `place` must be given again to open it. */
  seal(text: string, place: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.key(this.first), nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return [VERSION, this.first, Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')].join('.');
  }

  /** The text that was sealed for `place`. @throws SealBrokenError */
  open(sealed: string, place: string): string {
    const [version, name = '', data = ''] = sealed.split('.');
    if (version !== VERSION) throw new SealBrokenError('it is not in a known form');
    const key = this.key(name);
    const bytes = Buffer.from(data, 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new SealBrokenError('it is cut short');
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(place))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      throw new SealBrokenError('it was changed, or belongs elsewhere');
    }
  }

  /** The same for the same text, and of no use for guessing it to whoever has no key; another one once the first key is another. */
  fingerprint(text: string): string {
    return createHmac('sha256', this.key(this.first)).update(text).digest('base64url');
  }

  private key(name: string): Buffer {
    const key = this.keys.get(name);
    if (!key) throw new SealBrokenError('its key is not in ENCRYPTION_KEY any more');
    return key;
  }
}

const MASK = '****';
const SHOWN = 4;

/** What is shown of a secret: its last 4 characters where it is long enough for them to tell nothing. */
export function maskSecret(secret: string): string {
  return secret.length >= 5 * SHOWN ? MASK + secret.slice(-SHOWN) : MASK;
}

/** True for what {@link maskSecret} makes: a caller that writes back what it has read. */
export function isMasked(text: string): boolean {
  return text.startsWith(MASK);
}

function derive(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'kaiwa', 'secrets at rest', 32));
}
