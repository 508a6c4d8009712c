import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Page } from '../../platform/database/index.js';
import { Logger } from '../../platform/http/index.js';
import { type Actor, Scope } from '../../platform/scope/index.js';
import { assertTenancy } from './tenancy.policy.js';
import type { UsageQuery } from './usage.dto.js';
import { USAGE_METRICS, type UsageMetric, UsageRepository } from './usage.repository.js';
import type { UsageDayView } from './usage.view.js';

const FLUSH_EVERY_MS = 5_000;
const DAY_MS = 86_400_000;
const FOREIGN_KEY_VIOLATION = '23503';

const PLACE: Readonly<Record<UsageMetric, number>> = Object.fromEntries(USAGE_METRICS.map((metric, place) => [metric, place])) as Record<
  UsageMetric,
  number
>;

/** Counts of one day, by tenant; an amount for each metric. */
interface Tally {
  readonly day: string;
  readonly counts: Map<string, number[]>;
}

/**
 * Counts what tenants use. Counting is an addition in memory; every 5 s, and at the end, the sums go to the database with one
 * statement for each tenant that was active.
 */
@Injectable()
export class UsageService implements OnModuleInit, BeforeApplicationShutdown {
  private tally: Tally = { day: '', counts: new Map() };
  private dayEnds = 0;
  /** What another day left, or a failed write. */
  private readonly due: Tally[] = [];
  private timer: NodeJS.Timeout | null = null;
  private flushing: Promise<void> | null = null;

  constructor(
    private readonly usage: UsageRepository,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.flush();
  }

  /** Adds `amount` to a metric of a tenant; negative for what was given back. */
  count(client_id: string, metric: UsageMetric, amount = 1): void {
    if (Date.now() >= this.dayEnds) this.turnDay();
    let counts = this.tally.counts.get(client_id);
    if (counts === undefined) {
      counts = new Array<number>(USAGE_METRICS.length).fill(0);
      this.tally.counts.set(client_id, counts);
    }
    const place = PLACE[metric];
    counts[place] = (counts[place] ?? 0) + amount;
  }

  /** A page of the tenant's days, newest first; this node's own counts are written before. @throws FORBIDDEN, INVALID_CURSOR */
  async list(actor: Actor, query: UsageQuery): Promise<Page<UsageDayView>> {
    assertTenancy(actor, 'usage.read');
    await this.flush();
    return this.usage.list(dayOf(query.from), dayOf(query.to), query);
  }

  /** Writes what was counted; what cannot be written is kept and tried again. */
  async flush(): Promise<void> {
    while (this.flushing) await this.flushing;
    this.flushing = this.write();
    try {
      await this.flushing;
    } finally {
      this.flushing = null;
    }
  }

  private async write(): Promise<void> {
    this.setAside();
    let failed = false;
    for (const tally of this.due.splice(0)) {
      for (const [client_id, counts] of tally.counts) {
        // A database that did not take one will not take the others now.
        failed ||= !(await this.writeOne(tally.day, client_id, counts));
        if (failed) break;
        tally.counts.delete(client_id);
      }
      if (tally.counts.size > 0) this.keep(tally);
    }
  }

  /** True where nothing is left to do: it is written, or the tenant is gone. */
  private async writeOne(day: string, client_id: string, counts: readonly number[]): Promise<boolean> {
    const amounts = USAGE_METRICS.map((metric, place) => [metric, counts[place] ?? 0] as const).filter(([, amount]) => amount !== 0);
    if (amounts.length === 0) return true;
    try {
      await Scope.runAs(client_id, () => this.usage.add(day, amounts));
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === FOREIGN_KEY_VIOLATION) return true;
      this.logger.warn({ err: error, client_id }, 'usage could not be written; it will be tried again');
      return false;
    }
  }

  /** Amounts of one day go into one tally, so that a database which stays away costs no more memory than tenants and days. */
  private keep(tally: Tally): void {
    const same = this.due.find(({ day }) => day === tally.day);
    if (!same) {
      this.due.push(tally);
      return;
    }
    for (const [client_id, counts] of tally.counts) {
      const before = same.counts.get(client_id);
      same.counts.set(client_id, before ? before.map((amount, place) => amount + (counts[place] ?? 0)) : counts);
    }
  }

  private turnDay(): void {
    this.setAside();
    const now = Date.now();
    this.tally = { day: new Date(now).toISOString().slice(0, 10), counts: new Map() };
    this.dayEnds = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  }

  private setAside(): void {
    if (this.tally.counts.size === 0) return;
    this.keep(this.tally);
    this.tally = { day: this.tally.day, counts: new Map() };
  }
}

/** The UTC day of a day or a time; null where none is given. */
function dayOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.length === 10 ? text : new Date(text).toISOString().slice(0, 10);
}
