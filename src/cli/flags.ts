/**
 * How Node is started for the server. Young garbage in 32 MB: what is under way at high load dies there, before it is taken for old. A collection before the
 * server listens leaves next to nothing of it in an idle one.
 *
 * The last two are for files. Without the first of them every 64 MB of bytes that pass through have the whole heap marked; without the second that happens
 * after each few megabytes wherever the server was idle before, since the collector then lets its heap grow by a tenth only. The heap may double between
 * two collections. The two take a transfer from half of a bare stream's speed to all of it.
 */
export const NODE_FLAGS = [
  '--enable-source-maps',
  '--expose-gc',
  '--max-semi-space-size=32',
  '--external-memory-accounted-in-global-limit',
  '--heap-growing-percent=100',
] as const;
