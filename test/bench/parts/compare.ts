import type { Figure, Settings } from '../run.ts';
import { cpuOf, type Process, type Stage } from '../stage.ts';

export interface Sample {
  /** Requests, messages or deliveries a second. */
  rate: number;
  /** How many, for the CPU of each. */
  count: number;
}

/** Ours and the limit in turn, round by round, the first of them not counted; medians, and the median of the rounds' own ratios. */
export async function compare(
  part: string,
  unit: string,
  stage: Stage,
  { rounds }: Settings,
  ours: { server: Process; run: () => Promise<Sample> },
  limit: { server: Process; run: () => Promise<Sample> },
): Promise<Figure> {
  const of: { ours: number[]; limit: number[]; ratio: number[]; server: number[]; pg: number[] } = {
    ours: [],
    limit: [],
    ratio: [],
    server: [],
    pg: [],
  };
  for (let round = 0; round <= rounds; round++) {
    const theirs = await limit.run();
    const [server_before, pg_before] = [cpuOf(ours.server.pid), stage.databaseCpu()];
    const mine = await ours.run();
    const [server_after, pg_after] = [cpuOf(ours.server.pid), stage.databaseCpu()];
    if (round === 0) continue;
    of.ours.push(mine.rate);
    of.limit.push(theirs.rate);
    of.ratio.push(mine.rate / theirs.rate);
    of.server.push((server_after - server_before) / mine.count);
    of.pg.push((pg_after - pg_before) / mine.count);
  }
  return {
    part,
    ours: median(of.ours),
    limit: median(of.limit),
    ratio: median(of.ratio),
    unit,
    rounds,
    server_us: median(of.server),
    pg_us: median(of.pg),
  };
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
