import { describe, expect, it } from '@jest/globals';
import { Turnstile } from './turnstile.js';

/** Work that ends when it is told to. */
function held(): { work: () => Promise<string>; end: (word: string) => void; fail: (error: Error) => void; begun: () => boolean } {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let has_begun = false;
  const work = (): Promise<string> => {
    has_begun = true;
    return promise;
  };
  return { work, end: resolve, fail: reject, begun: () => has_begun };
}

describe('Turnstile', () => {
  it('lets so many run at once, and the others in their order', async () => {
    const turnstile = new Turnstile(2, 10);
    const all = [held(), held(), held(), held()] as const;
    const answers = all.map(({ work }) => turnstile.pass(work));
    expect(all.map(({ begun }) => begun())).toEqual([true, true, false, false]);
    all[1].end('b');
    await answers[1];
    expect(all.map(({ begun }) => begun())).toEqual([true, true, true, false]);
    for (const [index, one] of all.entries()) one.end('abcd'[index] as string);
    expect(turnstile.isIdle).toBe(false);
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd']);
    expect(turnstile.isIdle).toBe(true);
  });

  it('turns away what is too much, and goes on after a failure', async () => {
    const turnstile = new Turnstile(1, 1);
    const [first, second] = [held(), held()];
    const answers = [turnstile.pass(first.work), turnstile.pass(second.work)];
    await expect(turnstile.pass(held().work)).rejects.toMatchObject({ code: 'OVERLOADED' });
    first.fail(new Error('broken'));
    await expect(answers[0]).rejects.toThrow('broken');
    expect(second.begun()).toBe(true);
    second.end('b');
    expect(await answers[1]).toBe('b');
    await expect(turnstile.pass(() => Promise.resolve('c'))).resolves.toBe('c');
  });
});
