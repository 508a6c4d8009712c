import { type Frame, ID, NotWebmError, readWebm, type WebmPart } from './webm-reader.js';

/** One recording of a browser's. It can be read more than once. */
export interface Take {
  readonly read: () => AsyncIterable<Buffer>;
  /** When it began; any clock that all takes go by, in milliseconds. */
  readonly began_ms: number;
  /** How long it can have lasted at most; a day where nothing is said. */
  readonly longest_ms?: number;
}

/** A part of the whole, in milliseconds from its beginning. */
export interface Span {
  readonly from_ms: number;
  readonly to_ms: number;
}

/** A recording that can be written. */
export interface JoinedRecording {
  readonly duration_ms: number;
  readonly bytes: () => AsyncIterable<Buffer>;
}

/** Times within a cluster have 16 bits. */
const CLUSTER_MS = 10_000;
/** What a frame lasts where nothing comes after it that tells. */
const FRAME_MS = 20;
const DAY_MS = 86_400_000;
const WRITER = 'Kaiwa';

interface Placed extends Frame {
  readonly is_new_cluster: boolean;
}

interface ClusterPlan {
  readonly time_ms: number;
  bytes: number;
}

/**
 * Joins takes, in the order of their beginnings, into one WebM file that browsers can seek in: with its duration, and an index before the sound. What
 * passed between two takes is silence. A take ends where it is no WebM any more, or tells times that it cannot have: the others are not lost for it. The takes
 * are read twice, and never held.
 * @throws NotWebmError where there is no frame
 */
export async function joinWebm(takes: readonly Take[], span: Span = { from_ms: 0, to_ms: Infinity }): Promise<JoinedRecording> {
  const ordered = [...takes].sort((a, b) => a.began_ms - b.began_ms);
  const plan = await planOf(ordered, span);
  const cues = (positions: readonly number[]): Buffer =>
    element(
      0x1c53bb6b,
      ...plan.clusters.map(({ time_ms }, index) =>
        element(
          0xbb,
          element(0xb3, fixed(time_ms)),
          element(0xb7, element(0xf7, Buffer.from([plan.track])), element(0xf1, fixed(positions[index] ?? 0))),
        ),
      ),
    );
  const info = element(
    ID.info,
    element(ID.timestamp_scale, Buffer.from([0x0f, 0x42, 0x40])),
    element(0x4489, double(plan.duration_ms)),
    element(0x4d80, Buffer.from(WRITER)),
    element(0x5741, Buffer.from(WRITER)),
  );
  const tracks = element(ID.tracks, plan.tracks);
  // An index is as long whatever the positions in it are.
  let position = info.length + tracks.length + cues([]).length;
  const positions: number[] = [];
  for (const { bytes } of plan.clusters) {
    positions.push(position);
    position += clusterHead(bytes, 0).length + bytes - timestampLength();
  }
  const head = Buffer.concat([fileHeader(), sized(ID.segment, position), info, tracks, cues(positions)]);
  return {
    duration_ms: plan.duration_ms,
    bytes: async function* () {
      yield head;
      let index = -1;
      let begin_ms = 0;
      for await (const { time_ms, data, is_new_cluster } of framesOf(ordered, span)) {
        if (is_new_cluster) {
          const cluster = plan.clusters[++index];
          if (!cluster) throw new NotWebmError('a take has changed while it was read');
          begin_ms = cluster.time_ms;
          yield clusterHead(cluster.bytes, begin_ms);
        }
        yield block(plan.track, time_ms - begin_ms, data);
      }
    },
  };
}

async function planOf(
  takes: readonly Take[],
  span: Span,
): Promise<{ tracks: Buffer; track: number; clusters: ClusterPlan[]; duration_ms: number }> {
  const clusters: ClusterPlan[] = [];
  let tracks: Buffer | null = null;
  let track: number | null = null;
  let last_ms = 0;
  let frame_ms = FRAME_MS;
  for await (const frame of framesOf(takes, span, (found) => (tracks ??= found))) {
    const { time_ms, data, is_new_cluster } = frame;
    track ??= frame.track;
    if (is_new_cluster) clusters.push({ time_ms, bytes: timestampLength() });
    else if (time_ms > last_ms && time_ms - last_ms <= 120) frame_ms = time_ms - last_ms;
    (clusters.at(-1) as ClusterPlan).bytes += block(0, 0, data).length;
    last_ms = time_ms;
  }
  if (!tracks || track === null || clusters.length === 0) throw new NotWebmError('it has no sound');
  return { tracks, track, clusters, duration_ms: last_ms + frame_ms };
}

/** The frames of all takes on one line of time, from the beginning of the first; times never go back. */
async function* framesOf(takes: readonly Take[], { from_ms, to_ms }: Span, tell?: (tracks: Buffer) => void): AsyncGenerator<Placed> {
  const zero_ms = takes[0]?.began_ms ?? 0;
  let end_ms = 0;
  let cluster_ms = -Infinity;
  for (const take of takes) {
    const offset_ms = Math.max(end_ms, take.began_ms - zero_ms);
    let first_ms: number | null = null;
    let tracks: Buffer | null = null;
    for await (const part of soundOf(take)) {
      if ('tracks' in part) {
        tracks ??= part.tracks;
        continue;
      }
      // Of a take without a frame nothing is used.
      if (first_ms === null && tracks) tell?.(tracks);
      first_ms ??= part.time_ms;
      const whole_ms = Math.max(end_ms, offset_ms + part.time_ms - first_ms);
      end_ms = whole_ms;
      if (whole_ms < from_ms) continue;
      if (whole_ms >= to_ms) return;
      const time_ms = whole_ms - from_ms;
      const is_new_cluster = time_ms - cluster_ms >= CLUSTER_MS;
      if (is_new_cluster) cluster_ms = time_ms;
      yield { track: part.track, time_ms, data: part.data, is_new_cluster };
    }
    end_ms += FRAME_MS;
  }
}

/** What of a take can be used: all, but for one that somebody made up. */
async function* soundOf({ read, longest_ms = DAY_MS }: Take): AsyncGenerator<WebmPart> {
  let first_ms: number | null = null;
  try {
    for await (const part of readWebm(read())) {
      if ('time_ms' in part) {
        first_ms ??= part.time_ms;
        if (part.time_ms - first_ms > longest_ms) return;
      }
      yield part;
    }
  } catch (error) {
    if (!(error instanceof NotWebmError)) throw error;
  }
}

/** The beginning of every WebM file: EBML 1, Matroska's version 4, readable by version 2. */
function fileHeader(): Buffer {
  return element(
    ID.header,
    element(0x4286, Buffer.from([1])),
    element(0x42f7, Buffer.from([1])),
    element(0x42f2, Buffer.from([4])),
    element(0x42f3, Buffer.from([8])),
    element(0x4282, Buffer.from('webm')),
    element(0x4287, Buffer.from([4])),
    element(0x4285, Buffer.from([2])),
  );
}

/** A cluster up to its first block; `bytes` is all that it holds, its time included. */
function clusterHead(bytes: number, time_ms: number): Buffer {
  return Buffer.concat([sized(ID.cluster, bytes), element(ID.timestamp, fixed(time_ms))]);
}

function timestampLength(): number {
  return element(ID.timestamp, fixed(0)).length;
}

function block(track: number, time_ms: number, data: Buffer): Buffer {
  const head = Buffer.from([0x80 | track, 0, 0, 0x80]);
  head.writeInt16BE(time_ms, 1);
  return element(ID.simple_block, head, data);
}

function element(id: number, ...content: readonly Buffer[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([sized(id, length), ...content]);
}

/** An id, and a size of eight bytes, so that a head is as long whatever the size. */
function sized(id: number, bytes: number): Buffer {
  const name = Buffer.from(id.toString(16).padStart(2, '0'), 'hex');
  const size = Buffer.alloc(8);
  size.writeUIntBE(bytes, 2, 6);
  size[0] = 1;
  return Buffer.concat([name, size]);
}

function fixed(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(Math.round(value)));
  return bytes;
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}
