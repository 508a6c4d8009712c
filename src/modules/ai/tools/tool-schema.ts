import { createRequire } from 'node:module';
import { createContext, Script } from 'node:vm';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { RE2JS } from 're2js';
import type { ErrorDetail } from '../../../platform/errors/index.js';
import { isStorable } from '../../../platform/http/index.js';

type Schema = Readonly<Record<string, unknown>>;

const MAX_SCHEMA_BYTES = 32 * 1024;
const MAX_DEPTH = 16;
const MAX_ARGUMENT_BYTES = 64 * 1024;
const MAX_FAULTS = 20;
/** How long one check may take: references and lists can be written so that it would take for ever. */
const CHECK_MS = 200;
/** How long a schema is not tried that has once taken too long: nobody else on this node is answered meanwhile. */
const REST_MS = 60_000;

/** Knows JSON Schema itself; what a tenant writes is compiled by instances of its own, which go with it. */
let meta: Ajv2020 | null = null;
const compiled = new WeakMap<Schema, ValidateFunction>();
const resting = new WeakMap<Schema, number>();

const room = createContext({ run: () => undefined as unknown });
const runInRoom = new Script('run()');

/** JSON Schemas of tools: whether they are sound, and whether a model's arguments fit. */
export const ToolSchema = {
  /** What is wrong with a tool's `parameters`, each by its place; nothing where they are the JSON Schema (2020-12) of an object. */
  faults(schema: Schema): ErrorDetail[] {
    if (depthOf(schema) > MAX_DEPTH) return [{ field: '', message: 'is nested too deeply' }];
    if (Buffer.byteLength(JSON.stringify(schema)) > MAX_SCHEMA_BYTES) {
      return [{ field: '', message: `must be at most ${MAX_SCHEMA_BYTES / 1024} KiB of JSON` }];
    }
    if (!isStorableJson(schema)) return [{ field: '', message: 'must not have NUL or half a character' }];
    if ('$async' in schema) return [{ field: '$async', message: 'is not taken' }];
    if (schema['type'] !== 'object') return [{ field: 'type', message: 'must be object' }];
    meta ??= newAjv(true);
    if (!meta.validateSchema(schema))
      return leaves(meta.errors ?? [])
        .slice(0, MAX_FAULTS)
        .map((error) => detailOf(error));
    try {
      compile(schema);
      return [];
    } catch (error) {
      return [
        { field: '', message: `is no JSON Schema that can be used: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown'}` },
      ];
    }
  },

  /** What is wrong with arguments, each with its place, for a person or a model to read; an empty list where they fit. */
  check(schema: Schema, args: unknown): string[] {
    return ToolSchema.argumentFaults(schema, args).map(({ field, message }) =>
      field === '' ? `The arguments: ${message}` : `${field}: ${message}`,
    );
  },

  /** {@link check}, by field: `party_size`, `guests[0].name`. */
  argumentFaults(schema: Schema, args: unknown): ErrorDetail[] {
    if (typeof args !== 'object' || args === null || Array.isArray(args)) return [{ field: '', message: 'must be an object' }];
    try {
      if (Buffer.byteLength(JSON.stringify(args)) > MAX_ARGUMENT_BYTES)
        return [{ field: '', message: `must be at most ${MAX_ARGUMENT_BYTES / 1024} KiB of JSON` }];
      if ((resting.get(schema) ?? 0) > performance.now()) return [{ field: '', message: 'could not be checked in time a moment ago' }];
      const validate = compile(schema);
      room['run'] = () => validate(args);
      if (runInRoom.runInContext(room, { timeout: CHECK_MS }) === true) return [];
      return (validate.errors ?? []).slice(0, MAX_FAULTS).map((error) => detailOf(error));
    } catch (error) {
      const is_late = (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
      if (is_late) resting.set(schema, performance.now() + REST_MS);
      return [{ field: '', message: is_late ? 'could not be checked in time' : 'could not be checked' }];
    } finally {
      room['run'] = () => undefined;
    }
  },
};

/** Compiled once, and kept for as long as the schema itself is. */
function compile(schema: Schema): ValidateFunction {
  let validate = compiled.get(schema);
  if (!validate) {
    validate = newAjv(false).compile(schema);
    compiled.set(schema, validate);
  }
  return validate;
}

/** The packages are loaded when a schema is first looked at, in the same turn. */
const load = createRequire(import.meta.url);

function newAjv(knowsMeta: boolean): Ajv2020 {
  const { Ajv2020 } = load('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const addFormats = load('ajv-formats') as typeof import('ajv-formats');
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    logger: false,
    validateSchema: false,
    meta: knowsMeta,
    // JSON Schema's own patterns are known to be harmless.
    ...(knowsMeta ? {} : { code: { regExp: linear } }),
  });
  addFormats.default(ajv, { mode: 'fast' });
  return ajv;
}

/**
 * A pattern as RE2 matches it: in a time that grows with the text alone, whatever the pattern. Look-around and back-references, which cannot be
 * had so, make the schema one that cannot be used.
 */
class LinearPattern {
  private readonly expression: RE2JS;

  constructor(private readonly pattern: string) {
    const { RE2JS } = load('re2js') as typeof import('re2js');
    this.expression = RE2JS.compile(RE2JS.translateRegExp(pattern));
  }

  test(text: string): boolean {
    return this.expression.matcher(text).find();
  }

  /** Ajv tells patterns apart by this. */
  toString(): string {
    return this.pattern;
  }
}

const linear = Object.assign((pattern: string): LinearPattern => new LinearPattern(pattern), { code: 'linear' });

/** Of errors that say the same of a place, the one that says most: `anyOf` and its like follow from those inside. */
function leaves(errors: readonly ErrorObject[]): ErrorObject[] {
  const telling = errors.filter(({ keyword }) => !['anyOf', 'allOf', 'oneOf', '$ref', '$dynamicRef', 'if'].includes(keyword));
  return telling.length > 0 ? telling : [...errors];
}

function detailOf({ instancePath, message = 'is not valid', keyword, params }: ErrorObject): ErrorDetail {
  const base = fieldOf(instancePath);
  const extra = params as { missingProperty?: string; additionalProperty?: string; allowedValues?: unknown[]; allowedValue?: unknown };
  if (keyword === 'required') return { field: join(base, extra.missingProperty ?? ''), message: 'is required' };
  if (keyword === 'additionalProperties')
    return { field: join(base, (extra.additionalProperty ?? '').slice(0, 100)), message: 'is not a known field' };
  if (keyword === 'enum')
    return { field: base, message: `must be one of ${(extra.allowedValues ?? []).map(String).join(', ').slice(0, 300)}` };
  return { field: base, message };
}

/** `/guests/0/name` → `guests[0].name`. */
function fieldOf(pointer: string): string {
  let field = '';
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~').slice(0, 100);
    field = /^\d+$/.test(name) ? `${field}[${name}]` : join(field, name);
  }
  return field;
}

function join(base: string, name: string): string {
  return base === '' ? name : `${base}.${name}`;
}

function depthOf(value: unknown, depth = 1): number {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return depth;
  return Math.max(depth, ...Object.values(value).map((inner) => depthOf(inner, depth + 1)));
}

/** True where PostgreSQL can hold every text of it; not deeper than {@link MAX_DEPTH}. */
function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, inner]) => isStorable(name) && isStorableJson(inner));
}
