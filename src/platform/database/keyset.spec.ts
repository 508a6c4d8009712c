import { describe, expect, it } from '@jest/globals';
import { AppError } from '../errors/index.js';
import { decodeCursor, encodeCursor, type KeysetKind } from './keyset.js';

describe('a cursor', () => {
  it('gives back what it was made of', () => {
    const at = new Date('2024-02-29T23:59:59.123Z');
    const values = [at, '2024-02-29', 2 ** 31 - 1, 2 ** 53 - 1, 'ルーム', '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10'];
    const read = decodeCursor(encodeCursor(values), ['timestamp', 'date', 'integer', 'bigint', 'text', 'uuid']);
    expect(read).toEqual([at.toISOString(), ...values.slice(1)]);
  });

  it.each<[KeysetKind, unknown]>([
    ['timestamp', '+275760-09-13T00:00:00.000Z'],
    ['timestamp', '-000001-09-13T00:00:00.000Z'],
    ['timestamp', '0000-09-13T00:00:00.000Z'],
    ['timestamp', '2024-02-31T00:00:00.000Z'],
    ['timestamp', '2024-02-29T24:00:00.000Z'],
    ['date', '0000-01-01'],
    ['date', '2023-02-29'],
    ['date', '2024-13-01'],
    ['bigint', 1.5],
    ['integer', 2 ** 31],
    ['integer', -(2 ** 31) - 1],
    ['integer', 0.5],
    ['text', 'a\u0000b'],
    ['text', '\ud800'],
    ['uuid', 'none'],
  ])('of a %s that none was made of is refused: %s', (kind, value) => {
    const forged = Buffer.from(JSON.stringify([value])).toString('base64url');
    expect(() => decodeCursor(forged, [kind])).toThrow(new AppError('INVALID_CURSOR'));
  });
});
