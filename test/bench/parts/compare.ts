import type { Figure, Settings } from '../run.ts';
import { cpuOf, type Process, type Stage } from '../stage.ts';

export interface Sample {
  /** Requests, messages or deliveries a second. */
  rate: number;
  /** How many, for the CPU of each. */
  count: number;
}

/** A server, and a run of the load against it; `begun` is told when the load begins. */
export interface Side {
  server: Process;
  run: (begun: () => void) => Promise<Sample>;
}

/** Rounds before those that count: with fewer a server's code is still being compiled in them. */
const WARM_ROUNDS = 2;

/** Ours and the limit in turn, round by round, the first ones not counted; medians, and the median of the rounds' own ratios. */
export async function compare(part: string, unit: string, stage: Stage, { rounds }: Settings, ours: Side, limit: Side): Promise<Figure> {
  const mine: Measured[] = [];
  const theirs: Measured[] = [];
  for (let round = 1 - WARM_ROUNDS; round <= rounds; round++) {
    const limited = await measure(stage, limit);
    const own = await measure(stage, ours);
    if (round <= 0) continue;
    mine.push(own);
    theirs.push(limited);
  }
  const of = (samples: Measured[], pick: (sample: Measured) => number): number => median(samples.map(pick));
  return {
    part,
    ours: of(mine, ({ rate }) => rate),
    limit: of(theirs, ({ rate }) => rate),
    ratio: median(mine.map(({ rate }, round) => rate / (theirs[round]?.rate ?? NaN))),
    unit,
    rounds,
    server_us: of(mine, ({ server_us }) => server_us),
    pg_us: of(mine, ({ pg_us }) => pg_us),
    limit_us: of(theirs, ({ server_us }) => server_us),
  };
}

interface Measured extends Sample {
  server_us: number;
  pg_us: number;
}

/** One run, with the CPU that was used from the moment that the load began. */
async function measure(stage: Stage, { server, run }: Side): Promise<Measured> {
  let [server_before, pg_before] = [cpuOf(server.pid), stage.databaseCpu()];
  const sample = await run(() => {
    [server_before, pg_before] = [cpuOf(server.pid), stage.databaseCpu()];
  });
  return {
    ...sample,
    server_us: (cpuOf(server.pid) - server_before) / sample.count,
    pg_us: (stage.databaseCpu() - pg_before) / sample.count,
  };
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
