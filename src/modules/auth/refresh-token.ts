import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a refresh token says: a session, and which of its rotations it stands for. */
export interface RefreshClaims {
  readonly sid: string;
  readonly generation: number;
}

const SHAPE = /^rt_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.([1-9]\d{0,8})\.([A-Za-z0-9_-]{43})$/;

/**
 * Writes the refresh token of one rotation. It is the same each time, so that it can be given again to whoever lost the
 * answer, while nothing of it has to be stored.
 */
export function writeRefreshToken(secret: string, client_id: string, { sid, generation }: RefreshClaims): string {
  return `rt_${sid}.${generation}.${mac(secret, client_id, sid, generation).toString('base64url')}`;
}

/** What a token says, or null where this tenant's server never wrote it. Any of `secrets` may have. */
export function readRefreshToken(secrets: readonly string[], client_id: string, token: string): RefreshClaims | null {
  const match = SHAPE.exec(token);
  if (!match) return null;
  const [, sid = '', digits = '', given = ''] = match;
  const generation = Number(digits);
  const proof = Buffer.from(given, 'base64url');
  const written = secrets.some((secret) => timingSafeEqual(mac(secret, client_id, sid, generation), proof));
  return written ? { sid, generation } : null;
}

function mac(secret: string, client_id: string, sid: string, generation: number): Buffer {
  return createHmac('sha256', secret).update(`refresh|${client_id}|${sid}|${generation}`).digest();
}
