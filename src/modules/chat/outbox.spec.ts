import { describe, expect, it } from '@jest/globals';
import { Outbox } from './outbox.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('Outbox', () => {
  it('delivers in the order given, not at once, and all of it', async () => {
    const outbox = new Outbox();
    const delivered: number[] = [];
    for (const index of range(3_000)) outbox.push(() => delivered.push(index));
    expect(delivered).toEqual([]);
    while (delivered.length < 3_000) await turn();
    expect(delivered).toEqual(range(3_000));
  });

  it('lets other work in between slices, and keeps the order of what comes meanwhile', async () => {
    const outbox = new Outbox();
    const delivered: number[] = [];
    const busy = (index: number): void => {
      for (const until = performance.now() + 4; performance.now() < until;);
      delivered.push(index);
    };
    for (const index of range(20)) outbox.push(() => busy(index));
    let turns = 0;
    for (; delivered.length < 25; turns++) {
      if (turns === 2) for (const index of range(5)) outbox.push(() => delivered.push(20 + index));
      await turn();
    }
    expect(turns).toBeGreaterThan(4);
    expect(delivered).toEqual(range(25));
  });

  it('keeps what has company until that comes, once, and in order', async () => {
    const outbox = new Outbox();
    const delivered: string[] = [];
    const say = (...words: string[]): Array<() => void> => words.map((word) => () => delivered.push(word));
    outbox.pushGroup('hall', say('a'), true);
    outbox.pushGroup('lobby', say('x'), false);
    await turn();
    expect(delivered).toEqual(['x']);
    outbox.pushGroup('hall', say('b', 'c'), true);
    await turn();
    expect(delivered).toEqual(['x', 'a', 'b', 'c']);
  });

  it('does not wait for company that never comes', async () => {
    const outbox = new Outbox();
    const alone = new Promise<void>((resolve) => outbox.pushGroup('hall', [resolve], true));
    await alone;
    const delivered: string[] = [];
    outbox.pushGroup('hall', [() => delivered.push('a')], true);
    outbox.flush();
    expect(delivered).toEqual(['a']);
    // What was flushed does not come again when its time is up.
    await new Promise<void>((resolve) => outbox.pushGroup('lobby', [resolve], true));
    expect(delivered).toEqual(['a']);
  });

  it('is behind where something has waited for too long; a flush does all', () => {
    const outbox = new Outbox();
    const delivered: number[] = [];
    expect(outbox.isBehind).toBe(false);
    for (const index of range(500)) outbox.push(() => delivered.push(index));
    for (const until = performance.now() + 20; performance.now() < until;);
    expect(outbox.isBehind).toBe(true);
    outbox.flush();
    expect(outbox.isBehind).toBe(false);
    expect(delivered).toEqual(range(500));
  });
});
