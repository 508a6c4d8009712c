export * from './access-rule.js';
export * from './access.decorator.js';
export * from './answers.decorator.js';
export * from './counted-as.decorator.js';
export { documentErrors } from './error-responses.js';
export * from './no-idempotency.decorator.js';
export * from './params.decorator.js';
export * from './unlimited.decorator.js';
