import { describe, expect, it } from '@jest/globals';
import { validate, version } from 'uuid';
import { newId } from './new-id.js';

describe('newId', () => {
  const before = Date.now();
  const ids = Array.from({ length: 50_000 }, newId);

  it('makes UUIDv7s of the present time', () => {
    for (const id of ids.slice(0, 1_000)) {
      expect([validate(id), version(id)]).toEqual([true, 7]);
      expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBeGreaterThanOrEqual(before);
    }
    expect(Number.parseInt((ids.at(-1) as string).replaceAll('-', '').slice(0, 12), 16) - Date.now()).toBeLessThan(1_000);
  });

  it('makes each once, in the order in which they sort', () => {
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual([...ids].sort());
  });

  it('leaves 62 bits to chance', () => {
    const tails = new Set(ids.map((id) => id.slice(19)));
    expect(tails.size).toBe(ids.length);
    expect(new Set(ids.map((id) => id[19]))).toEqual(new Set(['8', '9', 'a', 'b']));
  });
});
