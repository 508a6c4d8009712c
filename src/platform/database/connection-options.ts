import type pg from 'pg';
import { TYPE_PARSERS } from './type-parsers.js';

/** The two roles that statements run as; made by the first migration, and neither can log in. */
export type RuntimeRole = 'kaiwa_app' | 'kaiwa_system';

export const CONNECT_TIMEOUT_MS = 5_000;
export const STATEMENT_TIMEOUT_MS = 15_000;
export const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;

/**
 * How a connection is opened. The role is a startup parameter, so that `RESET ROLE` leads back to it, and sessions run
 * in UTC. Options that stand in the URL are kept, and come before ours.
 */
export function connectionOptions(url: string, role: RuntimeRole | null, application_name: string): pg.ClientConfig {
  const [base = '', query = ''] = splitOnce(url, '?');
  const parameters = new URLSearchParams(query);
  const settings = [parameters.get('options'), role && `-c role=${role}`, '-c TimeZone=UTC'];
  parameters.delete('options');
  const rest = parameters.toString();
  return {
    connectionString: rest ? `${base}?${rest}` : base,
    options: settings.filter(Boolean).join(' '),
    application_name,
    types: TYPE_PARSERS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  };
}

const PLANNING = ['plan_cache_mode=force_generic_plan', 'max_parallel_workers_per_gather=0', 'jit=off'];

/**
 * {@link connectionOptions} for a connection that serves requests: its statements and idle transactions are bounded. The server's own
 * statements are prepared, and planned once: left to itself PostgreSQL plans a paged read anew each time, since it cannot know that the
 * page is small, and the planning takes longer than the read (0.32 ms against 0.25 ms for a page of history). For the same reason it takes a page of a
 * large table for a large read, and would start processes for it and compile it: neither is worth it for anything that is asked here.
 */
export function servingOptions(url: string, role: RuntimeRole, application_name: string): pg.ClientConfig {
  const options = connectionOptions(url, role, application_name);
  return {
    ...options,
    ...(role === 'kaiwa_app' ? { options: [options.options ?? '', ...PLANNING].join(' -c ') } : {}),
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  };
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
