import 'reflect-metadata';
import type { DtoClass } from './field-context.js';

/** Turns a query's string into what a field's type says; undefined is an absent parameter. What it cannot turn stays, for the rules. */
export type Coercion = (value: unknown) => unknown;

const NUMBER = /^-?(?:0|[1-9]\d{0,15})(?:\.\d{1,15})?$/;

const toText: Coercion = (value) => (value === '' ? undefined : value);
const toNumber: Coercion = (value) => (typeof value === 'string' && NUMBER.test(value) ? Number(value) : toText(value));
const toBoolean: Coercion = (value) => (value === 'true' ? true : value === 'false' ? false : toText(value));
const toList: Coercion = (value) => (Array.isArray(value) || value === '' ? toText(value) : [value]);

/** The coercion of a field, by its TypeScript type. An empty parameter (`?q=`) counts as absent. */
export function coercionOf(dto: DtoClass, name: string): Coercion {
  switch (Reflect.getMetadata('design:type', dto.prototype as object, name)) {
    case Number:
      return toNumber;
    case Boolean:
      return toBoolean;
    case Array:
      return toList;
    default:
      return toText;
  }
}
