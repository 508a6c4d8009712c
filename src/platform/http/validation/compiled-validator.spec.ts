import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { IntersectionType, OmitType, PartialType, PickType } from '@nestjs/swagger';
import {
  Allow,
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsDefined,
  IsEmail,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
  registerDecorator,
  Validate,
  ValidateIf,
  ValidateNested,
  validateSync,
  type ValidationArguments,
  type ValidationError,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import fc from 'fast-check';
import { MAX_DETAILS, validatorOf } from './compiled-validator.js';
import { type DtoClass, readFieldContext } from './field-context.js';
import { Nested } from './nested.decorator.js';
import { IsCalendarDate, IsClientName, IsEmailField, IsFlag, IsIdField, IsIntField, IsOneOf, IsText, IsTimestamp } from './validators.js';

@ValidatorConstraint({ name: 'differs' })
class Differs implements ValidatorConstraintInterface {
  validate(value: unknown, args: ValidationArguments): boolean {
    return value !== (args.object as Record<string, unknown>)[args.constraints[0] as string];
  }

  defaultMessage(): string {
    return '$property must differ from $constraint1';
  }
}

class Basics {
  @IsString()
  @Length(2, 5)
  name: string;

  @IsInt()
  @Min(1)
  @Max(9, { message: (args) => `${args.property} is ${String(args.value)}, over $constraint1` })
  count: number;

  @IsOptional()
  @IsBoolean()
  flag?: boolean;

  @IsOptional()
  @IsNumber()
  ratio: number = 0.5;

  @IsDefined()
  anything: unknown;

  @Allow()
  free: unknown;
}

class Conditions {
  @IsIn(['a', 'b'])
  kind: string;

  @ValidateIf((object: Conditions) => object.kind === 'a')
  @IsEmail()
  email: string;

  @IsString({ validateIf: (object: object) => (object as Conditions).kind === 'b' })
  note: string;

  @IsOptional()
  @Validate(Differs, ['kind'])
  other?: unknown;
}

class Lists {
  @IsArray()
  @ArrayMaxSize(3)
  @ArrayUnique()
  @IsString({ each: true })
  @Matches(/^[a-z]*$/, { each: true })
  tags: string[];

  @IsOptional()
  @IsInt({ each: true })
  numbers?: number[];
}

class Leaf {
  @IsInt()
  size: number;

  @IsOptional()
  @IsString()
  label?: string;
}

class Tree {
  @Nested(() => Leaf)
  leaf: Leaf;

  @Nested(() => Leaf, { each: true, optional: true })
  leaves?: Leaf[];

  @Nested(() => Tree, { optional: true })
  branch?: Tree;
}

class Inherited extends Basics {
  @IsUUID()
  id: string;

  @IsString()
  declare name: string;
}

class Partly extends PartialType(Basics) {}
class Picked extends PickType(Tree, ['leaves', 'branch']) {}
class Omitted extends OmitType(Inherited, ['count', 'anything']) {}
class Both extends IntersectionType(Lists, Leaf) {}

class House {
  @IsIdField()
  id: string;

  @IsClientName()
  client_id: string;

  @IsText({ min: 1, max: 4, trim: true })
  text: string;

  @IsEmailField({ optional: true })
  email?: string;

  @IsTimestamp({ optional: true })
  at?: string;

  @IsCalendarDate({ optional: true })
  day?: string;

  @IsIntField({ min: 0, max: 10 })
  count: number;

  @IsOneOf(['red', 'blue'], { optional: true })
  color?: string;

  @IsFlag({ optional: true })
  on?: boolean;

  @IsIdField({ each: true, optional: true, max_items: 2 })
  ids?: string[];
}

const ZOO: DtoClass[] = [Basics, Conditions, Lists, Leaf, Tree, Inherited, Partly, Picked, Omitted, Both, House];

const scalar = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, 1, 5, 10, -1, 1.5, '', 'a', 'b', 'abc', 'toolong', 'a@example.com', 'red', '2024-02-30'),
  fc.constantFrom<unknown>('2024-02-29', '2024-02-29T10:00:00Z', '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10'),
  fc.constantFrom<unknown>(' x ', '\ud800', '𠮷𠮷𠮷𠮷', '\0'),
  fc.string({ maxLength: 6 }),
  fc.integer(),
);

const KEYS = [
  ...new Set(
    ZOO.flatMap((dto) => [...(validatorOf(dto) as unknown as { fields: Map<string, unknown> }).fields.keys()]).concat(
      'unknown',
      'also_unknown',
    ),
  ),
];

const { input } = fc.letrec<{ input: Record<string, unknown>; value: unknown }>((tie) => ({
  input: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...KEYS), tie('value')), { maxLength: 8, selector: ([key]) => key })
    .map((entries) => fromEntries(entries)),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(scalar, { maxLength: 4 }),
    tie('input'),
    fc.array(tie('input'), { maxLength: 3 }),
  ),
}));

/** An input that is mostly right, so that acceptance is met often. */
function nearlyValid(dto: DtoClass): fc.Arbitrary<Record<string, unknown>> {
  const samples: Record<string, unknown> = {
    name: 'abc',
    count: 3,
    anything: 1,
    kind: 'a',
    email: 'a@example.com',
    note: 'n',
    tags: ['a', 'b'],
    size: 1,
    leaf: { size: 1 },
    leaves: [{ size: 2, label: 'x' }],
    branch: { leaf: { size: 3 } },
    id: '0199a6f0-5d5c-4c3a-9b1e-0f4d7c2a9e10',
    client_id: 'a-b',
    text: ' x ',
  };
  const keys = [...(validatorOf(dto) as unknown as { fields: Map<string, unknown> }).fields.keys()];
  return fc
    .tuple(...keys.map((key) => fc.oneof({ arbitrary: fc.constant(samples[key]), weight: 12 }, { arbitrary: scalar, weight: 1 })))
    .map((values) =>
      fromEntries(keys.map((key, index) => [key, values[index]] as [string, unknown]).filter(([, value]) => value !== undefined)),
    );
}

/** As JSON.parse makes them: `__proto__` is a key like others. */
function fromEntries(entries: ReadonlyArray<readonly [string, unknown]>): Record<string, unknown> {
  return JSON.parse(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`) as Record<
    string,
    unknown
  >;
}

/** What class-validator would check, made without our validator: an instance with every nested object an instance too. */
function instantiate(dto: DtoClass, data: Record<string, unknown>): object {
  const object = new dto() as Record<string, unknown>;
  for (const [key, value] of Object.entries(data)) {
    const field = (validatorOf(dto) as unknown as { fields: Map<string, { nestedRule: { context: unknown } | null }> }).fields.get(key);
    const context = readFieldContext(field?.nestedRule?.context);
    const make = (part: unknown): unknown =>
      context?.nested && typeof part === 'object' && part !== null && !Array.isArray(part)
        ? instantiate(context.nested(), part as Record<string, unknown>)
        : part;
    const made = Array.isArray(value) && context ? value.map(make) : make(value);
    Object.defineProperty(object, key, { value: made, writable: true, enumerable: true, configurable: true });
  }
  return object;
}

function paths(errors: readonly ValidationError[], before = ''): string[] {
  return errors.flatMap((error) => {
    const path =
      /^\d+$/.test(error.property) && before ? `${before}[${error.property}]` : before ? `${before}.${error.property}` : error.property;
    const own = error.constraints && Object.keys(error.constraints).length > 0 ? [path] : [];
    // Where a list or object is wrong as a whole, its parts are not looked into.
    return own.length > 0 ? own : paths(error.children ?? [], path);
  });
}

function expectSame(dto: DtoClass, data: Record<string, unknown>): boolean {
  const ours = validatorOf(dto).validate(data);
  let theirs: ValidationError[];
  try {
    theirs = validateSync(instantiate(dto, data), { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  } catch (error) {
    // class-validator's isEmail throws at half a surrogate pair; for us that is a wrong field.
    expect(error).toBeInstanceOf(URIError);
    expect(ours.errors).not.toBeNull();
    return false;
  }
  expect([...new Set((ours.errors ?? []).map((error) => error.field))].sort()).toEqual([...new Set(paths(theirs))].sort());
  return ours.errors === null;
}

describe('a compiled validator', () => {
  it.each(ZOO.map((dto) => [dto.name, dto] as const))('accepts and flags what class-validator does: %s', (_name, dto) => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(input, nearlyValid(dto)), (data) => {
        if (expectSame(dto, data)) accepted += 1;
      }),
      { numRuns: 600 },
    );
    expect(accepted).toBeGreaterThan(5);
  });

  it('makes instances, nested ones too, over the defaults', () => {
    const { value } = validatorOf(Basics).validate({ name: 'abc', count: 1, anything: {} });
    expect(value).toBeInstanceOf(Basics);
    expect(value).toMatchObject({ name: 'abc', ratio: 0.5 });
    const tree = validatorOf(Tree).validate({ leaf: { size: 1 }, leaves: [{ size: 2 }], branch: { leaf: { size: 3 } } }).value;
    expect(tree?.leaves?.[0]).toBeInstanceOf(Leaf);
    expect(tree?.branch?.leaf).toBeInstanceOf(Leaf);
  });

  it('names every wrong field by its path, at any depth', () => {
    const { errors } = validatorOf(Tree).validate({
      leaf: { size: 'x', odd: 1 },
      leaves: [{ size: 1 }, 5, { size: 2, label: 3 }],
      branch: { leaf: null, leaves: {} },
      '': 1,
    });
    expect(errors).toEqual([
      { field: 'leaf.odd', message: 'is not a known field' },
      { field: '', message: 'is not a known field' },
      { field: 'leaf.size', message: 'must be an integer number' },
      { field: 'leaves[1]', message: 'must be an object' },
      { field: 'leaves[2].label', message: 'must be a string' },
      { field: 'branch.leaf', message: 'must be an object' },
      { field: 'branch.leaves', message: expect.stringContaining('must be a list of objects') },
    ]);
  });

  it('writes the words of class-validator, of decorators, of the missing', () => {
    const { errors } = validatorOf(Basics).validate({ name: 7, count: 12 });
    expect(errors).toEqual([
      { field: 'name', message: 'must be a string; must be longer than or equal to 2 and shorter than or equal to 5 characters' },
      { field: 'count', message: 'is 12, over 9' },
      { field: 'anything', message: 'is required' },
    ]);
    expect(validatorOf(Conditions).validate({ kind: 'b', note: '', other: 'b' }).errors).toEqual([
      { field: 'other', message: 'must differ from kind' },
    ]);
  });

  it.each([null, 5, 'x', [], true])('takes %j for no body', (body) => {
    expect(validatorOf(Leaf).validate(body).errors).toEqual([{ field: '', message: 'must be an object' }]);
  });

  it('takes an absent body for an empty one', () => {
    expect(validatorOf(Leaf).validate(undefined).errors).toEqual([{ field: 'size', message: 'is required' }]);
    expect(validatorOf(Partly).validate(undefined).errors).toBeNull();
  });

  it('bounds the depth and the number of errors', () => {
    let deep: Record<string, unknown> = { leaf: { size: 1 } };
    for (let level = 0; level < 9; level += 1) deep = { leaf: { size: 1 }, branch: deep };
    expect(validatorOf(Tree).validate(deep).errors).toEqual(
      expect.arrayContaining([{ field: Array.from({ length: 8 }, () => 'branch').join('.'), message: 'is nested too deeply' }]),
    );
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x${index}`, 1]));
    expect(validatorOf(Leaf).validate(many).errors).toHaveLength(MAX_DETAILS);
  });

  // class-validator itself lets these through, because it looks names up in a plain object.
  it('cannot be polluted', () => {
    const { errors } = validatorOf(Leaf).validate(JSON.parse('{"size":1,"__proto__":{"label":"x"},"constructor":1}'));
    expect(errors?.map((error) => error.field)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>).label).toBeUndefined();
  });

  it('refuses to compile what cannot run synchronously, and nested fields without a class', () => {
    class Later {
      name: string;
    }
    registerDecorator({
      name: 'later',
      target: Later,
      propertyName: 'name',
      async: true,
      validator: { validate: () => Promise.resolve(true) },
    });
    expect(() => validatorOf(Later)).toThrow('Later.name: an asynchronous rule cannot be compiled');
    class Untyped {
      @ValidateNested()
      leaf: Leaf;
    }
    expect(() => validatorOf(Untyped)).toThrow('Untyped.leaf: a nested field takes @Nested(() => Type)');
  });
});
