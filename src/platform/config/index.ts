export * from './config.schema.js';
export * from './config.js';
export * from './process-environment.js';
export * from './kept-keys.js';
