import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import { createClient, type RedisClientType } from 'redis';
import { Config } from '../../platform/config/index.js';
import { Logger } from '../../platform/http/index.js';
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

/**
 * Makes rate limiters: counted by every node for itself, or together in Redis where `REDIS_URL` is set. While Redis does not answer,
 * each node counts for itself again.
 */
@Injectable()
export class LimiterFactory implements OnApplicationShutdown {
  private redis: RedisClientType | null = null;

  constructor(
    private readonly config: Config,
    private readonly logger: Logger,
  ) {}

  make({ name, points, seconds }: LimiterOptions): RateLimiterAbstract {
    const memory = new BoundedMemoryLimiter({ keyPrefix: name, points, duration: seconds });
    const storeClient = this.client();
    if (!storeClient) return memory;
    return new RateLimiterRedis({
      storeClient,
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

  private client(): RedisClientType | null {
    const url = this.config.env.REDIS_URL;
    if (!url) return null;
    if (this.redis) return this.redis;
    const redis: RedisClientType = createClient({
      url,
      disableOfflineQueue: true,
      commandOptions: { timeout: COMMAND_TIMEOUT_MS },
      socket: { connectTimeout: 2_000, reconnectStrategy: (tries) => Math.min(100 * 2 ** tries, 5_000) },
    });
    redis.on('error', (error: Error) => this.logger.warn({ err: error }, 'Redis does not answer; limits are counted by each node'));
    void redis.connect().catch((error: unknown) => this.logger.warn({ err: error }, 'Redis could not be reached'));
    this.redis = redis;
    return redis;
  }
}
