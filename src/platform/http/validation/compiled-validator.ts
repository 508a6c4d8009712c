import 'reflect-metadata';
import { getMetadataStorage, type ValidationArguments, type ValidatorConstraintInterface } from 'class-validator';
import type { ErrorDetail } from '../../errors/index.js';
import { type DtoClass, readFieldContext } from './field-context.js';
import { coercionOf, type Coercion } from './query-coercion.js';
import type { RuleMetadata } from './rule-metadata.js';
import { writeMessage } from './validation-message.js';

/** How deep objects may stand in each other. */
export const MAX_NESTING_DEPTH = 8;
/** How many wrong fields one answer names. */
export const MAX_DETAILS = 100;

type Fields = Record<string, unknown>;

interface Check {
  readonly metadata: RuleMetadata;
  readonly constraint: ValidatorConstraintInterface;
}

interface Field {
  readonly name: string;
  readonly conditions: ReadonlyArray<(object: object, value: unknown) => boolean>;
  readonly checks: readonly Check[];
  readonly normalise: ((value: unknown) => unknown) | null;
  readonly nested: (() => CompiledValidator) | null;
  /** class-validator's own message for a value that should be an object. */
  readonly nestedRule: RuleMetadata | null;
  readonly coerce: Coercion;
}

/** What a validation answers: the DTO, or every wrong field at once. */
export type Validated<T> = { readonly value: T; readonly errors: null } | { readonly value: null; readonly errors: ErrorDetail[] };

const validators = new Map<DtoClass, CompiledValidator>();

/** The validator of a class, built on first use and kept; throws where the class has a rule that cannot run synchronously. */
export function validatorOf<T extends object>(dto: DtoClass<T>): CompiledValidator<T> {
  let validator = validators.get(dto);
  if (!validator) {
    validator = new CompiledValidator(dto);
    validators.set(dto, validator);
    validator.compileNested();
  }
  return validator as CompiledValidator<T>;
}

/** True where a class has rules of class-validator's at all. */
export function hasRules(type: unknown): type is DtoClass {
  return typeof type === 'function' && rulesOf(type as DtoClass).length > 0;
}

function rulesOf(dto: DtoClass): RuleMetadata[] {
  return getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
}

/**
 * class-validator's rules of one DTO, read from its metadata once: what may be decided before the first request is. It accepts what
 * `validateSync` with `whitelist` and `forbidNonWhitelisted` accepts, and flags the same fields; a spec holds it to that.
 */
export class CompiledValidator<T extends object = object> {
  private readonly fields = new Map<string, Field>();

  constructor(private readonly dto: DtoClass<T>) {
    const byName = Map.groupBy(rulesOf(dto), (rule) => rule.propertyName);
    for (const [name, rules] of byName) this.fields.set(name, compileField(dto, name, rules));
  }

  /** Builds the validators of nested classes too, so that what cannot be compiled shows at once. */
  compileNested(): void {
    for (const field of this.fields.values()) field.nested?.();
  }

  /**
   * Checks a parsed body: unknown fields are errors, nothing is converted. No body counts as an object without fields, so that each
   * missing one is named.
   */
  validate(input: unknown): Validated<T> {
    if (input === undefined) return this.finish({}, false);
    if (!isRecord(input)) return { value: null, errors: [{ field: '', message: 'must be an object' }] };
    return this.finish(input, false);
  }

  /** Checks a query: strings become what the fields' types say, unknown parameters are passed over. */
  validateQuery(input: Fields): Validated<T> {
    return this.finish(input, true);
  }

  private finish(input: Fields, query: boolean): Validated<T> {
    const errors: ErrorDetail[] = [];
    const value = this.fill(input, '', errors, 1, query);
    this.check(value, '', errors);
    return errors.length === 0 ? { value, errors: null } : { value: null, errors: errors.slice(0, MAX_DETAILS) };
  }

  /** A DTO with the input's fields over its defaults; nested objects are filled too, because conditions may look at them. */
  private fill(input: Fields, path: string, errors: ErrorDetail[], depth: number, query: boolean): T {
    const object = new this.dto();
    const target = object as Fields;
    for (const key of Object.keys(input)) {
      const field = this.fields.get(key);
      if (field === undefined) {
        if (!query) errors.push({ field: `${path}${key.slice(0, 100)}`, message: 'is not a known field' });
        continue;
      }
      let value = input[key];
      if (query) {
        value = field.coerce(value);
        if (value === undefined) continue;
      }
      if (field.normalise !== null) value = field.normalise(value);
      if (field.nested !== null) value = fillNested(field, field.nested(), value, path + key, errors, depth);
      target[key] = value;
    }
    return object;
  }

  /** Fills a nested object that {@link fill} met. */
  fillAt(input: Fields, path: string, errors: ErrorDetail[], depth: number): object {
    return this.fill(input, path, errors, depth, false);
  }

  /** Checks a filled DTO; errors name the field by its path. */
  check(object: T, path: string, errors: ErrorDetail[]): void {
    for (const field of this.fields.values()) {
      const value = (object as Fields)[field.name];
      if (!allow(field, object, value)) continue;
      let failed: string[] | null = null;
      for (const check of field.checks) {
        if (holds(check, object, value)) continue;
        (failed ??= []).push(writeMessage(check.metadata, check.constraint, object, value));
      }
      if (failed !== null) errors.push({ field: path + field.name, message: joinMessages(failed, value) });
      else if (field.nested !== null) checkNested(field, object, value, path + field.name, errors);
    }
  }
}

function compileField(dto: DtoClass, name: string, rules: readonly RuleMetadata[]): Field {
  const where = `${dto.name}.${name}`;
  const conditions: Field['conditions'][number][] = [];
  const defined: Check[] = [];
  const checks: Check[] = [];
  let nestedRule: RuleMetadata | null = null;
  let nestedType: (() => DtoClass) | null = null;
  const normalisers: Array<(value: unknown) => unknown> = [];
  for (const rule of rules) {
    const context = readFieldContext(rule.context);
    if (context?.normalise) normalisers.push(context.normalise);
    if (context?.nested) nestedType = context.nested;
    switch (rule.type) {
      case 'conditionalValidation':
        conditions.push(rule.constraints[0] as Field['conditions'][number]);
        break;
      case 'nestedValidation':
        nestedRule = rule;
        break;
      case 'whitelistValidation':
        break;
      case 'promiseValidation':
        throw new Error(`${where}: promises are not validated`);
      default:
        (rule.type === 'isDefined' ? defined : checks).push(...checksOf(rule, where));
    }
  }
  if (nestedRule !== null && nestedType === null) throw new Error(`${where}: a nested field takes @Nested(() => Type)`);
  return {
    name,
    conditions,
    checks: [...defined, ...checks],
    normalise: normalisers.length === 0 ? null : (value) => normalisers.reduce((current, apply) => apply(current), value),
    nested: nestedType === null ? null : lazily(nestedType),
    nestedRule,
    coerce: coercionOf(dto, name),
  };
}

function lazily(type: () => DtoClass): () => CompiledValidator {
  let validator: CompiledValidator | null = null;
  return () => (validator ??= validatorOf(type()));
}

function checksOf(metadata: RuleMetadata, where: string): Check[] {
  const constraints = getMetadataStorage().getTargetValidatorConstraints(metadata.constraintCls);
  if (constraints.length === 0) throw new Error(`${where}: a rule has no validator`);
  return constraints.map((constraint) => {
    if (constraint.async) throw new Error(`${where}: an asynchronous rule cannot be compiled`);
    return { metadata, constraint: constraint.instance };
  });
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where a list stands for an object, or an object for a list, the field's own rules say so; its parts are not looked into. */
function fillNested(
  field: Field,
  validator: CompiledValidator,
  value: unknown,
  path: string,
  errors: ErrorDetail[],
  depth: number,
): unknown {
  if (Array.isArray(value) !== Boolean(field.nestedRule?.each)) return value;
  if (Array.isArray(value)) return value.map((element, index) => fillOne(validator, element, `${path}[${index}]`, errors, depth));
  return fillOne(validator, value, path, errors, depth);
}

function fillOne(validator: CompiledValidator, value: unknown, path: string, errors: ErrorDetail[], depth: number): unknown {
  if (!isRecord(value)) return value;
  if (depth >= MAX_NESTING_DEPTH) {
    errors.push({ field: path, message: 'is nested too deeply' });
    return new TooDeep();
  }
  return validator.fillAt(value, `${path}.`, errors, depth + 1);
}

/** Stands in the place of what is nested too deeply, which is one error and is not looked into. */
class TooDeep {}

function allow(field: Field, object: object, value: unknown): boolean {
  for (const condition of field.conditions) if (!condition(object, value)) return false;
  return true;
}

function holds({ metadata, constraint }: Check, object: object, value: unknown): boolean {
  if (metadata.validateIf && !metadata.validateIf(object, value)) return true;
  const args: ValidationArguments = {
    targetName: object.constructor.name,
    property: metadata.propertyName,
    object,
    value,
    constraints: metadata.constraints,
  };
  if (!metadata.each || !Array.isArray(value)) return holdsFor(constraint, value, args);
  for (const element of value) if (!holdsFor(constraint, element, args)) return false;
  return true;
}

/** A rule that throws does not hold: `isEmail` throws at half a surrogate pair, which is the caller's mistake and not ours. */
function holdsFor(constraint: ValidatorConstraintInterface, value: unknown, args: ValidationArguments): boolean {
  let result: boolean | Promise<boolean>;
  try {
    result = constraint.validate(value, args);
  } catch {
    return false;
  }
  if (result instanceof Promise) throw new Error(`${args.targetName}.${args.property}: an asynchronous rule cannot be compiled`);
  return Boolean(result);
}

function checkNested(field: Field, object: object, value: unknown, path: string, errors: ErrorDetail[]): void {
  const { nested, nestedRule } = field;
  if (nested === null || nestedRule === null || value === undefined) return;
  if (!Array.isArray(value)) return checkOne(nested(), nestedRule, object, value, path, errors);
  value.forEach((element, index) => checkOne(nested(), nestedRule, object, element, `${path}[${index}]`, errors));
}

function checkOne(
  validator: CompiledValidator,
  rule: RuleMetadata,
  object: object,
  value: unknown,
  path: string,
  errors: ErrorDetail[],
): void {
  if (value instanceof TooDeep) return;
  if (isRecord(value)) validator.check(value, `${path}.`, errors);
  else if (value !== undefined) errors.push({ field: path, message: joinMessages([writeMessage(rule, null, object, value)], value) });
}

/** The words for one field: what is missing is called missing; else all that is wrong, in the order of the decorators. */
function joinMessages(messages: readonly string[], value: unknown): string {
  return value === undefined ? 'is required' : [...new Set(messages)].reverse().join('; ');
}
