export * from './caseless.js';
export * from './search-text.js';
