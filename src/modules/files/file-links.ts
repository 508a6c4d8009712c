import { createHmac, hkdfSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { sameSecret } from '../../platform/crypto/index.js';
import { Scope } from '../../platform/scope/index.js';

/** A link as it is told, without the address of this server. */
export interface FileLink {
  /** Path and query, from `/files/…` on. */
  readonly path: string;
  readonly expires_at: Date;
}

const KEY_BYTES = 32;
const PURPOSE = 'kaiwa file link v1';
const TOKEN = /^([a-z0-9][a-z0-9_-]{0,63})\.(\d{1,12})\.([\w-]{43})$/;

/**
 * Signed links to files: whoever holds one reads the file until it expires, without a credential. HMAC-SHA256 under a key of 256 bits that is derived
 * from each of `JWT_SECRET` (RFC 5869); the first signs, all verify.
 */
@Injectable()
export class FileLinks {
  private readonly keys: readonly Buffer[];

  constructor(config: Config) {
    this.keys = config.jwt_secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', PURPOSE, KEY_BYTES)));
  }

  /** A link to a file of the tenant in scope. Whether the caller may read it is to be asked before. */
  sign(file_id: string, expires_in_s: number): FileLink {
    const client_id = Scope.clientId();
    const expires_s = Math.ceil(Date.now() / 1_000) + expires_in_s;
    const token = `${client_id}.${expires_s}.${signature(this.keys[0] as Buffer, client_id, file_id, String(expires_s))}`;
    return { path: `/files/${file_id}/shared?token=${token}`, expires_at: new Date(expires_s * 1_000) };
  }

  /** The tenant of the file, where the token is one for it that has not expired; else null. */
  verify(file_id: string, token: string): string | null {
    const [, client_id, expires, given] = TOKEN.exec(token) ?? [];
    if (client_id === undefined || expires === undefined || given === undefined) return null;
    // Every key is tried, so that the time tells nothing of which one it was.
    const is_signed = this.keys.map((key) => sameSecret(signature(key, client_id, file_id, expires), given)).includes(true);
    return is_signed && Number(expires) * 1_000 > Date.now() ? client_id : null;
  }
}

function signature(key: Buffer, client_id: string, file_id: string, expires: string): string {
  return createHmac('sha256', key).update(`${client_id}\n${file_id}\n${expires}`).digest('base64url');
}
