import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Socket } from 'socket.io-client';
import { apiAs, connectSocket, emit, eventually, next, type TestUser } from '../support/client.js';
import { makePerson, makeTown, minutesAhead } from '../support/matching.js';
import { startServer, type TestServer } from '../support/server.js';

/* A meeting whose two are at two nodes. */

interface State {
  recorder: string | null;
  people: Record<'speaker' | 'listener', { is_here: boolean; tab_id: string | null }>;
}

let one: TestServer;
let two: TestServer;
let student: TestUser;
let speaker: TestUser;
let matching_id: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  one = await startServer({ env: { SOCKET_ADAPTER: 'postgres' } });
  two = await startServer({ env: { SOCKET_ADAPTER: 'postgres' }, database: one.database });
  const town = await makeTown(one.api);
  [student, speaker] = await Promise.all([makePerson(one.api, town, 'student'), makePerson(one.api, town, 'company')]);
  const json = { speaker_id: speaker.id, date: minutesAhead(5), meeting_length: 30 };
  matching_id = (await student.api<{ id: string }>('/matching', { method: 'POST', json })).body.id;
}, 120_000);

afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await two?.stop();
  await one?.stop();
});

async function join(node: TestServer, person: TestUser): Promise<Socket> {
  const { body } = await apiAs(node, person)<{ id: string; join_url: string }>('/meeting', { method: 'POST', json: { matching_id } });
  const pass = `${body.id}.${String(new URL(body.join_url).searchParams.get('token'))}`;
  const socket = await connectSocket(node.url, null, { auth: { pass } });
  sockets.push(socket);
  return socket;
}

const enter = (socket: Socket, tab_id: string): Promise<{ ok: boolean; state: State }> =>
  emit(socket, 'meeting:enter', { tab_id, can_record: true });

describe('a meeting over two nodes', () => {
  it('each hears of the other, of signals in their order, of messages, and of a newer tab elsewhere', async () => {
    const [his, hers] = [await join(one, speaker), await join(two, student)];
    expect(await enter(his, 'his')).toMatchObject({ ok: true, state: { recorder: null } });
    const told = next<State>(his, 'meeting:people');
    expect(await enter(hers, 'hers')).toMatchObject({ ok: true, state: { recorder: 'speaker', people: { speaker: { is_here: true } } } });
    expect(await told).toMatchObject({ recorder: 'speaker', people: { listener: { is_here: true, tab_id: 'hers' } } });

    const heard: number[] = [];
    hers.on('meeting:signal', ({ data }: { data: { n: number } }) => heard.push(data.n));
    for (let n = 0; n < 50; n++) his.emit('meeting:signal', { data: { n } });
    await eventually(
      async () => heard.length,
      (count) => count === 50,
      15_000,
    );
    expect(heard).toEqual(Array.from({ length: 50 }, (_, n) => n));

    const message = next(hers, 'meeting:message');
    expect(await emit(his, 'meeting:say', { text: 'はい' })).toMatchObject({ ok: true });
    await message;

    const replaced = next<{ tab_id: string }>(his, 'meeting:replaced');
    const newer = await join(two, speaker);
    expect(await enter(newer, 'newer')).toMatchObject({ ok: true });
    expect(await replaced).toEqual({ tab_id: 'newer' });
    await eventually(
      async () => his.connected,
      (is_connected) => !is_connected,
    );
    // The older tab's going takes nobody's place away.
    expect(await emit(hers, 'meeting:beat', { is_recording: false })).toMatchObject({
      ok: true,
      state: { people: { speaker: { tab_id: 'newer' } } },
    });
    expect(one.logs() + two.logs()).not.toMatch(/"level":"(error|fatal)"/);
  }, 60_000);
});
