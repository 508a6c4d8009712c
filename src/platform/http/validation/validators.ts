import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { isEmail, IsOptional, ValidateBy, type ValidationArguments } from 'class-validator';
import { composed } from '../../text/index.js';
import { fieldContext } from './field-context.js';
import { CLIENT_NAME, hasLength, isStorableJson, isCalendarDate, isStorable, isTimestamp, UUID } from './text-rules.js';

/** What every field decorator takes besides its own limits. */
export interface FieldOptions {
  /** May be left out, or null. */
  optional?: boolean;
  /** A list of such values. */
  each?: boolean;
  /** The longest list that is taken; 1,000 where none is given. */
  max_items?: number;
  description?: string;
  example?: unknown;
}

interface Rule {
  readonly name: string;
  readonly holds: (value: unknown) => boolean;
  /** What the value must be: `must be …`. */
  readonly message: string;
  /** What is wrong with a value, where one rule has several sides; {@link message} says them all. */
  readonly messageFor?: (value: unknown) => string;
  readonly schema: ApiPropertyOptions;
  readonly normalise?: (value: unknown) => unknown;
}

const MAX_ITEMS = 1_000;

/** The nil UUID (RFC 9562, section 5.9), which is nobody's id. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** One rule, one message and one schema, which belong together. */
function field(rule: Rule, options: FieldOptions): PropertyDecorator {
  const { optional = false, each = false, max_items = MAX_ITEMS, description, example } = options;
  const { normalise } = rule;
  const context = normalise && { normalise: each ? (value: unknown) => (Array.isArray(value) ? value.map(normalise) : value) : normalise };
  const shown = example === undefined ? (rule.schema as { example?: unknown }).example : example;
  const schema = {
    ...rule.schema,
    description,
    required: !optional,
    example: each && !Array.isArray(shown) ? [shown] : shown,
    ...(each ? { isArray: true, maxItems: max_items } : {}),
  } as ApiPropertyOptions;
  const validator = {
    validate: each ? (value: unknown): boolean => Array.isArray(value) && value.length <= max_items && value.every(rule.holds) : rule.holds,
    defaultMessage: (args?: ValidationArguments) =>
      each ? `must be a list of at most ${max_items}, each of which ${rule.message}` : (rule.messageFor?.(args?.value) ?? rule.message),
  };
  return applyDecorators(
    ApiProperty(schema),
    ValidateBy({ name: rule.name, validator }, context ? fieldContext(context) : undefined),
    ...(optional ? [IsOptional()] : []),
  );
}

const knownOrNobody = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  return UUID.test(value) ? value.toLowerCase() : NOBODY;
};

/**
 * An id: a UUID, taken in any letter case and kept in lower case. A text that is none names nothing (contract, section 0): it becomes the id
 * that nothing has, and is answered as any other that is not there.
 */
export function IsIdField(options: FieldOptions = {}): PropertyDecorator {
  return field(
    {
      name: 'isId',
      holds: (value) => typeof value === 'string',
      message: 'must be an id',
      schema: { type: String, format: 'uuid', example: '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10' },
      normalise: knownOrNobody,
    },
    options,
  );
}

/** A name that a caller chooses: `client_id`, a room's `id`. */
export function IsClientName(options: FieldOptions = {}): PropertyDecorator {
  return field(
    {
      name: 'isClientName',
      holds: (value) => typeof value === 'string' && CLIENT_NAME.test(value),
      message: 'must be 1 to 64 characters of a-z, 0-9, _ and -, and begin with a letter or digit',
      schema: { type: String, pattern: CLIENT_NAME.source, maxLength: 64, example: 'sales-desk' },
    },
    options,
  );
}

export interface TextOptions extends FieldOptions {
  /** Characters (Unicode code points) at least. */
  min: number;
  /** Characters (Unicode code points) at most. */
  max: number;
  /** White space at both ends goes before the text is counted. */
  trim?: boolean;
  /** Characters that can be written in one or in several parts (が) are kept in one (NFC), and counted so: it is one text, however it is typed. */
  compose?: boolean;
  /** What the whole text must match besides. */
  pattern?: { readonly expression: RegExp; readonly message: string };
}

/** Text of so many characters, without NUL and without broken surrogate pairs. */
export function IsText(options: TextOptions): PropertyDecorator {
  const { min, max, trim = false, compose = false, pattern } = options;
  const tidy = (text: string): string => {
    const whole = compose ? composed(text) : text;
    return trim ? whole.trim() : whole;
  };
  const matches = (text: string): boolean => pattern === undefined || pattern.expression.test(text);
  const read = (value: unknown): string | null => {
    if (typeof value !== 'string') return null;
    const text = tidy(value);
    return hasLength(text, min, max) && isStorable(text) ? text : null;
  };
  const length = `must be text of ${min} to ${max} characters`;
  return field(
    {
      name: 'isText',
      holds: (value) => {
        const text = read(value);
        return text !== null && matches(text);
      },
      message: pattern ? `${length}, and ${pattern.message}` : length,
      messageFor: (value) => (pattern && read(value) !== null ? pattern.message : length),
      schema: { type: String, minLength: min, maxLength: max, pattern: pattern?.expression.source, example: undefined },
      normalise: trim || compose ? (value) => (typeof value === 'string' ? tidy(value) : value) : undefined,
    },
    options,
  );
}

/** An email address, at most 254 characters (RFC 5321), kept as it was typed. */
export function IsEmailField(options: FieldOptions = {}): PropertyDecorator {
  return field(
    {
      name: 'isEmailField',
      holds: (value) => typeof value === 'string' && value.length <= 254 && isStorable(value) && isEmail(value),
      message: 'must be an email address',
      schema: { type: String, format: 'email', maxLength: 254, example: 'taro@example.com' },
    },
    options,
  );
}

/** An instant: RFC 3339 with its offset. */
export function IsTimestamp(options: FieldOptions = {}): PropertyDecorator {
  return field(
    {
      name: 'isTimestamp',
      holds: (value) => typeof value === 'string' && isTimestamp(value),
      message: 'must be an RFC 3339 time such as 2024-12-01T10:00:00.000Z',
      schema: { type: String, format: 'date-time', example: '2024-12-01T10:00:00.000Z' },
    },
    options,
  );
}

/** A day without a time: `YYYY-MM-DD`. */
export function IsCalendarDate(options: FieldOptions = {}): PropertyDecorator {
  return field(
    {
      name: 'isCalendarDate',
      holds: (value) => typeof value === 'string' && isCalendarDate(value),
      message: 'must be a calendar date such as 2024-12-01',
      schema: { type: String, format: 'date', example: '2024-12-01' },
    },
    options,
  );
}

export interface IntOptions extends FieldOptions {
  min: number;
  max: number;
  default?: number;
}

/** A whole number within bounds. */
export function IsIntField(options: IntOptions): PropertyDecorator {
  const { min, max } = options;
  return field(
    {
      name: 'isIntField',
      holds: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
      message: `must be an integer from ${min} to ${max}`,
      schema: { type: 'integer', minimum: min, maximum: max, default: options.default, example: options.default ?? min },
    },
    options,
  );
}

export interface NumberOptions extends FieldOptions {
  min: number;
  max: number;
  /** The finest step, such as 0.01. */
  step: number;
}

/** A number within bounds, in steps. */
export function IsNumberField(options: NumberOptions): PropertyDecorator {
  const { min, max, step } = options;
  const isStep = (value: number): boolean => Math.abs(value / step - Math.round(value / step)) < 1e-6;
  return field(
    {
      name: 'isNumberField',
      holds: (value) => typeof value === 'number' && value >= min && value <= max && isStep(value),
      message: `must be a number from ${min} to ${max} in steps of ${step}`,
      schema: { type: 'number', minimum: min, maximum: max, multipleOf: step, example: min },
    },
    options,
  );
}

/** An object of any properties; what it may hold is for the service to say. */
export function IsJsonObject(options: FieldOptions = {}): PropertyDecorator {
  return field(
    {
      name: 'isJsonObject',
      holds: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      message: 'must be an object',
      schema: { type: 'object', additionalProperties: true, example: {} },
    },
    options,
  );
}

/** An object whose properties are all texts, under names of any kind. */
export function IsTextMap(options: FieldOptions = {}): PropertyDecorator {
  return field(
    {
      name: 'isTextMap',
      holds: (value) =>
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.values(value).every((text) => typeof text === 'string' && isStorable(text)),
      message: 'must be an object of texts',
      schema: { type: 'object', additionalProperties: { type: 'string' }, example: {} },
    },
    options,
  );
}

export interface EnumOptions extends FieldOptions {
  /** The schema's name, where several operations share it. */
  enum_name?: string;
}

/** One of a few words. */
export function IsOneOf(values: readonly string[], options: EnumOptions = {}): PropertyDecorator {
  const known = new Set<unknown>(values);
  return field(
    {
      name: 'isOneOf',
      holds: (value) => known.has(value),
      message: `must be one of ${values.join(', ')}`,
      schema: {
        enum: [...values],
        example: values[0],
        ...(options.enum_name ? { enumName: options.enum_name } : {}),
      },
    },
    options,
  );
}

/** True or false. */
export function IsFlag(options: FieldOptions = {}): PropertyDecorator {
  return field(
    {
      name: 'isFlag',
      holds: (value) => typeof value === 'boolean',
      message: 'must be true or false',
      schema: { type: Boolean, example: true },
    },
    options,
  );
}

export interface JsonOptions extends FieldOptions {
  /** An object is asked for; else any value will do. */
  object?: boolean;
  /** How long its text may be. */
  max_bytes: number;
}

/** Whatever JSON can hold, within a size, a depth of 32, and what PostgreSQL can keep. */
export function IsJsonField(options: JsonOptions): PropertyDecorator {
  const { object = false, max_bytes } = options;
  return field(
    {
      name: 'isJsonField',
      holds: (value) => {
        if (value === undefined || (object && (typeof value !== 'object' || value === null || Array.isArray(value)))) return false;
        return isStorableJson(value) && Buffer.byteLength(JSON.stringify(value)) <= max_bytes;
      },
      message: `must be ${object ? 'an object' : 'a value'} of at most ${max_bytes} bytes of JSON`,
      schema: object ? { type: 'object', additionalProperties: true, example: {} } : { example: {} },
    },
    options,
  );
}
