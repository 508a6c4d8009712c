import type { ChatLoad, ChatLoadResult } from '../load/chat-load.ts';
import type { Figure, Settings } from '../run.ts';
import { cpuOf, type Process, runLoad, type Stage } from '../stage.ts';
import { median } from './compare.ts';

/** Conversations at a time where the time of one is looked at. */
const FEW = 4;
const STREAMS = 200;
const KEY = 'sk-bench-0123456789abcdefghijklmnop';

const ENV = (model: Process): Record<string, string> => ({
  OPENAI_API_KEY: KEY,
  OPENAI_BASE_URL: `${model.url}/v1`,
  OPENAI_MODEL: 'bench',
});

const DIRECT: Pick<ChatLoad, 'first' | 'last'> = { first: '"content":', last: '[DONE]' };
const OURS: Pick<ChatLoad, 'first' | 'last'> = { first: 'event: delta', last: 'event: done' };

/** A turn of a conversation as events, with all that is stored and looked up, against asking the same model directly. */
export async function chat(stage: Stage, { rounds, seconds }: Settings): Promise<Figure[]> {
  const model = await stage.startLimit('model.ts');
  const ours = await stage.startOurs(ENV(model));
  const [token = ''] = await stage.tokens(1, 'bench', 'staff');
  const mine: ChatLoadResult[] = [];
  const theirs: ChatLoadResult[] = [];
  let server_us = 0;
  try {
    for (let round = 0; round <= rounds; round++) {
      const direct = await measure({
        ...DIRECT,
        url: `${model.url}/v1/chat/completions`,
        headers: {},
        bodies: many(FEW, directBody),
        seconds,
      });
      let before = 0;
      const own = await measure(
        { ...OURS, ...askingUs(ours, token), bodies: many(FEW, ourBody), seconds },
        () => (before = cpuOf(ours.pid)),
      );
      if (round === 0) continue;
      server_us = (cpuOf(ours.pid) - before) / own.requests;
      mine.push(own);
      theirs.push(direct);
    }
  } finally {
    await ours.stop();
    await model.stop();
  }
  const figure = (part: string, unit: string, pick: (result: ChatLoadResult) => number): Figure => ({
    part,
    ours: median(mine.map(pick)),
    limit: median(theirs.map(pick)),
    ratio: median(mine.map((one, round) => pick(one) / pick(theirs[round] as ChatLoadResult))),
    unit,
    rounds,
    server_us,
    pg_us: null,
    limit_us: null,
  });
  return [
    figure('chat_first', 'ms to the first text, against the model itself', ({ first_ms }) => first_ms),
    figure('chat_total', 'ms for a turn, against the model itself', ({ total_ms }) => total_ms),
  ];
}

/** How long the event loop is kept from its work while 200 answers are streamed. */
export async function chatStreams(stage: Stage, { rounds, seconds }: Settings): Promise<Figure[]> {
  const model = await stage.startLimit('model.ts');
  const ours = await stage.startOurs(ENV(model));
  const [token = ''] = await stage.tokens(1, 'bench', 'staff');
  const delays: number[] = [];
  const used: number[] = [];
  try {
    for (let round = 0; round <= rounds; round++) {
      let before = 0;
      let began: Promise<unknown> = Promise.resolve();
      const load: ChatLoad = { ...OURS, ...askingUs(ours, token), bodies: many(STREAMS, ourBody), seconds };
      const { requests } = await measure(load, () => {
        before = cpuOf(ours.pid);
        // Reading the figures begins them anew.
        began = loopDelay(ours);
      });
      await began;
      if (round === 0) continue;
      delays.push(await loopDelay(ours));
      used.push((cpuOf(ours.pid) - before) / requests);
    }
  } finally {
    await ours.stop();
    await model.stop();
  }
  return [
    {
      part: 'chat_streams',
      ours: median(delays),
      limit: null,
      ratio: null,
      unit: `ms event loop p99 delay, ${STREAMS} streams`,
      rounds,
      server_us: median(used),
      pg_us: null,
      limit_us: null,
    },
  ];
}

async function measure(load: ChatLoad, begun?: () => void): Promise<ChatLoadResult> {
  const result = await runLoad<ChatLoadResult>('chat-load.ts', load, begun);
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.failed + result.requests} turns failed at ${load.url}`);
  return result;
}

async function loopDelay(server: Process): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1]) * 1000;
}

function askingUs({ url }: Process, token: string): Pick<ChatLoad, 'url' | 'headers'> {
  return { url: `${url}/chat`, headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' } };
}

function many(count: number, body: (index: number) => object): string[] {
  return Array.from({ length: count }, (_, index) => JSON.stringify(body(index)));
}

function ourBody(index: number): object {
  return { phone_number: `0901234${String(index).padStart(4, '0')}`, user_text: '営業時間を教えてください' };
}

function directBody(): object {
  return { model: 'bench', stream: true, messages: [{ role: 'user', content: '営業時間を教えてください' }] };
}
