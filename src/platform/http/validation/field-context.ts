/** A class whose fields carry class-validator's decorators. */
export type DtoClass<T extends object = object> = new () => T;

/**
 * What our own field decorators leave in class-validator's metadata (`context`), where mapped types (`PartialType`, `PickType`)
 * copy it along with the rule itself.
 */
export interface FieldContext {
  /** The class of a nested object, or of each element. */
  readonly nested?: () => DtoClass;
  /** Applied to a value before it is checked; must return what it does not understand unchanged. */
  readonly normalise?: (value: unknown) => unknown;
}

const KEY = 'kaiwa';

export function fieldContext(context: FieldContext): { context: Record<string, unknown> } {
  return { context: { [KEY]: context } };
}

export function readFieldContext(context: unknown): FieldContext | undefined {
  return (context as Record<string, FieldContext> | undefined)?.[KEY];
}
