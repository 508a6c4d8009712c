import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JsonListSplitter, type ListElement } from './json-list.js';

function split(text: string, sizes: readonly number[] = [text.length || 1], max = 10_000): ListElement[] {
  const splitter = new JsonListSplitter(max);
  const found: ListElement[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    found.push(...splitter.push(text.slice(at, at + size)));
    at += size;
  }
  splitter.end();
  return found;
}

describe('JsonListSplitter', () => {
  it('cuts any list into its elements, wherever its text is broken off', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue()),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        fc.boolean(),
        (list, sizes, wide) => {
          const text = JSON.stringify(list, null, wide ? 2 : 0);
          expect(split(text, sizes).map((element) => JSON.parse(element.text) as unknown)).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it('tells on which line each begins', () => {
    expect(split('[\n  {"a": 1},\n\n  {\n  "b": 2\n  }, 3 ]\n').map(({ line }) => line)).toEqual([2, 4, 6]);
  });

  it.each([
    ['', 1, 'must be a list'],
    ['{"a":1}', 1, 'must be a list'],
    ['[1,\n2', 2, 'ends in the middle of the list'],
    ['[1]\n[2]', 2, 'goes on after the end of the list'],
    ['["a\\"]', 1, 'ends in the middle of the list'],
  ])('refuses %j', (text, line, message) => {
    expect(() => split(text)).toThrow(expect.objectContaining({ line, message }));
  });

  it('holds no element that is too long', () => {
    expect(() => split(`["${'x'.repeat(200)}"]`, [10], 100)).toThrow('is longer than 100 characters');
  });
});
