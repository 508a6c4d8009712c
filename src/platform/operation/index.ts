export { Metrics } from './metrics.js';
export { OperationModule } from './operation.module.js';
export { type PartHealth, Readiness } from './readiness.js';
