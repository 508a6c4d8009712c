import { setTimeout as pause } from 'node:timers/promises';
import type { ServerOptions } from 'socket.io';
import type { Config } from '../config/index.js';
import { openRelayPool, StartError } from '../database/index.js';
import type { Logger } from '../http/index.js';

/** What carries events between nodes, and how it is closed. */
export interface Cluster {
  readonly createAdapter: ServerOptions['adapter'] | undefined;
  close(): Promise<void>;
}

/** Longest stream that Redis keeps of what the nodes told each other. */
const REDIS_STREAM_LENGTH = 10_000;

/** How long the start waits for Redis: a wrong address is told, and not tried for ever. */
const REDIS_WITHIN_MS = 10_000;

async function connectWithin(connected: Promise<unknown>, timeout_ms: number): Promise<void> {
  const late = new AbortController();
  const timeout = pause(timeout_ms, undefined, { signal: late.signal }).then(
    () => {
      throw new StartError(`REDIS_URL: Redis does not answer within ${timeout_ms / 1_000} s`);
    },
    () => undefined,
  );
  try {
    await Promise.race([connected, timeout]);
  } finally {
    late.abort();
  }
}

/** Opens what the configuration names, and loads that alone: nothing for one node, PostgreSQL's notifications, or Redis streams. */
export async function openCluster(config: Config, logger: Logger): Promise<Cluster> {
  switch (config.socket_adapter) {
    case 'memory':
      return { createAdapter: undefined, close: () => Promise.resolve() };
    case 'postgres': {
      const { createAdapter: createPostgresAdapter } = await import('@socket.io/postgres-adapter');
      const pool = openRelayPool(config, (error) => logger.warn({ err: error }, 'the relay between nodes lost a connection'));
      // It asks for a whole pool, and uses what this one has.
      const createAdapter = createPostgresAdapter(pool as unknown as Parameters<typeof createPostgresAdapter>[0], {
        channelPrefix: 'kaiwa_sockets',
        heartbeatInterval: 2_000,
        heartbeatTimeout: 8_000,
        errorHandler: (error: Error) => logger.warn({ err: error }, 'the relay between nodes failed; it is tried again'),
      });
      return { createAdapter: createAdapter as ServerOptions['adapter'], close: () => pool.end() };
    }
    case 'redis': {
      const { createAdapter: createRedisStreamsAdapter } = await import('@socket.io/redis-streams-adapter');
      const { createClient } = await import('redis');
      const client = createClient({
        url: config.env.REDIS_URL as string,
        socket: { connectTimeout: 5_000 },
        // What is said while Redis is away; beyond it the receivers find out by themselves what they have missed.
        commandsQueueMaxLength: REDIS_STREAM_LENGTH,
      });
      client.on('error', (error: Error) => logger.warn({ err: error }, 'Redis does not answer; it is tried again'));
      await connectWithin(client.connect(), REDIS_WITHIN_MS);
      const createAdapter = createRedisStreamsAdapter(client, {
        streamName: 'kaiwa:sockets',
        maxLen: REDIS_STREAM_LENGTH,
        heartbeatInterval: 2_000,
        heartbeatTimeout: 8_000,
      });
      return { createAdapter: createAdapter as ServerOptions['adapter'], close: () => client.close() };
    }
  }
}
