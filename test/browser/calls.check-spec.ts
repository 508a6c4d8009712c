import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.js';
import { eventually, makeTenant, type TestUser, uniqueName } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { startTurn, type TurnServer } from '../support/turn.js';

/*
 * A call in two real pages with made-up cameras and microphones: one rings, the other answers, their browsers find each other by the sockets,
 * and both hear and see the other. What flows is read off the browsers' own counts.
 */

interface Call {
  id: string;
  status: string;
  caller: { id: string };
  callee: { id: string };
  ice_servers: Array<{ urls: string[]; username?: string; credential?: string }>;
}

/** What a browser has received and shown of the other side. */
interface Received {
  audio_bytes: number;
  audio_samples: number;
  audio_energy: number;
  video_bytes: number;
  frames: number;
  width: number;
  pair: string;
}

/** What runs in the page: its socket, its call, and how it talks. */
declare const window: {
  io(options?: object): Sock;
  sock: Sock;
  told: string[];
  incoming: Call | null;
  policy: 'all' | 'relay';
  peer: RTCPeerConnection | null;
  converse(call: Call, is_caller: boolean): Promise<void>;
  received(): Promise<Received>;
};

interface Sock {
  on(event: string, listener: (payload: never) => void): void;
  emitWithAck(event: string, payload: object): Promise<{ ok: boolean; code?: string }>;
  connected: boolean;
}

interface Description {
  type: string;
  sdp?: string;
}

/** As much of the browser's WebRTC as the pages use. */
interface RTCPeerConnection {
  addTrack(track: unknown, stream: unknown): void;
  createOffer(): Promise<Description>;
  setLocalDescription(description?: Description): Promise<void>;
  setRemoteDescription(description: Description): Promise<void>;
  addIceCandidate(candidate: unknown): Promise<void>;
  createDataChannel(label: string): void;
  getStats(): Promise<Map<string, Record<string, never>>>;
  close(): void;
  localDescription: Description;
  connectionState: string;
  iceGatheringState: string;
  onicecandidate: (event: { candidate: { type: string; toJSON(): object } | null }) => void;
  ontrack: (event: { streams: unknown[] }) => void;
}
declare const RTCPeerConnection: new (options: object) => RTCPeerConnection;
declare const navigator: { mediaDevices: { getUserMedia(wanted: object): Promise<{ getTracks(): unknown[] }> } };
declare const document: { createElement(name: string): Record<string, unknown>; body: { append(element: object): void } };

const PASSWORD = 'correct-horse-battery-7';
const TURN_SECRET = 'turn-secret-for-tests';
const MEDIA_FLAGS = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  // Nobody resolves names under `.local` here, and there may be no network but the loopback.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
];

let server: TestServer;
let turn: TurnServer;
let browser: Browser;
let owner: TestUser;

beforeAll(async () => {
  turn = await startTurn(TURN_SECRET);
  server = await startServer({ env: { RATE_LIMIT: 'on', TURN_URLS: turn.url, TURN_SECRET } });
  owner = await makeTenant(server.api);
  browser = await launchBrowser(MEDIA_FLAGS);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await turn?.stop();
});

const postFrom = (page: Page, path: string, body: object = {}): Promise<{ status: number; body: Call }> =>
  page.evaluate(
    async ({ path, body, client_id }) => {
      const headers = { 'content-type': 'application/json', 'x-client-id': client_id };
      const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as Call };
    },
    { path, body, client_id: owner.client_id },
  );

/** A person at a page of this server, logged in by cookie, with a socket and what it needs for a call. */
async function arrive(name: string, policy: 'all' | 'relay'): Promise<{ page: Page; id: string }> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${server.url}/docs`, { waitUntil: 'domcontentloaded' });
  const registered = await postFrom(page, '/register', { username: name, email: `${name}@example.com`, password: PASSWORD });
  expect(registered.status).toBe(201);
  expect((await postFrom(page, '/login', { usernameOrEmail: name, password: PASSWORD })).status).toBe(200);
  await page.addScriptTag({ url: '/socket.io/socket.io.js' });
  await page.evaluate((policy) => {
    window.told = [];
    window.incoming = null;
    window.peer = null;
    window.policy = policy;
    window.sock = window.io({ transports: ['websocket'], reconnection: false });
    for (const event of ['call:incoming', 'call:accepted', 'call:ended']) window.sock.on(event, () => window.told.push(event));
    window.sock.on('call:incoming', (call: Call) => (window.incoming = call));

    window.converse = async (call, is_caller) => {
      const peer = new RTCPeerConnection({ iceServers: call.ice_servers, iceTransportPolicy: window.policy });
      window.peer = peer;
      const tell = (data: object): Promise<unknown> => window.sock.emitWithAck('call:signal', { call_id: call.id, data });
      peer.onicecandidate = ({ candidate }) => void (candidate && tell({ candidate: candidate.toJSON() }));
      peer.ontrack = ({ streams }) => {
        // Only what is shown is decoded, and only what is not muted counts as sound.
        const video = document.createElement('video');
        Object.assign(video, { srcObject: streams[0], autoplay: true, playsInline: true });
        document.body.append(video);
      };
      // As browsers want it: nothing before the description that it belongs to.
      let last = Promise.resolve();
      window.sock.on(
        'call:signal',
        (signal: { call_id: string; from: { id: string }; data: { description?: Description; candidate?: object } }) => {
          const from = is_caller ? call.callee.id : call.caller.id;
          if (signal.call_id !== call.id || signal.from.id !== from) return;
          const { description, candidate } = signal.data;
          last = last.then(async () => {
            if (candidate) return peer.addIceCandidate(candidate);
            if (!description) return;
            await peer.setRemoteDescription(description);
            if (description.type !== 'offer') return;
            await peer.setLocalDescription();
            await tell({ description: peer.localDescription });
          });
        },
      );
      // The made-up microphone beeps, which is just what these would take away.
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      const stream = await navigator.mediaDevices.getUserMedia({ audio, video: { width: 320, height: 240, frameRate: 10 } });
      for (const track of stream.getTracks()) peer.addTrack(track, stream);
      if (!is_caller) return;
      await peer.setLocalDescription();
      await tell({ description: peer.localDescription });
    };

    window.received = async () => {
      const stats = [...(await window.peer!.getStats()).values()] as Array<Record<string, never>>;
      const inbound = (kind: string): Record<string, string & number> =>
        stats.find((one) => one['type'] === 'inbound-rtp' && one['kind'] === kind) ?? {};
      const [audio, video] = [inbound('audio'), inbound('video')];
      const transport = stats.find((one) => one['type'] === 'transport');
      const pair = stats.find((one) => one['id'] === transport?.['selectedCandidatePairId']);
      const typeOf = (id: string | undefined): string => String(stats.find((one) => one['id'] === id)?.['candidateType']);
      return {
        audio_bytes: audio['bytesReceived'] ?? 0,
        audio_samples: audio['totalSamplesReceived'] ?? 0,
        audio_energy: audio['totalAudioEnergy'] ?? 0,
        video_bytes: video['bytesReceived'] ?? 0,
        frames: video['framesDecoded'] ?? 0,
        width: video['frameWidth'] ?? 0,
        pair: pair ? `${typeOf(pair['localCandidateId'])}-${typeOf(pair['remoteCandidateId'])}` : '',
      };
    };
  }, policy);
  await page.waitForFunction(() => window.sock.connected);
  return { page, id: (registered.body as { id: string }).id };
}

const receivedBy = (page: Page): Promise<Received> => page.evaluate(() => window.received());

/** Waits until a page has received and decoded so much more than `before`: twenty frames, and a second of sound that is no silence. */
const growth = (page: Page, before: Received): Promise<Received> =>
  eventually(
    () => receivedBy(page),
    (now) =>
      now.frames >= before.frames + 20 && now.audio_samples >= before.audio_samples + 48_000 && now.audio_energy > before.audio_energy,
    40_000,
  );

const NOTHING: Received = { audio_bytes: 0, audio_samples: 0, audio_energy: 0, video_bytes: 0, frames: 0, width: 0, pair: '' };

/** One rings, the other answers; both talk, and one hangs up. Answers what each has received, twice. */
async function talk(policy: 'all' | 'relay'): Promise<Array<[first: Received, then: Received]>> {
  const tanaka = await arrive(uniqueName('tanaka'), policy);
  const sato = await arrive(uniqueName('sato'), policy);
  const made = await postFrom(tanaka.page, '/calls', { callee_id: sato.id, media: 'video' });
  expect(made).toMatchObject({ status: 201, body: { status: 'ringing' } });
  await sato.page.waitForFunction(() => window.incoming !== null);

  const accepted = await postFrom(sato.page, `/calls/${made.body.id}/accept`);
  expect(accepted).toMatchObject({ status: 200, body: { status: 'in_progress' } });
  await sato.page.evaluate((call) => window.converse(call, false), accepted.body);
  await tanaka.page.waitForFunction(() => window.told.includes('call:accepted'));
  await tanaka.page.evaluate((call) => window.converse(call, true), made.body);

  const pages = [tanaka.page, sato.page];
  for (const page of pages) await page.waitForFunction(() => window.peer?.connectionState === 'connected', null, { timeout: 30_000 });
  const first = await Promise.all(pages.map((page) => growth(page, NOTHING)));
  const then = await Promise.all(pages.map((page, side) => growth(page, first[side]!)));

  expect((await postFrom(tanaka.page, `/calls/${made.body.id}/end`)).body.status).toBe('completed');
  for (const page of pages) await page.waitForFunction(() => window.told.includes('call:ended'));
  for (const page of pages) await page.context().close();
  return first.map((one, side) => [one, then[side]!]);
}

function expectFlow(sides: Array<[first: Received, then: Received]>): void {
  expect(sides).toHaveLength(2);
  for (const [first, then] of sides) {
    expect(first.width).toBeGreaterThan(0);
    expect(then.frames).toBeGreaterThanOrEqual(first.frames + 20);
    expect(then.video_bytes).toBeGreaterThan(first.video_bytes);
    expect(then.audio_bytes).toBeGreaterThan(first.audio_bytes);
    expect(then.audio_energy).toBeGreaterThan(first.audio_energy);
  }
}

describe('two pages in a call', () => {
  it('hear and see each other', async () => {
    expectFlow(await talk('all'));
  }, 120_000);

  it('hear and see each other through the TURN server alone', async () => {
    const sides = await talk('relay');
    expectFlow(sides);
    expect(sides.flat().map(({ pair }) => pair)).toEqual(['relay-relay', 'relay-relay', 'relay-relay', 'relay-relay']);
    expect(turn.logs()).toMatch(/ALLOCATE processed, success/);
  }, 120_000);

  it('are let in by the TURN server with the names that the call gives them, and with no others', async () => {
    const tanaka = await arrive(uniqueName('tanaka'), 'relay');
    const sato = await arrive(uniqueName('sato'), 'relay');
    const { ice_servers } = (await postFrom(tanaka.page, '/calls', { callee_id: sato.id })).body;
    const relays = (servers: Call['ice_servers']): Promise<number> =>
      tanaka.page.evaluate(async (iceServers) => {
        const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' });
        let found = 0;
        const done = new Promise<void>((resolve) => {
          peer.onicecandidate = ({ candidate }) => {
            if (candidate === null) resolve();
            else if (candidate.type === 'relay') found++;
          };
        });
        peer.createDataChannel('x');
        await peer.setLocalDescription();
        await done;
        peer.close();
        return found;
      }, servers);
    expect(await relays(ice_servers)).toBeGreaterThan(0);
    // The same name with another end, and a password of somebody who does not know the secret.
    const [server] = ice_servers;
    const [, name = ''] = (server?.username ?? '').split(':');
    expect(await relays([{ ...server!, username: `9999999999:${name}` }])).toBe(0);
    expect(await relays([{ ...server!, credential: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }])).toBe(0);
  }, 60_000);
});
