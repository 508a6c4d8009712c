import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Environment } from './config.schema.js';

/** What the embedded database, or the environment, says of how to reach PostgreSQL. */
export interface DatabaseAddress {
  /** The URL that statements run by. */
  readonly url: string;
  /** The URL that migrations run by: a role that may create tables and roles. */
  readonly migration_url: string;
}

/**
 * The checked configuration, with what start-up adds to it (the embedded database's address, keys kept in `DATA_DIR`).
 * The one thing that other floors inject; nothing else reads the environment.
 */
export class Config {
  readonly data_dir: string;
  /** Names this process among several: connections, logs. */
  readonly node_id: string;

  constructor(
    readonly env: Environment,
    readonly database: DatabaseAddress,
    /** The first signs, all verify. */
    readonly jwt_secrets: readonly string[],
    /** The first encrypts, all decrypt. */
    readonly encryption_keys: readonly string[],
    node_id: string,
  ) {
    this.data_dir = resolve(env.DATA_DIR);
    this.node_id = node_id;
  }

  /** True where the server runs on the database that it brings. */
  get embedded(): boolean {
    return !this.env.DATABASE_URL;
  }

  /** `memory` for one node alone; else what carries room events between nodes. */
  get socket_adapter(): 'memory' | 'postgres' | 'redis' {
    if (this.env.SOCKET_ADAPTER) return this.env.SOCKET_ADAPTER;
    if (this.env.REDIS_URL) return 'redis';
    return this.embedded ? 'memory' : 'postgres';
  }

  /** Where clients reach this server, without a slash at the end; undefined where only the request can tell. */
  get public_url(): string | undefined {
    return this.env.PUBLIC_URL?.replace(/\/+$/, '');
  }
}

/** A short public name for a secret, so that a token can say which key signed it. */
export function keyName(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 8);
}
