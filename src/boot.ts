import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Logger as PinoLogger } from 'pino';
import { Config, ConfigurationError, type Environment, keepKeys, readProcessEnvironment } from './platform/config/index.js';
import { DatabaseUnfitError, type EmbeddedServer, startEmbeddedServer, StartError } from './platform/database/index.js';
import { createLogger } from './platform/http/index.js';

/** What a door of the application (server, worker) begins with. */
export interface Boot {
  readonly config: Config;
  /** The database that this process brought, to be stopped last; null with `DATABASE_URL`. */
  readonly embedded: EmbeddedServer | null;
  readonly logger: PinoLogger;
}

const DEFAULT_DATA_DIR = '.data';

/** What a process asks of its environment besides what the schema says. */
export interface BootNeeds {
  /** Why it cannot do with a database of its own. */
  readonly database_url?: string;
}

/**
 * Reads the environment and, where no `DATABASE_URL` is given, starts the embedded database and reads the keys that are kept beside it.
 *
 * @throws ConfigurationError, StartError: see {@link startFailure}.
 */
export async function loadConfig(needs: BootNeeds = {}): Promise<Boot> {
  const env = readProcessEnvironment();
  const node_id = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const logger = createLogger({ level: env.LOG_LEVEL, base: { node: node_id } });
  const { DATABASE_URL: url, JWT_SECRET: jwt, ENCRYPTION_KEY: encryption } = env;
  if (url) {
    const address = { url, migration_url: env.DATABASE_MIGRATION_URL ?? url };
    return { config: new Config(env, address, jwt ?? [], encryption ?? [], node_id), embedded: null, logger };
  }
  if (needs.database_url !== undefined) throw new ConfigurationError([`DATABASE_URL: ${needs.database_url}`]);
  const embedded = await startEmbeddedServer({
    data_dir: resolve(env.DATA_DIR),
    log: logger,
    // Who names a folder means it; the default one only has to work.
    relocate: env.DATA_DIR === DEFAULT_DATA_DIR,
  });
  try {
    const config = await embeddedConfig(env, embedded.url, node_id);
    return { config, embedded, logger };
  } catch (error) {
    await embedded.stop();
    throw error;
  }
}

/** {@link loadConfig}, or one line for each thing that is wrong on standard error and exit code 1. */
export async function bootOrExit(needs: BootNeeds = {}): Promise<Boot> {
  try {
    return await loadConfig(needs);
  } catch (error) {
    exitWith(error);
  }
}

/** Says why the server does not start, and ends the process with code 1. */
export function exitWith(error: unknown): never {
  process.stderr.write(`${startFailure(error).join('\n')}\n`);
  process.exit(1);
}

/** Why the server does not start: one line for each thing that its operator can mend; the stack of anything else. */
export function startFailure(error: unknown): string[] {
  if (error instanceof ConfigurationError) return [...error.lines];
  if (error instanceof StartError) return [error.message];
  if (error instanceof DatabaseUnfitError) return [`DATABASE_URL: ${error.message}`];
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const syscall = error instanceof Error && 'syscall' in error ? String(error.syscall) : '';
  if (syscall === 'listen' && code === 'EADDRINUSE') return ['PORT: another program listens there; choose another one'];
  if (syscall === 'listen') return [`PORT, HOST: this process may not listen there (${code})`];
  if (/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ECONNRESET)$/.test(code)) {
    return [`DATABASE_URL: the database cannot be reached (${code})`];
  }
  if (/^(28...|3D000|53300)$/.test(code)) return [`DATABASE_URL: the database refuses the connection (${code})`];
  if (code === '42501' || (error instanceof Error && /permission denied|must have admin option/.test(error.message))) {
    return [
      `DATABASE_URL: its role may not migrate the database (${(error as Error).message}); name one that may in DATABASE_MIGRATION_URL`,
    ];
  }
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

async function embeddedConfig(env: Environment, url: string, node_id: string): Promise<Config> {
  const kept = await keepKeys(resolve(env.DATA_DIR));
  return new Config(
    env,
    { url, migration_url: url },
    env.JWT_SECRET ?? kept.jwt_secrets,
    env.ENCRYPTION_KEY ?? kept.encryption_keys,
    node_id,
  );
}
