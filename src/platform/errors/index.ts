export * from './app-error.js';
export * from './error-mapper.js';
export * from './error-table.js';
