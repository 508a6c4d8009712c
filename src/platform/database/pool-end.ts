import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';

/** How long connections that were told to close are waited for. */
const CLOSE_MS = 1_000;

/**
 * Resolves once the connections that a pool has now are closed; asked before it ends. pg's own `end` resolves when they have been told to
 * close, and a database that is stopped right after that would still find them there.
 */
export function whenClosed(pool: { readonly totalCount: number; on(event: 'remove', listener: () => void): unknown }): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    let left = pool.totalCount;
    if (left === 0) resolve();
    pool.on('remove', () => {
      if (--left === 0) resolve();
    });
  });
  return Promise.race([closed, pause(CLOSE_MS, undefined, { ref: false })]);
}

/** Ends a pool, and resolves once its connections are closed. */
export async function endPool(pool: pg.Pool): Promise<void> {
  const closed = whenClosed(pool);
  await pool.end();
  await closed;
}
