export * from './compiled-validation.pipe.js';
export { CompiledValidator, hasRules, MAX_DETAILS, MAX_NESTING_DEPTH, validatorOf, type Validated } from './compiled-validator.js';
export type { DtoClass } from './field-context.js';
export * from './nested.decorator.js';
export * from './text-rules.js';
export * from './validators.js';
