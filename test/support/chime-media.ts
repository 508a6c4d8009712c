import type { IncomingMessage } from 'node:http';
import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import protocol, {
  type ISdkSignalFrame,
  type ISdkSubscribeFrame,
  type SdkSignalFrame as Frame,
} from 'amazon-chime-sdk-js/build/signalingprotocol/SignalingProtocol.js';
import type { Page } from 'playwright-core';
import { type WebSocket, WebSocketServer } from 'ws';
import { launchBrowser } from './browser.js';
import type { ChimeAttendee, FakeChime } from './chime.js';

const { SdkPingPongType, SdkSignalFrame, SdkStreamMediaType, SdkStreamServiceType } = protocol;
const { Type } = SdkSignalFrame;

/** Each message is one frame behind one byte that says its kind. */
const FRAME_TYPE = 0x05;

/** What `chime-mixer.js` offers in its page. */
interface Mixer {
  negotiate(offer: {
    leg_id: string;
    meeting_id: string;
    sdp: string;
    from: Array<string | null>;
  }): Promise<{ sdp: string; sections: Array<{ mid: string; ssrc: number }> }>;
  heard(leg_id: string): Promise<{ audio_bytes: number; frames: number }>;
  close(leg_id: string): void;
}

type InPage = { mixer: Mixer };

/** Somebody who is in a meeting, or was. */
export interface ChimeSeat {
  readonly id: string;
  readonly meeting_id: string;
  readonly attendee: ChimeAttendee;
  /** What the browser offered as subprotocols: Amazon's name, and the token. */
  readonly protocols: readonly string[];
  readonly origin: string;
  /** The kinds of frames that came, in their order. */
  readonly frames: string[];
  is_muted: boolean;
  /** Whether a camera is on. */
  has_picture: boolean;
  is_in: boolean;
}

/** Amazon's media service, as far as two people's browsers notice. */
export interface ChimeMedia {
  /** Everybody who has ever come, the newest last. */
  readonly seats: ChimeSeat[];
  /** What could not be answered. */
  readonly faults: string[];
  /** Refuses whoever comes next by an HTTP status; null lets them in again. */
  refuse(status: number | null): void;
  /** Breaks a user's connection off. */
  drop(user_id: string): void;
  /** Ends a meeting, as Amazon does where nobody has been there for a while. */
  end(meeting_id: string): void;
  /** What has come from somebody by their present connection. */
  heard(user_id: string): Promise<{ audio_bytes: number; frames: number }>;
  close(): Promise<void>;
}

type Line = ChimeSeat & { readonly socket: WebSocket; readonly number: number; is_heard: boolean; last: Promise<unknown> };

/** Speaks the library's protocol at the port of {@link FakeChime}, and relays pictures and sound through a browser. */
export async function startChimeMedia(chime: FakeChime): Promise<ChimeMedia> {
  const seats: Line[] = [];
  const faults: string[] = [];
  let refusing: number | null = null;
  let numbers = 0;

  const browser = await launchBrowser([
    '--allow-loopback-in-peer-connection',
    '--autoplay-policy=no-user-gesture-required',
    '--disable-features=WebRtcHideLocalIpsWithMdns',
  ]);
  const page = await (await browser.newContext()).newPage();
  await page.goto('about:blank');
  await page.addScriptTag({ path: resolve('test/support/chime-mixer.js') });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => '_aws_wt_session' });
  chime.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const [, meeting_id = ''] = /^\/control\/([^/?]+)/.exec(request.url ?? '') ?? [];
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(/,\s*/);
    const attendee = [...chime.attendees].find(
      ([key, { JoinToken }]) => key.startsWith(`${meeting_id}/`) && protocols[1] === JoinToken,
    )?.[1];
    const status = refusing ?? (attendee ? null : 403);
    if (status !== null || !attendee)
      return void socket.end(`HTTP/1.1 ${status ?? 403} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    sockets.handleUpgrade(request, socket, head, (opened) =>
      receive(opened, meeting_id, attendee, protocols, request.headers.origin ?? ''),
    );
  });

  function receive(socket: WebSocket, meeting_id: string, attendee: ChimeAttendee, protocols: string[], origin: string): void {
    numbers += 1;
    const line: Line = {
      id: `leg-${numbers}`,
      number: numbers,
      meeting_id,
      attendee,
      protocols,
      origin,
      frames: [],
      is_muted: false,
      has_picture: false,
      is_in: false,
      is_heard: false,
      socket,
      last: Promise.resolve(),
    };
    seats.push(line);
    socket.on('message', (data: Buffer) => {
      const frame = SdkSignalFrame.decode(data.subarray(1));
      line.frames.push(Type[frame.type]);
      line.last = line.last.then(() => answer(line, frame)).catch((error: unknown) => faults.push(String(error)));
    });
    socket.on('close', () => void leave(line));
  }

  async function answer(line: Line, frame: Frame): Promise<void> {
    switch (frame.type) {
      case Type.JOIN:
        for (const older of seats) if (older !== line && older.is_in && older.attendee === line.attendee) replace(older);
        // From here on it hears of whatever changes.
        line.is_in = true;
        say(line, { type: Type.JOIN_ACK, joinack: { videoSubscriptionLimit: 25, wantsCompressedSdp: false } });
        return say(line, index(line));
      case Type.SUBSCRIBE:
        return subscribe(line, frame.sub ?? {});
      case Type.PING_PONG:
        if (frame.pingPong?.type !== SdkPingPongType.PING) return;
        return say(line, { type: Type.PING_PONG, pingPong: { type: SdkPingPongType.PONG, pingId: frame.pingPong.pingId } });
      case Type.AUDIO_CONTROL:
        line.is_muted = frame.audioControl?.muted === true;
        return tellOthers(line, roster(line));
      case Type.LEAVE:
        say(line, { type: Type.LEAVE_ACK, leaveAck: {} });
        return leave(line);
      default:
    }
  }

  async function subscribe(line: Line, { sdpOffer, receiveStreamIds, duplex, audioMuted }: ISdkSubscribeFrame): Promise<void> {
    const from = (receiveStreamIds ?? []).map((id) => others(line).find(({ number }) => number === id)?.id ?? null);
    const { sdp, sections } = await negotiate({ leg_id: line.id, meeting_id: line.meeting_id, sdp: sdpOffer ?? '', from });
    const ids = (receiveStreamIds ?? []).filter((id) => id !== 0);
    say(line, {
      type: Type.SUBSCRIBE_ACK,
      suback: {
        duplex: duplex ?? SdkStreamServiceType.RX,
        allocations: [{ trackLabel: 'AmazonChimeExpressVideo', streamId: line.number, groupId: line.number }],
        sdpAnswer: sdp,
        tracks: sections.map(({ mid, ssrc }, place) => ({ streamId: ids[place] ?? 0, ssrc, trackLabel: `v_${mid}` })),
      },
    });
    const had_picture = line.has_picture;
    line.has_picture = duplex === SdkStreamServiceType.DUPLEX;
    if (!line.is_heard) {
      line.is_heard = true;
      line.is_muted = audioMuted === true;
      say(line, roster(line, ...others(line).filter(({ is_heard }) => is_heard)));
      tellOthers(line, roster(line));
    }
    if (had_picture !== line.has_picture) for (const other of others(line)) say(other, index(other));
  }

  async function leave(line: Line): Promise<void> {
    const was_in = line.is_in;
    line.is_in = false;
    line.has_picture = false;
    await page.evaluate((id) => (globalThis as unknown as InPage).mixer.close(id), line.id).catch(() => undefined);
    if (!was_in) return;
    for (const other of others(line)) {
      say(other, { type: Type.AUDIO_STREAM_ID_INFO, audioStreamIdInfo: { streams: [{ audioStreamId: line.number }] } });
      say(other, index(other));
    }
  }

  function replace(older: Line): void {
    say(older, { type: Type.AUDIO_STATUS, audioStatus: { audioStatus: 301 } });
    void leave(older);
  }

  const others = (line: Line): Line[] => seats.filter((one) => one !== line && one.is_in && one.meeting_id === line.meeting_id);

  const roster = (...lines: Line[]): ISdkSignalFrame => ({
    type: Type.AUDIO_STREAM_ID_INFO,
    timestampMs: 0,
    audioStreamIdInfo: {
      streams: lines.map(({ number, attendee, is_muted }) => ({
        audioStreamId: number,
        attendeeId: attendee.AttendeeId,
        externalUserId: attendee.ExternalUserId,
        muted: is_muted,
      })),
    },
  });

  /** Whose pictures there are for somebody. */
  const index = (line: Line): ISdkSignalFrame => ({
    type: Type.INDEX,
    timestampMs: 0,
    index: {
      atCapacity: false,
      sources: others(line)
        .filter(({ has_picture }) => has_picture)
        .map(({ number, attendee }) => ({
          streamId: number,
          groupId: number,
          attendeeId: attendee.AttendeeId,
          externalUserId: attendee.ExternalUserId,
          mediaType: SdkStreamMediaType.VIDEO,
          trackLabel: 'AmazonChimeExpressVideo',
          framerate: 15,
          maxBitrateKbps: 1_400,
          avgBitrateBps: 500_000,
          width: 960,
          height: 540,
        })),
      numParticipants: others(line).length + 1,
    },
  });

  function tellOthers(line: Line, frame: ISdkSignalFrame): void {
    for (const other of others(line)) say(other, frame);
  }

  function say({ socket }: Line, frame: Omit<ISdkSignalFrame, 'timestampMs'>): void {
    if (socket.readyState !== socket.OPEN) return;
    const bytes = SdkSignalFrame.encode({ ...frame, timestampMs: Date.now() }).finish();
    socket.send(Buffer.concat([Buffer.of(FRAME_TYPE), bytes]));
  }

  const negotiate: Mixer['negotiate'] = (offer) =>
    page.evaluate((given) => (globalThis as unknown as InPage).mixer.negotiate(given), offer);

  const present = (user_id: string): Line | undefined =>
    seats.findLast(({ is_in, attendee }) => is_in && attendee.ExternalUserId === user_id);

  return {
    seats,
    faults,
    refuse: (status) => {
      refusing = status;
    },
    drop: (user_id) => present(user_id)?.socket.terminate(),
    end: (meeting_id) => {
      chime.meetings.delete(meeting_id);
      for (const line of seats) {
        if (line.meeting_id !== meeting_id || !line.is_in) continue;
        say(line, { type: Type.AUDIO_STATUS, audioStatus: { audioStatus: 410 } });
        void leave(line);
      }
    },
    heard: (user_id) => page.evaluate((id) => (globalThis as unknown as InPage).mixer.heard(id), present(user_id)?.id ?? ''),
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await browser.close();
    },
  };
}

/** Counts what every connection of a page has received; before the page loads. */
export async function watchConnections(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const place = globalThis as unknown as { RTCPeerConnection: new (...given: unknown[]) => object; connections: object[] };
    place.connections = [];
    place.RTCPeerConnection = class extends place.RTCPeerConnection {
      constructor(...given: unknown[]) {
        super(...given);
        place.connections.push(this);
      }
    };
  });
}

/** What a page has received by all of its connections that are open: the sound's bytes and energy, and pictures. */
export interface Received {
  audio_bytes: number;
  audio_energy: number;
  frames: number;
}

export const receivedBy = (page: Page): Promise<Received> =>
  page.evaluate(async () => {
    const { connections } = globalThis as unknown as {
      connections: Array<{ connectionState: string; getStats(): Promise<Map<string, Record<string, unknown>>> }>;
    };
    const sums = { audio_bytes: 0, audio_energy: 0, frames: 0 };
    for (const one of connections.filter(({ connectionState }) => connectionState === 'connected')) {
      for (const stat of (await one.getStats()).values()) {
        if (stat['type'] !== 'inbound-rtp') continue;
        if (stat['kind'] === 'audio') sums.audio_bytes += Number(stat['bytesReceived'] ?? 0);
        sums.audio_energy += Number(stat['totalAudioEnergy'] ?? 0);
        sums.frames += Number(stat['framesDecoded'] ?? 0);
      }
    }
    return sums;
  });
