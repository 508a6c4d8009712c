export * from './caseless.js';
export * from './composed.js';
export * from './search-text.js';
