import { describe, expect, it } from '@jest/globals';
import { ToolSchema } from './tool-schema.js';

const BOOKING = {
  type: 'object',
  properties: {
    date: { type: 'string', format: 'date' },
    party_size: { type: 'integer', minimum: 1, maximum: 10 },
    menu: { enum: ['cut', 'color'] },
    guests: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
  },
  required: ['date'],
  additionalProperties: false,
};

describe('the schema of a tool', () => {
  it('is taken where it is the JSON Schema of an object', () => {
    expect(ToolSchema.faults(BOOKING)).toEqual([]);
    expect(ToolSchema.faults({ type: 'object', properties: {} })).toEqual([]);
    expect(ToolSchema.faults({ type: 'object', $defs: { d: { type: 'string' } }, properties: { a: { $ref: '#/$defs/d' } } })).toEqual([]);
  });

  it('may refer to itself, as trees do', () => {
    const tree = {
      type: 'object',
      properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } },
      required: ['name'],
    };
    for (const schema of [tree, { ...tree, $id: 'https://example.com/tree.json' }]) {
      expect(ToolSchema.faults(schema)).toEqual([]);
      expect(ToolSchema.check(schema, { name: 'a', children: [{ name: 'b', children: [] }] })).toEqual([]);
      expect(ToolSchema.argumentFaults(schema, { name: 'a', children: [{ name: 'b', children: [{}] }] })).toEqual([
        { field: 'children[0].children[0].name', message: 'is required' },
      ]);
    }
    const endless = { type: 'object', allOf: [{ $ref: '#' }] };
    expect(ToolSchema.faults(endless)).toEqual([]);
    expect(ToolSchema.check(endless, {})).toEqual(['The arguments: could not be checked']);
  });

  it.each([
    [{}, 'type', 'must be object'],
    [{ type: 'array' }, 'type', 'must be object'],
    [{ type: 'object', properties: { a: { type: 'strng' } } }, 'properties.a.type', /must be/],
    [{ type: 'object', properties: { a: { type: 'string', minLength: -1 } } }, 'properties.a.minLength', /must be >= 0/],
    [{ type: 'object', required: 'date' }, 'required', /must be array/],
    [{ type: 'object', properties: { a: { pattern: '(' } } }, expect.any(String), expect.any(String)],
    [{ type: 'object', properties: { a: { $ref: 'https://example.com/schema.json' } } }, '', /reference/],
    [{ type: 'object', properties: { a: { $ref: '#/$defs/none' } } }, '', /reference/],
    [{ type: 'object', $async: true }, '$async', /is not taken/],
    [{ type: 'object', description: 'a\0b' }, '', /must not have NUL/],
    [{ type: 'object', properties: { '\ud800': {} } }, '', /must not have NUL/],
    [{ type: 'object', description: 'x'.repeat(40_000) }, '', /at most 32 KiB/],
  ])('that is %j is refused at its place', (schema, field, message) => {
    const [fault] = ToolSchema.faults(schema);
    expect(fault).toEqual({ field, message: message instanceof RegExp ? expect.stringMatching(message) : message });
  });

  it('is refused where it is nested without end', () => {
    let schema: Record<string, unknown> = { type: 'object' };
    for (let depth = 0; depth < 5_000; depth++) schema = { type: 'object', properties: { a: schema } };
    expect(ToolSchema.faults(schema)).toHaveLength(1);
  });
});

describe('arguments', () => {
  it('fit', () => {
    expect(ToolSchema.check(BOOKING, { date: '2024-12-01', party_size: 2, menu: 'cut', guests: [{ name: '田中' }] })).toEqual([]);
  });

  it('are told at their place where they do not, all at once', () => {
    expect(ToolSchema.argumentFaults(BOOKING, { party_size: 'two', menu: 'perm', guests: [{}], other: 1 })).toEqual(
      expect.arrayContaining([
        { field: 'date', message: 'is required' },
        { field: 'party_size', message: 'must be integer' },
        { field: 'menu', message: 'must be one of cut, color' },
        { field: 'guests[0].name', message: 'is required' },
        { field: 'other', message: 'is not a known field' },
      ]),
    );
    expect(ToolSchema.check(BOOKING, { date: 'tomorrow' })).toEqual(['date: must match format "date"']);
  });

  it.each([null, 'text', 7, [], undefined])('are an object, not %j', (args) => {
    expect(ToolSchema.check(BOOKING, args)).toEqual(['The arguments: must be an object']);
  });

  it('are refused where they are huge, deep or hold themselves', () => {
    const anything = { type: 'object' };
    expect(ToolSchema.check(anything, { a: 'x'.repeat(70_000) })).toEqual(['The arguments: must be at most 64 KiB of JSON']);
    const holding: Record<string, unknown> = {};
    holding['self'] = holding;
    expect(ToolSchema.check(anything, holding)).toEqual(['The arguments: could not be checked']);
    const nested = { type: 'object', properties: { a: { $ref: '#' } } };
    let deep: Record<string, unknown> = {};
    for (let depth = 0; depth < 100_000; depth++) deep = { a: deep };
    expect(ToolSchema.check(nested, deep)).toHaveLength(1);
  });

  it('are matched against any pattern in a time that grows with the text alone', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string', pattern: '^(a+)+$' }, kana: { type: 'string', pattern: '^[\u3041-\u3096ー]+$' } },
    };
    expect(ToolSchema.faults(schema)).toEqual([]);
    expect(ToolSchema.check(schema, { a: `${'a'.repeat(2_000)}!` })).toEqual(['a: must match pattern "^(a+)+$"']);
    expect(ToolSchema.check(schema, { a: 'aaa', kana: 'さくら' })).toEqual([]);
    expect(ToolSchema.check(schema, { kana: '桜' })).toHaveLength(1);
  });

  it.each(['(?=a)b', '^(.)\\1$', '(a{1,1000}){1,1000}'])(
    'the pattern %s cannot be matched so, and is refused with its schema',
    (pattern) => {
      const [fault] = ToolSchema.faults({ type: 'object', properties: { a: { type: 'string', pattern } } });
      expect(fault?.message).toMatch(/^is no JSON Schema that can be used: .+/);
    },
  );

  it('are let go of where references would take for ever, and the schema is not tried again for a while', () => {
    const $defs: Record<string, object> = { s0: { type: 'string' } };
    for (let level = 1; level < 40; level++) $defs[`s${level}`] = { allOf: Array(2).fill({ $ref: `#/$defs/s${level - 1}` }) };
    const schema = { type: 'object', $defs, properties: { a: { $ref: '#/$defs/s39' } } };
    expect(ToolSchema.check(schema, { a: 'x' })).toEqual(['The arguments: could not be checked in time']);
    expect(ToolSchema.check(schema, { a: 'x' })).toEqual(['The arguments: could not be checked in time a moment ago']);
  });

  it('of one tool cannot reach another: names in schemas are each their own', () => {
    const one = { $id: 'tool', type: 'object', properties: { a: { type: 'string' } } };
    const two = { $id: 'tool', type: 'object', properties: { a: { type: 'integer' } } };
    expect([ToolSchema.check(one, { a: 'x' }), ToolSchema.check(two, { a: 1 }), ToolSchema.check(one, { a: 1 })]).toEqual([
      [],
      [],
      ['a: must be string'],
    ]);
  });
});
