import { Injectable } from '@nestjs/common';
import { Database, decodeCursor, type Page, pageLimit, pageOf, type PageRequest } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';

/** What is counted of a tenant, each as its column of the answer. */
export const USAGE_METRICS = ['requests', 'messages', 'ai_tokens', 'audio_seconds', 'stored_bytes'] as const;
export type UsageMetric = (typeof USAGE_METRICS)[number];

/** A day's counts. */
export type UsageDay = { day: string } & Record<UsageMetric, number>;

const SUMS = USAGE_METRICS.map((metric) => `coalesce(sum(amount) filter (where metric = '${metric}'), 0)::bigint as ${metric}`).join(', ');

/** What each tenant used, by day (UTC). */
@Injectable()
export class UsageRepository {
  constructor(private readonly database: Database) {}

  /** Adds to the counts of one day. */
  async add(day: string, amounts: ReadonlyArray<readonly [UsageMetric, number]>): Promise<void> {
    await this.database.sql(
      `insert into usage_daily (client_id, day, metric, amount)
       select $1, $2::date, counted.metric, counted.amount from unnest($3::text[], $4::bigint[]) as counted (metric, amount)
       on conflict (client_id, day, metric) do update set amount = usage_daily.amount + excluded.amount`,
      [Scope.clientId(), day, amounts.map(([metric]) => metric), amounts.map(([, amount]) => amount)],
    );
  }

  /** A page of days from `from` until before `to`, newest first. */
  async list(from: string | null, to: string | null, page: PageRequest): Promise<Page<UsageDay>> {
    const limit = pageLimit(page.limit);
    const [before = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, ['date']);
    const rows = await this.database.sql<UsageDay>(
      `select day, ${SUMS} from usage_daily
        where client_id = $1
          and ($2::date is null or day >= $2)
          and ($3::date is null or day < $3)
          and ($4::date is null or day < $4)
        group by day order by day desc limit $5`,
      [Scope.clientId(), from, to, before, limit + 1],
    );
    return pageOf(rows, limit, (row) => [row.day]);
  }
}
