import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Frame, NotWebmError, readWebm } from './webm-reader.js';
import { joinWebm, type Take } from './webm-writer.js';

let sound: Buffer;

beforeAll(async () => {
  // Three seconds of a tone: Opus in WebM.
  sound = await readFile(resolve('test/support/talk.webm'));
});

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const take = (began_ms = 0, bytes = sound, size = 1_000): Take => ({ began_ms, read: () => inPieces(bytes, size) });

async function framesIn(bytes: AsyncIterable<Buffer>): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const part of readWebm(bytes)) if (!('tracks' in part)) frames.push(part);
  return frames;
}

async function written(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const element = (id: string, content: Buffer): Buffer => {
  const size = Buffer.alloc(8);
  size.writeUIntBE(content.length, 2, 6);
  size[0] = 1;
  return Buffer.concat([Buffer.from(id, 'hex'), size, content]);
};

/** A take that somebody made up: a frame at each of these times, in clusters of their own. */
function madeUp(times: readonly bigint[], frame = Buffer.from('810000008068656c6c6f', 'hex')): Buffer {
  const clusters = times.map((time) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(time);
    return element('1f43b675', Buffer.concat([element('e7', bytes), element('a3', frame)]));
  });
  const head = [
    element('1a45dfa3', Buffer.alloc(0)),
    Buffer.from('1853806701ffffffffffffff', 'hex'),
    element('1654ae6b', Buffer.from('none')),
  ];
  return Buffer.concat([...head, ...clusters]);
}

/** The number behind an element's id where it first stands. */
function valueAt(bytes: Buffer, id: string, read: (at: number) => number): number {
  const at = bytes.indexOf(Buffer.from(id, 'hex'));
  return read(at + id.length / 2 + 8);
}

describe('reading', () => {
  it('finds the same frames whatever pieces the bytes come in', async () => {
    const whole = await framesIn(inPieces(sound, sound.length));
    expect(whole.length).toBeGreaterThan(100);
    for (const size of [1, 7, 1_024]) expect(await framesIn(inPieces(sound, size))).toEqual(whole);
  });

  it('ends with the last whole frame where a take breaks off', async () => {
    const whole = await framesIn(inPieces(sound, 500));
    const cut = await framesIn(inPieces(sound.subarray(0, sound.length - 1_000), 500));
    expect(cut.length).toBeGreaterThan(50);
    expect(whole.slice(0, cut.length)).toEqual(cut);
  });

  it.each([
    ['text', Buffer.from('no recording at all')],
    ['an element beyond all size', Buffer.concat([Buffer.from('1a45dfa3', 'hex'), Buffer.from('01000000ffffffff', 'hex')])],
  ])('refuses %s', async (_what, bytes) => {
    await expect(framesIn(inPieces(bytes, 10))).rejects.toThrow(NotWebmError);
  });
});

describe('joining', () => {
  it('writes every frame with its time, the duration and an index before the sound', async () => {
    const joined = await joinWebm([take()]);
    const bytes = await written(joined.bytes());
    const [before, after] = [await framesIn(inPieces(sound, 999)), await framesIn(inPieces(bytes, 999))];
    expect(after.map(({ data }) => data)).toEqual(before.map(({ data }) => data));
    const begin_ms = before[0]?.time_ms ?? 0;
    expect(after.map(({ time_ms }) => time_ms)).toEqual(before.map(({ time_ms }) => time_ms - begin_ms));
    expect(joined.duration_ms).toBeGreaterThan(2_900);
    expect(joined.duration_ms).toBeLessThan(3_100);
    expect(valueAt(bytes, '4489', (at) => bytes.readDoubleBE(at))).toBe(joined.duration_ms);
    // The size of the whole, and the place of the first cluster in it, are right.
    const segment = bytes.indexOf(Buffer.from('18538067', 'hex'));
    const begin = segment + 12;
    expect(bytes.readUIntBE(segment + 6, 6)).toBe(bytes.length - begin);
    const cluster = Number(bytes.readBigUInt64BE(bytes.indexOf(Buffer.from('f10100000000000008', 'hex')) + 9));
    expect(bytes.subarray(begin + cluster, begin + cluster + 4).toString('hex')).toBe('1f43b675');
  });

  it('puts takes one after another by when they began, with the silence between them', async () => {
    const joined = await joinWebm([take(60_000), take(40_000)]);
    const frames = await framesIn(inPieces(await written(joined.bytes()), 4_096));
    expect(frames).toHaveLength((await framesIn(inPieces(sound, 4_096))).length * 2);
    const times = frames.map(({ time_ms }) => time_ms);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(joined.duration_ms).toBeGreaterThan(22_900);
    expect(times.filter((time) => time > 4_000 && time < 20_000)).toEqual([]);
    // Takes that lap over follow each other.
    expect((await joinWebm([take(0), take(1_000)])).duration_ms).toBeGreaterThan(5_900);
  });

  it('writes a part of it', async () => {
    const part = await joinWebm([take()], { from_ms: 1_000, to_ms: 2_000 });
    expect(part.duration_ms).toBeGreaterThan(900);
    expect(part.duration_ms).toBeLessThanOrEqual(1_020);
    const [first] = await framesIn(part.bytes());
    expect(first?.time_ms).toBeLessThan(20);
    await expect(joinWebm([take()], { from_ms: 9_000, to_ms: 10_000 })).rejects.toThrow(NotWebmError);
  });

  it('passes over a take that has no frame, and has nothing to write where none has', async () => {
    const empty = sound.subarray(0, 200);
    expect((await joinWebm([take(0, empty), take(0)])).duration_ms).toBeGreaterThan(2_900);
    await expect(joinWebm([take(0, empty)])).rejects.toThrow('it has no sound');
    await expect(joinWebm([])).rejects.toThrow(NotWebmError);
  });

  it.each([
    ['beyond all measure', [2n ** 64n - 1n]],
    ['that the take cannot have', [0n, 90_000n]],
    ['of years, in thousands of clusters', Array.from({ length: 200_000 }, (_, index) => BigInt(index) * 20_000n)],
  ])('loses no other take for one with times %s', async (_what, times) => {
    const whole = (await framesIn(inPieces(sound, 4_096))).length;
    const wrong = { ...take(0, madeUp(times), 64 * 1_024), longest_ms: 60_000 };
    const joined = await joinWebm([wrong, take(80_000)]);
    const frames = await framesIn(inPieces(await written(joined.bytes()), 4_096));
    const usable = times.filter((time) => time <= 60_000n).length;
    expect(frames).toHaveLength(whole + usable);
    expect(joined.duration_ms).toBeGreaterThan(82_900);
    expect(joined.duration_ms).toBeLessThan(83_200);
  });

  it('describes its track as the first take does that has a frame', async () => {
    const bytes = await written((await joinWebm([take(0, madeUp([])), take(1)])).bytes());
    const tracksOf = async (source: AsyncIterable<Buffer>): Promise<Buffer | null> => {
      for await (const part of readWebm(source)) if ('tracks' in part) return part.tracks;
      return null;
    };
    expect(await tracksOf(inPieces(bytes, 512))).toEqual(await tracksOf(inPieces(sound, 512)));
  });
});
