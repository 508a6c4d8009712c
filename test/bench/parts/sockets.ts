import type { SocketLoad, SocketLoadResult } from '../load/socket-load.ts';
import type { Figure, Settings } from '../run.ts';
import { type Process, runLoad, type Stage } from '../stage.ts';
import { compare, type Sample } from './compare.ts';

const SENDERS = 50;
const WINDOW = 8;

/** 50 senders in 50 rooms, each message stored before it is broadcast; the limit stores nothing. */
export async function sendSocket(stage: Stage, settings: Settings): Promise<Figure[]> {
  const tokens = await stage.tokens(SENDERS);
  return between(stage, settings, 'send_socket', 'messages/s', { tokens, senders: SENDERS, in_flight: WINDOW }, ({ sent }) => sent);
}

/** One room, one sender with 4 messages in flight; what is counted is what arrives. */
export async function fanout(stage: Stage, settings: Settings, clients: number): Promise<Figure[]> {
  const tokens = await stage.tokens(clients, 'hall');
  return between(stage, settings, `fanout_${clients}`, 'deliveries/s', { tokens, senders: 1, in_flight: 4 }, ({ delivered }) => delivered);
}

async function between(
  stage: Stage,
  settings: Settings,
  part: string,
  unit: string,
  load: Pick<SocketLoad, 'tokens' | 'senders' | 'in_flight'>,
  counted: (result: SocketLoadResult) => number,
): Promise<Figure[]> {
  const ours = await stage.startOurs();
  const limit = await stage.startLimit('socket.ts');
  try {
    const run =
      (server: Process) =>
      async (begun: () => void): Promise<Sample> => {
        const options: SocketLoad = { ...load, url: server.url, content: 'こんにちは, this is message', seconds: settings.seconds };
        const result = await runLoad<SocketLoadResult>('socket-load.ts', options, begun);
        if (result.failed > 0) throw new Error(`${part}: ${result.failed} of ${result.sent} messages failed`);
        return { rate: counted(result) / result.seconds, count: counted(result) };
      };
    return [await compare(part, unit, stage, settings, { server: ours, run: run(ours) }, { server: limit, run: run(limit) })];
  } finally {
    await ours.stop();
    await limit.stop();
  }
}
