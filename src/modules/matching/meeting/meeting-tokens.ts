import { createHmac, hkdfSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../../platform/config/index.js';
import { sameSecret } from '../../../platform/crypto/index.js';
import { Scope } from '../../../platform/scope/index.js';

/** Whose token it is, and in which tenant. */
export interface TokenHolder {
  readonly client_id: string;
  readonly user_id: string;
}

const KEY_BYTES = 32;
const PURPOSE = 'kaiwa meeting seat v1';
const TOKEN = /^([a-z0-9][a-z0-9_-]{0,63})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/;

/**
 * The tokens of participants: one for each person in each meeting, good for nothing else. HMAC-SHA256 under a key of 256 bits that is derived from each
 * of `JWT_SECRET` (RFC 5869); the first signs, all verify. How long it is good the meeting says, so that a talk that is moved keeps its links.
 */
@Injectable()
export class MeetingTokens {
  private readonly keys: readonly Buffer[];

  constructor(config: Config) {
    this.keys = config.jwt_secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', PURPOSE, KEY_BYTES)));
  }

  /** The token of a participant in a meeting of the tenant in scope. */
  sign(meeting_id: string, user_id: string): string {
    const client_id = Scope.clientId();
    return `${client_id}.${user_id}.${signature(this.keys[0] as Buffer, client_id, meeting_id, user_id)}`;
  }

  /** Whose it is, where it is one for this meeting; else null. */
  verify(meeting_id: string, token: string): TokenHolder | null {
    const [, client_id, user_id, given] = TOKEN.exec(token) ?? [];
    if (client_id === undefined || user_id === undefined || given === undefined) return null;
    // Every key is tried, so that the time tells nothing of which one it was.
    const is_signed = this.keys.map((key) => sameSecret(signature(key, client_id, meeting_id, user_id), given)).includes(true);
    return is_signed ? { client_id, user_id } : null;
  }
}

function signature(key: Buffer, client_id: string, meeting_id: string, user_id: string): string {
  return createHmac('sha256', key).update(`${client_id}\n${meeting_id}\n${user_id}`).digest('base64url');
}
