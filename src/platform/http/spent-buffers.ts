import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'minor' }) => void;

/** So much is passed on between two collections, over all streams. A collection of the young takes about a millisecond. */
const EVERY_BYTES = 4 * 1024 * 1024;

let collect: Collect | null = null;
let spent = 0;

/**
 * Counts bytes that were passed on and are no longer needed. Each read of a socket has memory of its own outside the heap; the collector
 * sees the small objects that hold it, and lets some 64 MB of it lie until it looks. Told in time, it gives the memory back at once.
 */
export function countSpent(bytes: number): void {
  spent += bytes;
  if (spent < EVERY_BYTES) return;
  spent = 0;
  collect ??= collector();
  collect({ type: 'minor' });
}

/** The collector's own entrance, which is there for whoever asks by flag; nobody else gets to see it. */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return gc;
}
