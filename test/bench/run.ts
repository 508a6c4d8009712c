import { chat, chatStreams } from './parts/chat.ts';
import { fanout, sendSocket } from './parts/sockets.ts';
import { download, upload, uploadMemory } from './parts/files.ts';
import { locks } from './parts/locks.ts';
import { recordingRelay } from './parts/recordings.ts';
import { pageDelivery, pageUnchanged } from './parts/pages.ts';
import { read, send } from './parts/rest.ts';
import { start } from './parts/start.ts';
import { openStage, type Stage } from './stage.ts';

/* `npm run bench [-- part …] [--json] [--rounds n] [--seconds n]`: our server against the limit of what this machine can do, in one run.
   Medians of interleaved rounds; on a shared machine the ratios and the CPU of a request are steady, the rates are not. */

export interface Settings {
  rounds: number;
  seconds: number;
}

/** One row of the table: `ratio` is ours to the limit's (for times and memory, only ours is given). */
export interface Figure {
  part: string;
  ours: number;
  limit: number | null;
  ratio: number | null;
  unit: string;
  rounds: number;
  /** CPU of our server for one request or message, in microseconds. */
  server_us: number | null;
  /** CPU of PostgreSQL for the same. */
  pg_us: number | null;
  /** CPU of the limit's server for one. */
  limit_us: number | null;
}

type Part = (stage: Stage, settings: Settings) => Promise<Figure[]>;

const PARTS: Record<string, Part> = {
  read,
  send,
  send_socket: sendSocket,
  fanout_200: (stage, settings) => fanout(stage, settings, 200),
  fanout_1000: (stage, settings) => fanout(stage, settings, 1_000),
  page_delivery: pageDelivery,
  page_unchanged: pageUnchanged,
  locks,
  recording_relay: recordingRelay,
  chat,
  chat_streams: chatStreams,
  upload,
  download,
  upload_memory: uploadMemory,
  start: (_stage, settings) => start(settings),
};

const args = process.argv.slice(2);
const named = args.filter((arg) => arg in PARTS);
const number = (name: string, otherwise: number): number => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(args[at + 1]);
};
const settings: Settings = { rounds: number('rounds', 5), seconds: number('seconds', 4) };
const json = args.includes('--json');

const stage = await openStage();
const figures: Figure[] = [];
try {
  for (const name of named.length > 0 ? named : Object.keys(PARTS)) {
    if (!json) process.stderr.write(`${name} …\n`);
    figures.push(...((await PARTS[name]?.(stage, settings)) ?? []));
  }
} finally {
  await stage.close();
}
if (json) process.stdout.write(`${JSON.stringify(figures)}\n`);
else {
  console.table(
    Object.fromEntries(
      figures.map(({ part, ...figure }) => [
        part,
        {
          ...figure,
          ours: round(figure.ours),
          limit: round(figure.limit),
          ratio: round(figure.ratio, 2),
          server_us: round(figure.server_us),
          pg_us: round(figure.pg_us),
          limit_us: round(figure.limit_us),
        },
      ]),
    ),
  );
}

function round(value: number | null, digits = 0): number | string {
  return value === null ? '–' : Number(value.toFixed(digits));
}
