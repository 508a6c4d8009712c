/** How often a node says that it lives. */
export const BEAT_MS = 2_000;

/** After how long of silence the others take it for dead. */
export const DEAD_AFTER_SECONDS = 10;
