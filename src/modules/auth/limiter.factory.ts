import type { OnApplicationShutdown } from '@nestjs/common';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisClientType } from 'redis';
import type { Config } from '../../platform/config/index.js';
import type { Logger } from '../../platform/http/index.js';
import { LIMITS } from './limits.js';

export interface LimiterOptions {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

const COMMAND_TIMEOUT_MS = 500;

/** Counters in memory, of which only the newest so many are kept: a flood of made-up keys cannot fill it. */
class BoundedMemoryLimiter extends RateLimiterMemory {
  private readonly ring: string[] = [];
  private place = 0;

  override async consume(key: string, points?: number): Promise<RateLimiterRes> {
    const result = await super.consume(key, points);
    if (result.isFirstInDuration) this.keep(key);
    return result;
  }

  override async penalty(key: string, points?: number): Promise<RateLimiterRes> {
    const result = await super.penalty(key, points);
    if (result.isFirstInDuration) this.keep(key);
    return result;
  }

  override async set(key: string, points: number, seconds: number): Promise<RateLimiterRes> {
    this.keep(key);
    return super.set(key, points, seconds);
  }

  private keep(key: string): void {
    const oldest = this.ring[this.place];
    if (oldest !== undefined && oldest !== key) void this.delete(oldest);
    this.ring[this.place] = key;
    this.place = (this.place + 1) % LIMITS.counters;
  }
}

/** Redis for the limits, loaded where `REDIS_URL` names one alone; the start does not wait until it answers. */
export async function connectLimits({ env }: Config, logger: Logger): Promise<RedisClientType | null> {
  if (!env.REDIS_URL) return null;
  const { createClient } = await import('redis');
  const redis: RedisClientType = createClient({
    url: env.REDIS_URL,
    disableOfflineQueue: true,
    commandOptions: { timeout: COMMAND_TIMEOUT_MS },
    socket: { connectTimeout: 2_000, reconnectStrategy: (tries) => Math.min(100 * 2 ** tries, 5_000) },
  });
  redis.on('error', (error: Error) => logger.warn({ err: error }, 'Redis does not answer; limits are counted by each node'));
  void redis.connect().catch((error: unknown) => logger.warn({ err: error }, 'Redis could not be reached'));
  return redis;
}

/**
 * Makes rate limiters: counted by every node for itself, or together in Redis where there is one. While Redis does not answer, each node
 * counts for itself again.
 */
export class LimiterFactory implements OnApplicationShutdown {
  constructor(private readonly redis: RedisClientType | null) {}

  make({ name, points, seconds }: LimiterOptions): RateLimiterAbstract {
    const memory = new BoundedMemoryLimiter({ keyPrefix: name, points, duration: seconds });
    if (!this.redis) return memory;
    return new RateLimiterRedis({
      storeClient: this.redis,
      useRedisPackage: true,
      rejectIfRedisNotReady: true,
      keyPrefix: `kaiwa:limit:${name}`,
      points,
      duration: seconds,
      insuranceLimiter: memory,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.redis?.isOpen) this.redis.destroy();
  }
}
