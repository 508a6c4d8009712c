export * from './job-definition.js';
export { type JobCounts, JobTimeoutError } from './job-execution.js';
export { JobRunner } from './job-runner.js';
export { Jobs, type QueueDepth } from './jobs.js';
export { JobsModule } from './jobs.module.js';
