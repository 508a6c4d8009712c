import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../../platform/config/index.js';
import type { IceServerView } from './ring.view.js';

/** How long a name of a TURN server's holds: longer than calls last, since it is asked for again while one goes on. */
export const TURN_SECONDS = 6 * 3_600;

/**
 * The servers that browsers find each other by. TURN's names and passwords follow the scheme that coturn calls the REST API
 * (draft-uberti-behave-turn-rest): the name says when it ends and whose it is, and the password is its HMAC-SHA1 under the secret that
 * both servers know, in Base64. Nobody keeps them.
 */
@Injectable()
export class IceServers {
  constructor(private readonly config: Config) {}

  /** For one person's browser; `now_ms` is in milliseconds since 1970. */
  of(user_id: string, now_ms = Date.now()): IceServerView[] {
    const { STUN_URLS, TURN_URLS, TURN_SECRET } = this.config.env;
    const servers: IceServerView[] = [];
    if (STUN_URLS.length > 0) servers.push({ urls: [...STUN_URLS] });
    if (TURN_URLS.length > 0 && TURN_SECRET !== undefined) {
      const username = `${Math.floor(now_ms / 1_000) + TURN_SECONDS}:${user_id}`;
      servers.push({ urls: [...TURN_URLS], username, credential: createHmac('sha1', TURN_SECRET).update(username).digest('base64') });
    }
    return servers;
  }
}
